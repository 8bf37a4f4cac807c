"""`peephole quantize` on networks of the user's own: two files in, an integer program out, or one sentence."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the train extra")
from torch import nn  # noqa: E402

from commands import assert_one_line, peephole, process  # noqa: E402
from peephole.engine import Engine  # noqa: E402
from peephole.fixedpoint.program import IntegerProgram  # noqa: E402
from peephole.fixedpoint.samples import as_integers, as_values  # noqa: E402

RNG = np.random.default_rng(0)


def save(network: nn.Module, path: Path, *shape: int) -> Path:
    torch.export.save(torch.export.export(network.eval(), (torch.zeros(1, *shape),)), path)
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network on tensors, one on images, and samples of all kinds."""
    torch.manual_seed(0)
    made = tmp_path_factory.mktemp("networks")
    save(
        nn.Sequential(nn.Conv2d(1, 4, 3, 2), nn.ReLU(), nn.Flatten(), nn.Linear(24 * 4 * 4, 3)),
        made / "tensor.pt2",
        1,
        49,
        10,
    )
    save(nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.MaxPool2d(2)), made / "image.pt2", 1, 16, 12)
    save(nn.Sequential(nn.Linear(4, 4), nn.Sigmoid(), nn.Linear(4, 2)), made / "sigmoid.pt2", 4)
    broken = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 2))
    nn.init.constant_(broken[2].weight, float("nan"))  # type: ignore[arg-type]
    save(broken, made / "nan.pt2", 4)
    save(nn.Sequential(nn.Linear(4, 2)), made / "vector.pt2", 4)
    floats = RNG.normal(0, 1, (60, 1, 49, 10))
    np.savez(made / "floats.npz", labels=np.zeros(60), samples=floats)
    np.savez(made / "short.npz", floats[:, :, :40])
    np.savez(made / "unclear.npz", a=floats, b=floats)
    np.savez(made / "hole.npz", np.where(np.arange(60)[:, None, None, None] == 7, np.nan, floats))
    np.savez(made / "vectors.npz", RNG.normal(0, 1, (20, 4)))
    np.savez(made / "constant.npz", np.full((20, 4), 0.5))
    np.savez(made / "words.npz", np.array([["a", "b"]]))
    np.savez(made / "none.npz", np.zeros((0, 4)))
    images = RNG.integers(0, 256, (30, 16, 12), np.uint8)
    np.savez(made / "images.npz", images)
    np.savez(made / "black.npz", images[:1] * 0)
    (made / "pictures").mkdir()
    for number, image in enumerate(images[:8]):
        cv2.imwrite(str(made / "pictures" / f"{number}.png"), image)
    np.save(made / "bare.npy", RNG.normal(0, 1, (20, 4)))
    (made / "text.pt2").write_text("hello")
    return made


@pytest.mark.parametrize("bits", [16, 8])
def test_tensors(folder: Path, tmp_path: Path, bits: int) -> None:
    out = tmp_path / "keywords.safetensors"
    done = peephole(
        "quantize", folder / "tensor.pt2", "--calibration", folder / "floats.npz", "--bits", bits, "-o", out
    )
    assert done.returncode == 0, done.stderr
    program = IntegerProgram.load(out)
    described = f"takes int{bits} [49,10,1] of {program.input.frac_bits} fraction bits, gives int16 [1,1,3] of"
    assert described in done.stdout
    assert (program.name, program.task, program.input.bits) == ("keywords", "network", bits)
    assert program.card == {"input_shape": [1, 49, 10], "output_shape": [3]}
    sample = np.load(folder / "floats.npz")["samples"][3]
    with torch.no_grad():
        expected = torch.export.load(folder / "tensor.pt2").module()(torch.from_numpy(sample[None]).float())[0].numpy()
    made = as_values(program, Engine(program).run(as_integers(program, sample.transpose(1, 2, 0)))).ravel()
    np.testing.assert_allclose(made, expected, atol=0.002 if bits == 16 else 0.08)


@pytest.mark.parametrize("source", ["images.npz", "pictures"])
def test_images(folder: Path, tmp_path: Path, source: str) -> None:
    out = tmp_path / "m.safetensors"
    options = ("--offset", 0, "--scale", 255, "--images", 5, "--json")
    done = peephole("quantize", folder / "image.pt2", "--calibration", folder / source, *options, "-o", out)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    program = IntegerProgram.load(out)
    assert (told["model_id"], told["file"]) == (program.model_id, str(out))
    assert (told["calibration_images"], told["output_shape"]) == (5, [4, 7, 5])
    assert told["output_snr_db"] > 40
    assert program.input_kind == "image"
    assert Engine(program).run(np.load(folder / "images.npz")["arr_0"][0]).shape == (7, 5, 4)


def test_the_same_command_gives_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    made = [tmp_path / name / "m.safetensors" for name in "ab"]
    for out, run in zip(made, (peephole, process), strict=True):
        out.parent.mkdir()
        done = run("quantize", folder / "vector.pt2", "--calibration", folder / "vectors.npz", "-o", out)
        assert done.returncode == 0, done.stderr
    assert made[0].read_bytes() == made[1].read_bytes()


def test_an_onnx_file(folder: Path, tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx", reason="needs the onnx extra")
    from onnx import TensorProto, helper, numpy_helper

    node = helper.make_node("Gemm", ["x", "w"], ["y"], name="only")
    ends = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [1, s]) for n, s in (("x", 4), ("y", 2))]
    weight = numpy_helper.from_array(RNG.normal(0, 1, (4, 2)).astype(np.float32), "w")
    graph = helper.make_graph([node], "g", ends[:1], ends[1:], [weight])
    onnx.save(helper.make_model(graph), tmp_path / "net.onnx")
    out = tmp_path / "m.safetensors"
    done = peephole("quantize", tmp_path / "net.onnx", "--calibration", folder / "vectors.npz", "-o", out)
    assert done.returncode == 0, done.stderr
    assert "only" in done.stdout
    assert IntegerProgram.load(out).input.shape == (1, 1, 4)


WRONG = {
    "operator": ("sigmoid.pt2", "vectors.npz", ["module 1", "operator sigmoid is not supported; use ReLU"]),
    "NaN": ("nan.pt2", "vectors.npz", ["nan.pt2: layer 2: weights hold NaN"]),
    "one black image": ("image.pt2", "black.npz", ["layer 0: cannot be calibrated", "the sample holds nothing but 0"]),
    "a constant": ("vector.pt2", "constant.npz", ["layer 0: cannot be calibrated", "20 samples hold nothing but 0.5"]),
    "another shape": ("tensor.pt2", "short.npz", ["short.npz: samples are [1, 40, 10], the network takes [1, 49, 10]"]),
    "images of another size": (
        "tensor.pt2",
        "images.npz",
        ["images.npz: samples are [16, 12], the network takes [49, 10]"],
    ),
    "images for vectors": (
        "vector.pt2",
        "images.npz",
        ["the network takes [4], no grey image [1,H,W]; give it tensors"],
    ),
    "samples with a hole": ("tensor.pt2", "hole.npz", ["hole.npz: 1 of 60 samples hold NaN or infinity"]),
    "two arrays": ("tensor.pt2", "unclear.npz", ["unclear.npz: holds a, b; name the array of samples `samples`"]),
    "words": ("vector.pt2", "words.npz", ["words.npz: holds no array of samples [N,..]"]),
    "no samples": ("vector.pt2", "none.npz", ["none.npz: holds no samples"]),
    "no file of samples": ("vector.pt2", "gone.npz", ["gone.npz: no such file of samples"]),
    "no pictures": ("image.pt2", "gone", ["gone: no such .npz of samples, nor a folder or tar file of pictures"]),
    "no pictures, for tensors": ("vector.pt2", "gone", ["gone: no such .npz of samples, nor a folder"]),
    "a bare array": ("vector.pt2", "bare.npy", ["bare.npy: not an .npz, as numpy.savez(FILE, samples=array) writes"]),
    "no bare array": ("vector.pt2", "gone.npy", ["gone.npy: no such .npz of samples"]),
    "no network": ("gone.pt2", "vectors.npz", ["gone.pt2: no such network"]),
    "text": (
        "text.pt2",
        "vectors.npz",
        ["text.pt2: not a whole network of torch.export.save (.pt2), nor an ONNX file"],
    ),
    "an image as a network": ("pictures/0.png", "images.npz", ["0.png"]),
}


@pytest.mark.parametrize("what", WRONG)
def test_bad_input_is_one_sentence(folder: Path, tmp_path: Path, what: str) -> None:
    network, samples, words = WRONG[what]
    out = tmp_path / "m.safetensors"
    done = peephole("quantize", folder / network, "--calibration", folder / samples, "-o", out)
    assert_one_line(done, 1, *words)
    assert not out.exists()


def test_options_that_make_no_sense(folder: Path, tmp_path: Path) -> None:
    out = ("-o", tmp_path / "m.safetensors")
    floats = ("--calibration", folder / "vectors.npz")
    done = peephole("quantize", folder / "vector.pt2", *floats, "--offset", 0, *out)
    assert_one_line(done, 1, "--offset and --scale are for grey images as uint8, not for floats")
    for option, value in (("--scale", 0), *(("--scale", x) for x in ("inf", "nan", 1e-300, -1)), ("--offset", "nan")):
        done = peephole("quantize", folder / "image.pt2", "--calibration", folder / "images.npz", option, value, *out)
        assert_one_line(done, 2, f"{option} {float(value):g}: must be a number from")
    done = peephole("quantize", folder / "net.ckpt", *floats, "--scale", 255, *out)
    assert_one_line(done, 2, "--offset and --scale are for networks of your own")
    done = peephole("quantize", folder / "vector.pt2", *floats, "--bits", 12, *out)
    assert_one_line(done, 1, "12 bits are not supported; use 8 or 16")


@pytest.mark.parametrize(("options", "told"), [((), "128) / 128"), (("--offset", 0, "--scale", 255), "0) / 255")])
def test_how_pixels_are_read_is_said_even_where_nobody_asked(
    options: tuple[object, ...], told: str, folder: Path, tmp_path: Path
) -> None:
    made = tmp_path / "made.safetensors"
    command = ("quantize", folder / "image.pt2", "--calibration", folder / "images.npz", "-o", made)
    for said in (peephole(*command, *options).stdout, peephole("describe", made).stdout):
        assert f"takes a grey image uint8 [16,12], of which it reads (pixel - {told}, gives int16 [7,5,4] of" in said
