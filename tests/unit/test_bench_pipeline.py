"""`peephole bench detector`, `pipeline`, `match`, `scale` and `memory`: what is told is what was timed."""

import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from commands import assert_one_line, peephole
from peephole.cli import bench_memory
from peephole.cli.bench_pipeline import opened
from peephole.cli.programs import load_program
from peephole.doorbell.assembly import make_recogniser
from peephole.doorbell.policy import Policy
from peephole.doorbell.recogniser import Recogniser
from peephole.evaluation.peers import frames as frames_module
from peephole.evaluation.peers import matching_speed, own_pipeline
from peephole.evaluation.peers import rows as rows_module
from peephole.evaluation.peers.frames import demo_frames, several_faces, textured_frames
from peephole.evaluation.peers.matching_speed import FLOATS, KERNEL, OURS, VOTE, WHOLE, drawn, named, references_of
from peephole.evaluation.peers.pipelines import YUNET, face_recognition, job_of
from peephole.evaluation.peers.rows import Job, one_core, timed
from peephole.evaluation.peers.timing import Timing
from peephole.people.matching import match
from peephole.vision.detector import Detector
from peephole.vision.sources.demo import EILEEN, GRACE, head_of


def rows_of(*arguments: object) -> list[dict[str, Any]]:
    """The rows of the one line that a command prints."""
    done = peephole("bench", *arguments, "--quick", "--json")
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    rows: list[dict[str, Any]] = json.loads(line)["rows"]
    for row in rows:  # what could not be timed says why
        assert (row["median_ms"] is None) == ("why_not" in row)
        assert row["median_ms"] is None or row["median_ms"] > 0 <= row["iqr_ms"]
    return rows


def shipped_recogniser() -> Recogniser:
    return make_recogniser(load_program(None))


def _raising(error: BaseException) -> Job:
    raise error


def test_a_peer_that_cannot_be_made_is_a_row_that_says_why() -> None:
    makers = {
        "absent": partial(_raising, ModuleNotFoundError("no dlib", name="dlib")),
        "without models": partial(_raising, FileNotFoundError("sface.onnx: no such model")),
        "giving up": partial(_raising, SystemExit()),
        "broken": partial(_raising, RuntimeError("of\nno use")),
        "first": lambda: Job(int),
    }
    rows = {row.name: row for row in timed(makers, 0.0, calls=1)}
    assert list(rows) == list(makers)
    assert rows["absent"].why_not == "the package dlib is not installed"
    assert rows["without models"].why_not == "sface.onnx: no such model"
    assert rows["giving up"].why_not == "SystemExit:"
    assert rows["broken"].why_not == "RuntimeError: of no use"
    assert rows["first"].timing is not None and rows["first"].timing.ratio == 1


def test_times_are_of_one_of_what_a_job_does_often(monkeypatch: pytest.MonkeyPatch) -> None:
    told = {"twice": Timing(2.0, 1.0, 3.0, 1.0), "five times": Timing(20.0, 10.0, 30.0, 10.0)}

    def in_turns(works: dict[str, Callable[[], object]], seconds: float, calls: int) -> dict[str, Timing]:
        for work in works.values():
            work()
        return told

    monkeypatch.setattr(rows_module, "in_turns", in_turns)
    twice, five = timed({"twice": lambda: Job(int, 2), "five times": lambda: Job(int, 5)}, 1.0)
    assert twice.timing == Timing(1.0, 0.5, 1.5, 1.0)
    assert five.timing == Timing(4.0, 2.0, 6.0, 4.0)


def test_processor_time_is_told_apart_from_waiting() -> None:
    def busy() -> None:
        end = time.process_time() + 0.004
        while time.process_time() < end:
            pass

    makers = {"busy": lambda: Job(busy), "twice": lambda: Job(busy, 2), "waits": lambda: Job(lambda: time.sleep(0.01))}
    busy_row, twice, waits = timed(makers, 0.0, calls=1)
    assert busy_row.processor == pytest.approx(0.004, rel=0.3)
    assert twice.processor_ratio == pytest.approx(0.5, rel=0.3)
    assert waits.processor is not None and waits.processor < 0.002
    assert waits.timing is not None and waits.timing.median >= 0.01


def test_our_own_failure_is_no_row() -> None:
    with pytest.raises(RuntimeError, match="of no use"):
        timed({"peephole": partial(_raising, RuntimeError("of no use"))}, 0.0)


def test_one_core_is_one_core_and_then_all_of_them_again() -> None:
    cores, threads = os.sched_getaffinity(0), cv2.getNumThreads()
    with pytest.raises(KeyError), one_core():
        assert len(os.sched_getaffinity(0)) == 1
        assert cv2.getNumThreads() == 1
        raise KeyError
    assert (os.sched_getaffinity(0), cv2.getNumThreads()) == (cores, threads)


@pytest.mark.parametrize("count", [1, 2, 4])
def test_frames_show_as_many_faces_as_they_should(count: int) -> None:
    empty, face = demo_frames()
    frame = several_faces(empty[0], face[0], count)
    assert frame.shape == (240, 320, 3)
    assert len(Detector().detect(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY))) == count


def test_textures_are_grey_and_show_nobody_to_count() -> None:
    for frames in textured_frames().values():
        assert {(frame.shape, frame.dtype) for frame in frames} == {((240, 320), np.dtype(np.uint8))}


def test_the_detector_is_timed_beside_opencv_and_finds_the_faces_that_it_finds() -> None:
    rows = rows_of("detector")
    groups = list(dict.fromkeys(row["frames"] for row in rows))
    assert groups == ["face at a door", "empty door", "noise", "stripes, squares", "one grey"]
    for group in groups:
        of_group = [row for row in rows if row["frames"] == group]
        assert of_group[0]["name"].startswith("OpenCV") and of_group[0]["ratio"] == 1
        assert len(of_group) == 5
        for row in of_group:
            expected = row["count"] if group == "face at a door" else 0
            assert (row["agreed"], row["missed"]) == (expected, 0)


def test_recordings_that_are_not_there_are_refused() -> None:
    assert_one_line(peephole("bench", "detector", "--clips", "nowhere"), 1, "nowhere", "no such folder")
    assert_one_line(peephole("bench", "detector", "--yunet", "nowhere"), 1, "nowhere", "no such model")
    assert_one_line(peephole("bench", "detector", "--quick", "--yunet", __file__), 1, __file__, "cannot read it")


def test_the_pipeline_is_timed_with_and_without_storage_and_says_why_peers_are_absent(tmp_path: Path) -> None:
    rows = {row["name"]: row for row in rows_of("pipeline", "--models", tmp_path)}
    own = [name for name in rows if name.startswith("peephole")]
    assert len(own) == 4
    for name in own:
        row = rows[name]
        assert row["frames_per_second"] == pytest.approx(1000 / row["median_ms"], rel=1e-3)
        assert row["frames_per_processor_second"] == pytest.approx(1000 / row["processor_ms"], rel=1e-3)
    assert YUNET in rows["OpenCV, YuNet and SFace"]["why_not"]
    assert "frames_per_second" in rows["face_recognition"]


def test_a_folder_of_models_that_is_not_there_is_refused() -> None:
    assert_one_line(peephole("bench", "pipeline", "--models", "nowhere"), 1, "nowhere", "no such folder")


def test_the_doorbell_that_is_timed_describes_the_faces_it_should_and_stores_the_visits_it_should(
    tmp_path: Path,
) -> None:
    recogniser, described = shipped_recogniser(), []

    def describe(pixels: NDArray[np.uint8]) -> NDArray[np.int16]:
        described.append(pixels)
        return recogniser.describe(pixels)

    watching = replace(recogniser, describe=describe)
    frames = demo_frames()[1]
    with opened(tmp_path / "store") as store:
        archive = own_pipeline.unwritten(store, recogniser.model)
        for policy, kept, looks, stored in (
            (Policy(), store, 5, 2),
            (own_pipeline.EVERY_FRAME, store, 10, 4),
            (Policy(), archive, 5, 4),
            (own_pipeline.EVERY_FRAME, archive, 10, 4),
        ):
            job = own_pipeline.own_pipeline(kept, watching, policy, head_of(EILEEN), frames, 10)
            job.work()
            described.clear()
            job.work()
            assert job.times == 10
            assert len(described) == looks
            assert store.visits.count() == stored


def test_a_visit_by_somebody_else_ends_the_benchmark(tmp_path: Path) -> None:
    frames = demo_frames()[1]
    with opened(tmp_path / "store") as store:
        job = own_pipeline.own_pipeline(store, shipped_recogniser(), Policy(), head_of(GRACE), frames, 12)
        job.work()
        with pytest.raises(RuntimeError, match="a visit was decided as stranger"):
            job.work()


def test_face_recognition_is_used_as_its_documentation_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    peer = ModuleType("face_recognition")
    places: list[object] = []
    firsts: list[int] = []

    def encodings(image: NDArray[np.uint8], locations: object = None) -> list[int]:
        places.append(locations)
        firsts.append(int(image[0, 0, 0]))
        return [int(image[0, 0, 0])]

    for name, value in {
        "face_encodings": encodings,
        "face_locations": lambda image: ["a place"],
        "compare_faces": lambda known, one: [known[0] == one],
    }.items():
        monkeypatch.setattr(peer, name, value, raising=False)
    monkeypatch.setitem(sys.modules, "face_recognition", peer)
    blue, red = (np.zeros((4, 4, 3), np.uint8) for _ in range(2))
    blue[..., 0], red[..., 2] = 255, 255
    decide = face_recognition(red)
    assert (decide(red), decide(blue)) == (True, False)
    assert firsts == [255, 255, 0]  # it wants red first
    assert places == [None, ["a place"], ["a place"]]
    job = job_of(decide, [red, red])
    job.work()
    assert job.times == 2
    with pytest.raises(RuntimeError, match="not recognised"):
        job_of(decide, [red, blue]).work()


def test_matching_is_timed_for_each_number_of_references_and_finds_whom_it_should() -> None:
    rows = rows_of("match", "--references", 100, "--references", 1000)
    assert [(row["references"], row["people"]) for row in rows] == [(100, 10)] * 5 + [(1000, 100)] * 5
    assert {row["name"] for row in rows} == {OURS, VOTE, KERNEL, WHOLE, FLOATS}
    assert all(row["median_ms"] for row in rows)  # each found the right person


def test_a_way_of_matching_that_finds_somebody_else_is_not_timed() -> None:
    with pytest.raises(RuntimeError, match="by guessing found person 3 and not 4"):
        matching_speed._job("by guessing", lambda: 3, 4)


def test_drawn_looks_have_unit_length_and_are_nearest_to_their_own_person() -> None:
    looks = drawn(np.random.default_rng(3), 20, 4)
    np.testing.assert_allclose(np.linalg.norm(looks.astype(float), axis=2), 8192, rtol=1e-3)
    references = references_of(looks[:, :3])
    assert len(references.owners) == 60
    assert [match(look, references).person for look in looks[:, 3]] == [f"p{number:05}" for number in range(20)]


def test_the_scale_is_told_for_each_size() -> None:
    names = [row["name"] for row in rows_of("scale")]
    assert names == [
        "side of the network's input: 64",
        "references of others: 0",
        "references of others: 100",
        "faces in a frame: 1",
        "faces in a frame: 2",
    ]


def test_a_crowd_is_compared_with_and_is_in_no_store(tmp_path: Path) -> None:
    others = named(drawn(np.random.default_rng(2), 3, 2))
    with opened(tmp_path / "store") as store:
        archive = own_pipeline.crowded(store, others)
        job = own_pipeline.own_pipeline(archive, shipped_recogniser(), Policy(), head_of(EILEEN), demo_frames()[1], 8)
        job.work()
        job.work()  # which raises where the first visit was not by the one who is known
        assert len(archive.people.looks("any model")) == 6
        assert store.visits.trace(store.visits.recent(5, None)[-1].id).compared == 4


def test_memory_is_measured_in_processes_of_their_own() -> None:
    done = peephole("bench", "memory", "--quick", "--json")
    assert done.returncode == 0, done.stderr
    rows = {row["name"]: row for row in json.loads(done.stdout)["rows"]}
    base, ours = rows[bench_memory.NAMES["base"]], rows[bench_memory.NAMES["peephole"]]
    assert 20 < base["mib"] < ours["mib"] <= ours["most_mib"]
    assert ours["above_base_mib"] == pytest.approx(ours["mib"] - base["mib"], abs=0.01)
    for row in rows.values():
        assert (row["mib"] is None) == ("why_not" in row)
    assert YUNET in rows["OpenCV, YuNet and SFace"]["why_not"]
    alone = {name: row for name, row in rows.items() if name.startswith("the network alone: ")}
    assert len(alone) == 6
    for bits in (16, 8):
        assert base["mib"] < alone[f"the network alone: peephole, {bits} bits"]["mib"] < ours["mib"]


def test_a_process_that_dies_is_a_row_that_says_so(tmp_path: Path) -> None:
    one = bench_memory._measured("base", tmp_path, tmp_path / "models", 0)  # a usage error
    assert one == bench_memory.Memory(why_not="its process ended with 2")
    nothing = bench_memory._measured("base", tmp_path, None, 3)
    assert nothing.now is None and "frames.npy" in nothing.why_not


def test_without_the_portraits_the_detector_has_textures_alone_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    def demo() -> None:
        raise FileNotFoundError("astronaut.png: install it with: pip install 'peephole[demo]'")

    monkeypatch.setattr(frames_module, "demo_frames", demo)
    rows = rows_of("detector", "--min-size", 120)
    assert {row.get("frames") for row in rows} == {"noise", "stripes, squares", "one grey", None}
    assert rows[-1] == {
        "name": "door",
        "median_ms": None,
        "why_not": "astronaut.png: install it with: pip install 'peephole[demo]'",
    }
    assert_one_line(peephole("bench", "pipeline", "--quick"), 1, "astronaut.png", "peephole[demo]")


def test_people_get_a_table_and_the_machine_under_it() -> None:
    done = peephole("bench", "match", "--references", 50, "--quick")
    assert done.returncode == 0, done.stderr
    titles, *lines, empty, machine = done.stdout.splitlines()
    assert titles.split("  ")[0] == "references"
    assert len(lines) == 5 and all(line.split()[:2] == ["50", "5"] for line in lines)
    assert empty == "" and machine.startswith("machine ") and "OpenCV 4." in machine
