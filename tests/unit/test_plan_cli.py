"""`peephole plan`: tables for people, one JSON object for programs, pictures that stand alone."""

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from commands import assert_one_line, peephole, tiny_program
from peephole.compiler.memory import Buffer, check_placement

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "tiny.safetensors"
    tiny_program(path)
    return path


def buffers_of(told: dict[str, object]) -> list[Buffer]:
    buffers = told["buffers"]
    assert isinstance(buffers, list)
    made = []
    offsets = {b["name"]: b["offset"] for b in buffers}
    for b in buffers:
        inside = b["offset"] - offsets[b["alias_of"]] if "alias_of" in b else 0
        made.append(Buffer(**b, alias_offset=inside))
    return made


@pytest.mark.parametrize("options", [[], ["--device"], ["--tiles"]])
def test_the_json_is_one_object_that_can_be_checked(options: list[str]) -> None:
    done = peephole("plan", "--json", *options)
    assert done.returncode == 0 and done.stderr == "" and done.stdout.count("\n") == 1
    told = json.loads(done.stdout)
    buffers = buffers_of(told)
    check_placement(buffers, told["alignment"])
    for level in told["levels"]:
        here = [b for b in buffers if b.level == level["level"] and b.alias_of is None]
        alive = [sum(b.bytes for b in here if b.first_use <= n <= b.last_use) for n in range(len(told["steps"]))]
        assert max(alive) <= level["lower_bound_bytes"] < max(alive) + 16 * len(here)
        assert 0 <= level["peak_bytes"] - max((b.offset or 0) + b.bytes for b in here) < told["alignment"]
        assert level["optimal"]
    main = next(level for level in told["levels"] if level["level"] == "L2")
    assert told["peak_bytes"] == main["peak_bytes"] == told["lower_bound_bytes"] <= main["capacity_bytes"] == 512 * 1024


def test_the_shipped_recogniser_s_activations_lie_together() -> None:
    told = json.loads(peephole("plan", "--json").stdout)
    activations = [b for b in told["buffers"] if b["level"] == "L2" and b["holds"] == "activations"]
    low, high = min(b["offset"] for b in activations), max(b["offset"] + b["bytes"] for b in activations)
    assert high - low <= told["arena_bytes"] <= 128 * 1024


def test_the_text_ends_in_the_figures(model: Path) -> None:
    done = peephole("plan", model, "--l2", "100 K")
    assert done.returncode == 0, done.stderr
    told = json.loads(peephole("plan", model, "--json").stdout)
    lines = done.stdout.splitlines()
    verdict = next(line for line in lines if line.startswith("L2: peak"))
    assert (
        f"peak {told['peak_bytes']:,} of 102,400 bytes, lower bound {told['lower_bound_bytes']:,}; gap 0.00 %"
        in verdict
    )
    assert "the least possible" in verdict
    assert any(line.startswith("planned in") for line in lines)
    assert all(any(line.startswith(b["name"]) for line in lines) for b in told["buffers"])


def test_tiles_add_l1_and_leave_the_rest_as_it_was(model: Path) -> None:
    plain = json.loads(peephole("plan", model, "--json").stdout)
    told = json.loads(peephole("plan", model, "--json", "--tiles", "--l1", "32K").stdout)
    assert [b for b in told["buffers"] if b["level"] != "L1"] == plain["buffers"]
    assert [plan for plan in told["levels"] if plan["level"] != "L1"] == plain["levels"]
    there = [b for b in told["buffers"] if b["level"] == "L1"]
    assert max(b["offset"] + b["bytes"] for b in there) <= 32 * 1024
    assert {"stacks.L1", "conv1.inputs.tile", "conv1.outputs.tile"} <= {b["name"] for b in there}
    tiles = told["tiles"]
    assert [layer["layer"] for layer in tiles["layers"]] == ["enter", "conv1", "pool", "mix", "mean"]
    for key in ("cycles", "compute_cycles", "l2_to_l1_bytes", "l3_to_l2_bytes"):
        assert sum(layer[key] for layer in tiles["layers"]) == tiles["predicted"][key] > 0
    seconds = tiles["predicted"]["cycles"] / tiles["target"]["clock_hz"]
    assert tiles["predicted"]["milliseconds"] == pytest.approx(1000 * seconds)


def test_the_text_of_tiles_says_that_it_is_a_prediction(model: Path, tmp_path: Path) -> None:
    done = peephole("plan", model, "--tiles", "--html", tmp_path / "plan.html")
    milliseconds = json.loads(peephole("plan", model, "--tiles", "--json").stdout)["tiles"]["predicted"]["milliseconds"]
    last = done.stdout.splitlines()[-1]
    assert last.startswith(f"predicted, not measured: {milliseconds:.1f} ms on GAP8 (175 MHz")
    assert last.partition(" (")[0] in (tmp_path / "plan.html").read_text()
    assert (tmp_path / "plan.html").read_text().count("<svg") == 2


def test_too_little_l1_is_one_sentence(model: Path) -> None:
    assert_one_line(peephole("plan", model, "--tiles", "--l1", "5K"), 1, "layer ", "smallest tile", "256 beside")
    assert_one_line(peephole("plan", model, "--tiles", "--l1", "1K"), 1, "stacks on GAP8 take 4,864")
    assert_one_line(peephole("plan", model, "--tiles", "--device"), 2, "--tiles", "--device")


def test_a_memory_that_is_too_small_is_one_sentence(model: Path) -> None:
    assert_one_line(peephole("plan", model, "--l2", "1K"), 1, "level L2", "and there are 1,024", "too few", "at step")


@pytest.mark.parametrize("size", ["10Q", "0", "-5", "1.5K", "K", ""])
def test_what_is_no_size_is_wrong_usage(size: str) -> None:
    assert_one_line(peephole("plan", f"--l2={size}"), 2, "--l2", "no size", "512K")


def test_files_that_cannot_be_read_or_written_are_said_before_the_work(tmp_path: Path) -> None:
    assert_one_line(peephole("plan", tmp_path / "none.safetensors"), 1, "none.safetensors")
    assert_one_line(peephole("plan", "--svg", tmp_path / "no" / "plan.svg"), 1, "no such folder")
    assert_one_line(peephole("plan", "--html", tmp_path), 1, "a folder")


def test_the_picture_has_a_rectangle_a_buffer_of_l2(tmp_path: Path, model: Path) -> None:
    assert peephole("plan", model, "--svg", tmp_path / "plan.svg").returncode == 0
    told = json.loads(peephole("plan", model, "--json").stdout)
    root = ElementTree.fromstring((tmp_path / "plan.svg").read_text())  # noqa: S314 - our own file
    titles = {
        (group.findtext(f"{SVG}title") or "").split(":")[0]: group
        for group in root.iter(f"{SVG}g")
        if "b" in (group.get("class") or "").split()
    }
    assert set(titles) == {b["name"] for b in told["buffers"] if b["level"] == "L2"}
    assert all(group.find(f"{SVG}rect") is not None for group in titles.values())
    assert f"peak {told['peak_bytes']:,}" in " ".join(root.itertext())


def test_the_page_stands_alone_and_tells_every_layer(tmp_path: Path, model: Path) -> None:
    assert peephole("plan", model, "--html", tmp_path / "plan.html").returncode == 0
    page = (tmp_path / "plan.html").read_text()
    assert all(f"<td>{name}</td>" in page for name in ("conv1", "pool", "mix", "mean"))
    assert "<svg" in page and "prefers-color-scheme: dark" in page
    assert not any(word in page for word in ("<script", "<link", "src=", "@import", "url("))


def test_the_device_page_tells_its_phases(tmp_path: Path) -> None:
    done = peephole("plan", "--device", "--users", 30, "--html", tmp_path / "device.html")
    assert done.returncode == 0 and "30 users" in done.stdout
    page = (tmp_path / "device.html").read_text()
    assert all(f"<td>{phase}</td>" in page for phase in ("capture", "detect", "describe", "match"))
