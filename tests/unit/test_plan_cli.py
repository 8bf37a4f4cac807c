"""`peephole plan`: tables for people, one JSON object for programs, pictures that stand alone."""

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from commands import assert_one_line, peephole, tiny_network, tiny_program
from peephole.weights import landmark_program

Json = dict[str, Any]
BACKBONES = (
    *("squeezenet1_0", "squeezenet1_1", "squeezeface", "mobilenet_v1", "mobilenet_v2"),
    *("shufflenet_v1", "shufflenet_v2"),
)
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "tiny.safetensors"
    tiny_program(path)
    return path


def root(buffer: Json, named: dict[str, Json]) -> Json:
    """The buffer whose memory this one is a view of, or itself."""
    return root(named[buffer["alias_of"]], named) if "alias_of" in buffer else buffer


def together(one: Json, other: Json, first: str, last: str) -> bool:
    return bool(one[first] < other[last] and other[first] < one[last])


def assert_the_plan_holds(told: Json) -> None:
    """What anyone can check who has the JSON alone, with nothing of ours."""
    named = {b["name"]: b for b in told["buffers"]}
    assert len(named) == len(told["buffers"])
    for b in told["buffers"]:
        assert 0 <= b["first_use"] <= b["last_use"] < len(told["steps"]) and b["bytes"] > 0 <= b["offset"]
        owner = root(b, named)
        assert owner["level"] == b["level"] and owner["offset"] <= b["offset"]
        assert b["offset"] + b["bytes"] <= owner["offset"] + owner["bytes"]
        assert owner["first_use"] <= b["first_use"] and b["last_use"] <= owner["last_use"]
    for level in told["levels"]:
        whole = [b for b in told["buffers"] if b["level"] == level["level"] and "alias_of" not in b]
        spans = [b | {"end": b["offset"] + b["bytes"], "after": b["last_use"] + 1} for b in whole]
        for number, one in enumerate(spans):
            for other in spans[:number]:
                in_time = together(one, other, "first_use", "after")
                assert not (in_time and together(one, other, "offset", "end")), (one["name"], other["name"])
        word = told["alignment"]
        alive = [
            sum(-(-b["bytes"] // word) * word for b in whole if b["first_use"] <= step <= b["last_use"])
            for step in range(len(told["steps"]))
        ]
        assert level["lower_bound_bytes"] == max(alive)
        assert level["peak_bytes"] - word < max(b["end"] for b in spans) <= level["peak_bytes"]
        assert level["peak_bytes"] == level["lower_bound_bytes"] and level["optimal"]
        assert level["capacity_bytes"] is None or level["peak_bytes"] <= level["capacity_bytes"]
    main = next(level for level in told["levels"] if level["level"] == "L2")
    assert [told[key] for key in ("peak_bytes", "lower_bound_bytes")] == [main["peak_bytes"], main["lower_bound_bytes"]]


def assert_the_arena_holds(told: Json) -> None:
    """Activations lie in the arena's bytes, and what lies over another begins as far before it as it must."""
    named = {b["name"]: b for b in told["buffers"]}
    held = [b for b in told["buffers"] if b["level"] == "L2" and b["holds"] == "activations"]
    reach = max(b["offset"] + b["bytes"] for b in held) - min(b["offset"] for b in held)
    assert reach <= told["arena_bytes"] < reach + told["alignment"]
    assert told["compiled_arena_bytes"] <= told["arena_bytes"]
    for pair in told["laid_over"]:
        written, over = named[pair["written"]], named[pair["over"]]
        assert root(written, named) is root(over, named)
        assert written["first_use"] <= pair["step"] <= over["last_use"]
        assert over["offset"] - written["offset"] == pair["lead_bytes"] >= pair["needed_bytes"]


@pytest.mark.parametrize("options", [[], ["--tiles"], ["--device"]], ids=" ".join)
@pytest.mark.parametrize("bits", [16, 8])
def test_whoever_has_the_json_can_check_the_plan(bits: int, options: list[str]) -> None:
    done = peephole("plan", "--json", "--bits", bits, *options)
    assert done.returncode == 0 and done.stderr == "" and done.stdout.count("\n") == 1
    told = json.loads(done.stdout)
    assert_the_plan_holds(told)
    if options != ["--device"]:
        assert_the_arena_holds(told)
        assert told["arena_bytes"] <= 128 * 1024


@pytest.mark.parametrize("options", [[], ["--no-in-place"], ["--no-streaming"], ["--no-concatenation", "--tiles"]])
def test_the_landmark_network_s_plan_too_and_without_passes(options: list[str]) -> None:
    told = json.loads(peephole("plan", landmark_program(), "--json", *options).stdout)
    assert_the_plan_holds(told)
    assert_the_arena_holds(told)
    assert bool(told["laid_over"]) is not bool({"--no-in-place", "--no-streaming"} & {*options})


@pytest.mark.slow
@pytest.mark.parametrize("name", BACKBONES)
def test_every_backbone_s_plan_by_its_shapes_alone(name: str) -> None:
    pytest.importorskip("torch", reason="needs the train extra")
    told = json.loads(peephole("plan", name, "--json").stdout)
    assert told["shapes_alone"] and told["name"] == name
    assert_the_plan_holds(told)
    assert_the_arena_holds(told)


def test_the_checker_finds_what_is_wrong() -> None:
    told = json.loads(peephole("plan", landmark_program(), "--json").stdout)
    conv6 = next(b for b in told["buffers"] if b["name"] == "conv6")
    for change in ({"offset": 0}, {"last_use": 9}, {"bytes": conv6["bytes"] + 10_000}):
        wrong = told | {"buffers": [b | change if b is conv6 else b for b in told["buffers"]]}
        with pytest.raises(AssertionError):
            assert_the_plan_holds(wrong)
    for key in ("peak_bytes", "lower_bound_bytes"):
        with pytest.raises(AssertionError):
            assert_the_plan_holds(told | {key: told[key] - 4})


def test_squeezenet_at_128_pixels_takes_less_than_80_kib() -> None:
    pytest.importorskip("torch", reason="needs the train extra")
    told = json.loads(peephole("plan", "squeezenet1_1", "--size", 128, "--json").stdout)
    assert told["compiled_arena_bytes"] <= told["arena_bytes"] <= 80 * 1024
    small = json.loads(peephole("plan", "squeezenet1_1", "--size", 128, "--bits", 8, "--json").stdout)
    assert small["arena_bytes"] <= 40 * 1024


def test_the_text_ends_in_the_figures(model: Path) -> None:
    done = peephole("plan", model, "--l2", "100 K")
    assert done.returncode == 0, done.stderr
    told = json.loads(peephole("plan", model, "--json").stdout)
    l2, l3, arena, time = done.stdout.splitlines()[-4:]
    assert l2.startswith(
        f"L2: peak {told['peak_bytes']:,} of 102,400 bytes, lower bound {told['lower_bound_bytes']:,}; gap 0.00 %, "
        "the least possible ("
    )
    assert l3.startswith("L3: ") and l3.endswith("bytes of weights in 2 buffers, side by side")
    assert arena.startswith(f"arena of tiny: {told['compiled_arena_bytes']:,} bytes, its activations alone")
    assert time.startswith("planned in ")


def test_the_text_has_a_row_a_layer_and_a_buffer_only_when_asked(model: Path) -> None:
    told = json.loads(peephole("plan", model, "--json").stdout)
    brief, long = (peephole("plan", model, *options).stdout.splitlines() for options in ([], ["--buffers"]))
    words = [line.split() for line in brief]
    assert words[2][:2] == ["step", "layer"]
    assert [row[1] for row in words[3:7]] == ["conv1", "pool", "mix", "mean"]
    assert words[7][0] == "total"
    start = next(number for number, line in enumerate(long) if line.startswith("buffer "))
    rows = [line.split()[0] for line in long[start + 1 : start + 1 + len(told["buffers"])]]
    assert sorted(rows) == sorted(b["name"] for b in told["buffers"])
    assert not [line for line in brief if line.startswith("buffer ")]


def test_the_text_says_what_each_pass_saves() -> None:
    pytest.importorskip("torch", reason="needs the train extra")
    lines = peephole("plan", "squeezenet1_1").stdout.splitlines()
    saved = {
        " ".join(line.split()[:-2]): int(line.split()[-2].replace(",", "")) for line in lines if line.startswith("with")
    }
    everything = saved["with all passes"]
    assert everything < saved["without in place"] < saved["without concatenation"] < saved["without row streaming"]
    assert saved["without all three"] >= saved["without row streaming"] > 8 * everything
    alone = json.loads(peephole("plan", "squeezenet1_1", "--no-in-place", "--json").stdout)
    assert alone["compiled_arena_bytes"] == saved["without in place"]
    assert alone["passes"] == {"streaming": True, "in_place": False, "concatenate": True}


def test_what_is_not_quantized_yet_is_planned_by_its_shapes(tmp_path: Path) -> None:
    network = tiny_network()
    network.save(tmp_path / "float.safetensors")
    tiny_program(tmp_path / "tiny.safetensors")
    told, quantized = (
        json.loads(peephole("plan", tmp_path / f"{name}.safetensors", "--json").stdout) for name in ("float", "tiny")
    )
    assert (told["shapes_alone"], quantized["shapes_alone"]) == (True, False)
    assert told["buffers"] == quantized["buffers"] and told["levels"] == quantized["levels"]
    said = peephole("plan", tmp_path / "float.safetensors", "--bits", 8).stdout
    assert "weights of 8 bits" in said and "by its shapes alone" in said.splitlines()[0]


def test_networks_of_the_user_s_own_are_planned_before_anything_is_calibrated(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="needs the train extra")
    from torch import nn

    def save(name: str, shape: tuple[int, ...], *layers: Any) -> Path:
        exported = torch.export.export(nn.Sequential(*layers).eval(), (torch.zeros(1, *shape),))
        torch.export.save(exported, tmp_path / name)
        return tmp_path / name

    image = save("image.pt2", (1, 16, 12), nn.Conv2d(1, 4, 3), nn.ReLU(), nn.MaxPool2d(2))
    sound = save("sound.pt2", (10, 49), nn.Conv1d(10, 8, 5), nn.Flatten(), nn.Linear(8 * 45, 3))
    wrong = save("wrong.pt2", (1, 16, 12), nn.Conv2d(1, 4, 3), nn.Sigmoid(), nn.Conv2d(4, 4, 3))
    for path, given in ((image, "image.u8"), (sound, "input")):
        told = json.loads(peephole("plan", path, "--json").stdout)
        assert_the_plan_holds(told)
        assert told["shapes_alone"] and told["buffers"][0]["holds"] == "image"
        assert told["buffers"][0]["name"] == given
    assert_one_line(peephole("plan", wrong), 1, "wrong.pt2: module 1: operator sigmoid is not supported; ")
    assert_one_line(peephole("plan", image, "--device"), 1, "is for the task network, not recognise")


@pytest.mark.parametrize("bits", [16, 8])
@pytest.mark.parametrize("kind", ["image", "tensor"])
def test_the_plan_before_calibration_is_that_after_it(kind: str, bits: int, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="needs the train extra")
    from torch import nn

    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(4 * 7 * 5, 3))
    exported = torch.export.export(network.eval(), (torch.zeros(1, 1, 16, 12),))
    torch.export.save(exported, tmp_path / "n.pt2")
    drawn = np.random.default_rng(0)
    samples = drawn.integers(0, 256, (9, 16, 12), np.uint8) if kind == "image" else drawn.normal(0, 1, (9, 1, 16, 12))
    np.savez(tmp_path / "n.npz", samples=samples)
    quantized = tmp_path / "n.safetensors"
    made = peephole(
        "quantize", tmp_path / "n.pt2", "--calibration", tmp_path / "n.npz", "--bits", bits, "-o", quantized
    )
    assert made.returncode == 0, made.stderr
    asked = ("plan", tmp_path / "n.pt2", "--bits", bits, *(["--tensor"] if kind == "tensor" else []))
    before, after = (json.loads(peephole(*words, "--json").stdout) for words in (asked, ("plan", quantized)))
    for same in ("buffers", "levels", "steps", "arena_bytes", "compiled_arena_bytes", "input_kind"):
        assert before[same] == after[same], same
    assert before["input_kind"] == kind
    assert f"takes a {'grey image' if kind == 'image' else 'tensor'}; by its shapes" in peephole(*asked).stdout


def test_an_onnx_network_with_an_operator_that_is_not_supported_is_named_with_its_node(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx", reason="needs the onnx extra")
    shape = [onnx.helper.make_tensor_value_info(name, 1, [1, 4]) for name in "xy"]
    node = onnx.helper.make_node("Erf", ["x"], ["y"], name="head/erf")
    onnx.save(onnx.helper.make_model(onnx.helper.make_graph([node], "g", shape[:1], shape[1:])), tmp_path / "e.onnx")
    assert_one_line(peephole("plan", tmp_path / "e.onnx"), 1, "e.onnx: node head/erf (Erf): operator Erf is not")


def test_what_names_no_network_or_says_nothing_is_one_sentence(model: Path, tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="needs the train extra")
    assert_one_line(peephole("plan", "resnet50"), 1, "resnet50: no such file", "squeezenet1_1", "mobilenet_v2")
    assert_one_line(peephole("plan", "gone.onnx", "--tensor"), 1, "gone.onnx: no such file; name", ".pt2 or .onnx")
    assert_one_line(peephole("plan", model, "--size", 64), 2, "--size is for a backbone")
    assert_one_line(peephole("plan", model, "--bits", 8), 2, "--bits is for a network that is not quantized yet")
    assert_one_line(peephole("plan", model, "--tensor"), 2, "--tensor is for a .pt2 or .onnx")
    assert_one_line(peephole("plan", "--bits", 9), 2, "--bits 9: must be 16 or 8")
    (tmp_path / "x.ckpt").write_text("no checkpoint")
    assert_one_line(peephole("plan", tmp_path / "x.ckpt"), 1, "x.ckpt: not a checkpoint of peephole train")


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
    assert tiles["predicted"]["milliseconds"] == pytest.approx(1000 * seconds, abs=1e-6)


def test_the_text_of_tiles_says_that_it_is_a_prediction(model: Path, tmp_path: Path) -> None:
    done = peephole("plan", model, "--tiles", "--html", tmp_path / "plan.html")
    milliseconds = json.loads(peephole("plan", model, "--tiles", "--json").stdout)["tiles"]["predicted"]["milliseconds"]
    last = done.stdout.splitlines()[-1]
    assert last.startswith(f"predicted, not measured: {milliseconds:.1f} ms on GAP8 (175 MHz")
    assert last.partition(" (")[0] in (tmp_path / "plan.html").read_text()
    assert (tmp_path / "plan.html").read_text().count("<svg") == 2


def test_too_little_l1_is_one_sentence(model: Path) -> None:
    assert_one_line(peephole("plan", model, "--tiles", "--l1", "14K"), 1, "layer ", "smallest tile", "256 beside")
    assert_one_line(peephole("plan", model, "--tiles", "--l1", "1K"), 1, "stacks on GAP8 take 14,080")
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
    drawing = ElementTree.fromstring((tmp_path / "plan.svg").read_text())  # noqa: S314 - our own file
    titles = {
        (group.findtext(f"{SVG}title") or "").split(":")[0]: group
        for group in drawing.iter(f"{SVG}g")
        if "b" in (group.get("class") or "").split()
    }
    assert set(titles) == {b["name"] for b in told["buffers"] if b["level"] == "L2"}
    assert all(group.find(f"{SVG}rect") is not None for group in titles.values())
    assert f"peak {told['peak_bytes']:,}" in " ".join(drawing.itertext())


def test_names_in_a_picture_never_lie_over_each_other(tmp_path: Path) -> None:
    """Of views too, which share the room of what holds them: conv3 and conv4 below."""
    assert peephole("plan", landmark_program(), "--svg", tmp_path / "plan.svg").returncode == 0
    drawing = ElementTree.fromstring((tmp_path / "plan.svg").read_text())  # noqa: S314 - our own file
    names = [text for text in drawing.iter(f"{SVG}text") if "name" in (text.get("class") or "").split()]
    words = {next(text.itertext()) for text in names}
    assert {"conv3", "conv4"} <= words and "conv4 over conv3" not in words
    boxes = [
        (float(text.get("x", 0)), float(text.get("y", 0)), 6 * len("".join(text.itertext())))
        for text in names
        if text.get("transform") is None
    ]
    for number, (x, y, width) in enumerate(boxes):
        assert not [1 for a, b, other in boxes[:number] if abs(x - a) < (width + other) / 2 and abs(y - b) < 11]


def test_long_names_of_steps_are_told_whole_where_the_pointer_rests(tmp_path: Path) -> None:
    assert peephole("plan", "--svg", tmp_path / "plan.svg").returncode == 0
    drawing = ElementTree.fromstring((tmp_path / "plan.svg").read_text())  # noqa: S314 - our own file
    told = {text.findtext(f"{SVG}title"): "".join(text.itertext()) for text in drawing.iter(f"{SVG}text")}
    assert told["3 fire4.expand1x1 .. fire5.squeeze"].endswith("3 fire4.expa\u2026fire5.squeeze")


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
