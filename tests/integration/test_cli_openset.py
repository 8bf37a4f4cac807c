"""`peephole evaluate openset`, `strangers`, `quality` and `lfw --by-quality` on made-up people and a tiny network."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from commands import assert_one_line, astronaut, peephole, png, tar_of, tiny_program
from peephole.evaluation.looks import MEASURES
from peephole.fixedpoint.program import Calibration, Spread

PEOPLE, PICTURES = 12, 5
PAIRS = "2\t2\n" + "".join(
    f"P{a}\t1\t2\nP{a + 1}\t1\t2\nP{a}\t1\tP{a + 1}\t2\nP{a + 1}\t1\tP{a + 2}\t1\n" for a in (0, 3)
)


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve people with five pictures that differ by a little noise, and a program for their middles."""
    folder = tmp_path_factory.mktemp("pack")
    rng = np.random.default_rng(5)
    members = {}
    for person in range(PEOPLE):
        face = rng.integers(0, 256, (10, 10)).astype(np.uint8).repeat(10, 0).repeat(10, 1)
        for number in range(1, PICTURES + 1):
            picture = np.clip(face.astype(int) + rng.integers(-9, 10, face.shape), 0, 255).astype(np.uint8)
            members[f"P{person}/P{person}_{number:04d}.png"] = png(picture)
    tar_of(folder / "faces.tar", members)
    (folder / "pairs.txt").write_text(PAIRS)
    program = tiny_program(folder / "detect.safetensors")
    spread = Spread(40, (0.0009, 0.0011), (0.0005, 0.002), (2500, 3500))
    points = ((1e-4, 500_000), (1e-3, 1_000_000), (1e-2, 2_000_000), (1e-1, 3_000_000))
    own = Calibration(points, "tests", "center", 40_000, (spread,) * 4)
    dataclasses.replace(program, crop="center", calibration=own).save(folder / "center.safetensors")
    return folder


@pytest.fixture(scope="module")
def portraits(tmp_path_factory: pytest.TempPathFactory, pack: Path) -> Path:
    """Six people, each one portrait under light of its own, in which a face is found."""
    rng, face = np.random.default_rng(3), astronaut()[60:].astype(float)
    down, across = np.mgrid[: face.shape[0], : face.shape[1]] / face.shape[0]
    members = {}
    for person in range(6):
        light = 1 + 0.15 * np.sin(person + 3 * down) + 0.1 * np.cos(2 * person + 4 * across)
        for number in range(1, 5):
            picture = np.clip(face * light + rng.normal(0, number, face.shape), 0, 255).astype(np.uint8)
            members[f"P{person}_{number:04d}.png"] = png(picture)
    return tar_of(tmp_path_factory.mktemp("portraits") / "faces.tar", members)


def told(pack: Path, command: str, *more: object, model: str = "center.safetensors") -> dict:
    options = ("--images", pack / "faces.tar", "--model", pack / model, "--crop", "center", "--json")
    done = peephole("evaluate", command, *options, *more)
    assert (done.returncode, done.stderr) == (0, "")
    return dict(json.loads(done.stdout))


def test_a_household_that_is_easily_told(pack: Path, tmp_path: Path) -> None:
    plot = tmp_path / "openset.svg"
    report = told(pack, "openset", "--users", 3, "--trials", 4, "--plot", plot)
    assert (report["people"], report["pictures"], report["missed"], report["eligible"]) == (12, 60, 0, 12)
    assert report["household"] == {"users": 3, "references": 3, "trials": 4, "seed": 1}
    assert report["rates"]["false_accept"]["mean"] == 0.0
    assert report["rates"]["right"]["mean"] > 0.9
    assert report["at_false_accepts"][1]["false_reject"]["mean"] == 0.0
    assert b"<svg" in plot.read_bytes()


def test_descriptors_are_kept_and_used(pack: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept.npz"
    first = told(pack, "openset", "--users", 3, "--trials", 3, "--descriptors", kept)
    program = ("--model", pack / "center.safetensors")
    again = peephole("evaluate", "openset", "--descriptors", kept, *program, "--users", 3, "--trials", 3, "--json")
    assert json.loads(again.stdout) == first  # no pictures needed, and the crop is the program's own
    written = tmp_path / "embedded.npz"
    peephole("embed", "--images", pack / "faces.tar", "-o", written, "--crop", "center", *program)
    assert told(pack, "openset", "--users", 3, "--trials", 3, "--descriptors", written) == first


@pytest.mark.parametrize("command", ["openset", "quality"])
def test_spoilt_faces_of_other_pictures_are_refused(pack: Path, tmp_path: Path, command: str) -> None:
    kept, spoilt = tmp_path / "kept.npz", tmp_path / "kept-spoilt-1.npz"
    drawn = ("--users", 3, "--trials", 3, "--descriptors", kept, "--spoil", 1)
    told(pack, "openset", *drawn)
    arrays = dict(np.load(spoilt))
    faces = ("--images", pack / "faces.tar", "--model", pack / "center.safetensors")
    changes = (
        ({"name": arrays["name"][::-1], "descriptor": arrays["descriptor"][::-1]}, "not those of the same pictures"),
        ({key: values[:-1] for key, values in arrays.items() if len(values.shape) and len(values) == 60}, "pictures"),
        (
            {key: arrays[key].astype(np.int32) for key in ("descriptor", "missed_descriptor")},
            "descriptors of 32 int32 values, the others of 32 int16",
        ),
    )
    for change, words in changes:
        np.savez(spoilt, **arrays | change)
        assert_one_line(peephole("evaluate", command, *faces, *drawn), 1, words, "write both anew")


def test_strangers_are_filed(pack: Path, tmp_path: Path) -> None:
    report = told(pack, "strangers", "--people", 8, "--trials", 3, "--plot", tmp_path / "s.svg")
    assert report["own"]["figures"]["merged"]["mean"] == 0.0
    assert report["own"]["figures"]["records"]["mean"] == pytest.approx(1.0, abs=0.2)
    assert [at["share"] for at in report["curve"]] == sorted(at["share"] for at in report["curve"])


def test_quality_is_reported(pack: Path, portraits: Path, tmp_path: Path) -> None:
    drawn = ("--users", 2, "--references", 2, "--trials", 3)
    options = ("--images", portraits, "--model", pack / "detect.safetensors", *drawn)
    done = peephole("evaluate", "quality", *options, "--plot", tmp_path / "q.svg", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    report = json.loads(done.stdout)
    assert (report["pictures"], report["crop"], report["on"]["refused"]) == (24, "detect", 0.0)
    assert {part["measure"] for part in report["parts"]} == set(MEASURES)
    widths = [part for part in report["parts"] if part["measure"] == "width"]
    assert all(50 < part["low"] <= part["high"] < 200 for part in widths)
    assert "gate" in peephole("evaluate", "quality", *options).stdout
    spoilt = peephole("evaluate", "quality", *options, "--spoil", 1, "--json")
    assert json.loads(spoilt.stdout)["probes"] == "detect, spoilt by 1"
    assert json.loads(spoilt.stdout)["bar"] == report["bar"]
    assert json.loads(spoilt.stdout)["on"]["refused"] > 0.1


def test_verification_by_quality_is_reported(pack: Path, tmp_path: Path) -> None:
    lfw = ("evaluate", "lfw", "--images", pack / "faces.tar", "--pairs", pack / "pairs.txt", "--crop", "center")
    program = ("--model", pack / "center.safetensors")
    plain = json.loads(peephole(*lfw, *program, "--json").stdout)
    kept = ("--descriptors", tmp_path / "kept.npz")
    report = json.loads(peephole(*lfw, *program, *kept, "--by-quality", "--json").stdout)
    assert {key: report[key] for key in plain} == plain
    assert sum(part["of"] for part in report["by_quality"] if part["measure"] == "width") == 8 // 2
    assert "sharpness" in peephole(*lfw, *program, *kept, "--by-quality").stdout


def test_text_says_the_same(pack: Path) -> None:
    options = ("--images", pack / "faces.tar", "--model", pack / "center.safetensors", "--trials", 3)
    said = peephole("evaluate", "openset", *options, "--users", 3).stdout
    assert "3 times 3 of 12 people with more than 3 pictures, among 60 pictures of 12 people" in said
    assert "false_accept" in said
    assert "the program's bar" in peephole("evaluate", "strangers", *options, "--people", 8).stdout


def test_thresholds_of_another_crop_are_told_and_not_used(pack: Path) -> None:
    options = ("--images", pack / "faces.tar", "--model", pack / "detect.safetensors", "--crop", "center", "--json")
    done = peephole("evaluate", "openset", *options, "--users", 3, "--trials", 3)
    assert done.returncode == 0
    assert "thresholds for crop detect, not for crop center" in done.stderr and done.stderr.count("\n") == 1
    report = json.loads(done.stdout)
    assert (report["bars"], report["rates"]) == (None, None)
    assert report["curve"]["distance"]


def test_what_does_not_fit_is_refused(pack: Path, tmp_path: Path) -> None:
    program = ("--model", pack / "center.safetensors")
    images = ("--images", pack / "faces.tar")
    assert_one_line(peephole("evaluate", "openset", *program), 2, "--images")
    missing = ("--descriptors", tmp_path / "none.npz")
    assert_one_line(peephole("evaluate", "openset", *program, *missing), 1, "none.npz: no such file", "--images")
    many = ("--users", 13)
    assert_one_line(peephole("evaluate", "openset", *program, *images, *many), 1, "13 people", "there are 12")
    crowd = ("--people", 13)
    assert_one_line(peephole("evaluate", "strangers", *program, *images, *crowd), 1, "13 strangers", "12 people")
    assert_one_line(peephole("evaluate", "openset", *program, *images, "--plot", tmp_path / "a.png"), 1, "a.png", "SVG")
    nowhere = ("--plot", tmp_path / "no" / "a.svg")
    assert_one_line(peephole("evaluate", "openset", *program, *images, *nowhere), 1, "no such folder")
    embedded = tmp_path / "embedded.npz"
    peephole("embed", *images, "-o", embedded, "--crop", "center", *program)
    kept = ("--descriptors", embedded)
    assert_one_line(peephole("evaluate", "quality", *program, *kept, "--users", 3), 1, "no measures of quality")
    other = ("--model", pack / "detect.safetensors", "--crop", "center")
    assert_one_line(peephole("evaluate", "openset", *other, *kept), 1, "embedded.npz: its descriptors were made by")
    assert_one_line(peephole("evaluate", "openset", *program, *images, "--crop", "detect"), 1, "no face was found")
    with np.load(embedded) as arrays:
        short = dict(arrays) | {"descriptor": arrays["descriptor"][:, :16]}
    np.savez(embedded, **short)
    said = "its descriptors have 16 values, the program gives 32"
    for command in ("openset", "strangers"):
        assert_one_line(peephole("evaluate", command, *program, *kept), 1, said)
    floating = ("--arithmetic", "float", "--descriptors", embedded, "--pairs", pack / "pairs.txt")
    assert_one_line(peephole("evaluate", "lfw", *images, *floating), 2, "integer programs")


def test_intervals_are_described(pack: Path) -> None:
    said = peephole("describe", pack / "center.safetensors").stdout
    assert "2500 to 3500" in said and "0.0005 to 0.002" in said and "for crop center, measured on tests" in said
    described = json.loads(peephole("describe", pack / "center.safetensors", "--json").stdout)["calibration"]
    assert (described["pairs"], described["spreads"][0]["accepted"]) == (40_000, 40)
