"""Networks of others in integers: every backbone, tensors of any shape, images of any scale, and what is refused."""

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the train extra")
from torch import nn  # noqa: E402

from peephole.engine import Engine  # noqa: E402
from peephole.fixedpoint import interpreter  # noqa: E402
from peephole.fixedpoint.importer import Imported, import_module  # noqa: E402
from peephole.fixedpoint.program import NETWORK, IntegerProgram  # noqa: E402
from peephole.fixedpoint.quantize import QuantizationOptions, quantize  # noqa: E402
from peephole.fixedpoint.samples import as_integers, as_values  # noqa: E402
from peephole.models import build  # noqa: E402
from peephole.models.landmarks import LandmarkNet  # noqa: E402
from programs import smooth_images  # noqa: E402

BACKBONES: dict[str, dict[str, Any]] = {
    "squeezenet1_0": {"width": 0.25},
    "squeezenet1_1": {"width": 0.25, "bypass": True},
    "squeezeface": {"width": 0.25},
    "mobilenet_v1": {"width": 0.25},
    "mobilenet_v2": {"width": 0.25},
    "shufflenet_v1": {"width": 0.25, "groups": 4},
    "shufflenet_v2": {"width": 0.5},
}
LEAST_DB = {16: 35, 8: 5}  # of networks with random weights; ours keep far more once they are trained


def stirred(network: nn.Module, *shape: int) -> nn.Module:
    """Batch norm gets gains and offsets, and statistics of what it sees."""
    torch.manual_seed(0)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d) and module.affine:
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, std=0.3)
            module.momentum = None
    network.train()(torch.randn(8, *shape))
    return network.eval()


def as_network(imported: Imported, samples: np.ndarray, bits: int) -> tuple[IntegerProgram, float]:
    """The program and its signal to noise; the engine and the interpreter agree on every layer of it."""
    options = QuantizationOptions.of(bits, task=NETWORK, report_images=4)
    program, report = quantize(imported.network, samples, options, bits)
    given = as_integers(program, samples[0])
    made = Engine(program, 1).layers(given)
    for name, values in interpreter.run(program, given).items():
        np.testing.assert_array_equal(made[name], values, err_msg=name)
    return program, report.output_snr_db


@pytest.mark.parametrize("name", BACKBONES)
def test_backbones(name: str) -> None:
    torch.manual_seed(0)
    network = build(name, 16, size=64, **BACKBONES[name])
    if hasattr(network, "fit"):
        network.fit(64)
    network = stirred(network, 1, 64, 64)
    images = smooth_images(8, 64)
    imported = import_module(network, name, (1, 64, 64), "image")
    with torch.no_grad():
        expected = network((torch.from_numpy(images[:, None]).float() - 128) / 128).numpy()
    made = imported.output.from_tensor(imported.network.outputs(images))
    np.testing.assert_allclose(made, expected, atol=1e-4 * np.abs(expected).max())
    for bits, least in LEAST_DB.items():
        assert as_network(imported, images, bits)[1] > least, bits


def test_the_landmark_network() -> None:
    network = stirred(LandmarkNet((4, 8, 8, 8)), 1, 64, 64)
    imported = import_module(network, "points", (1, 64, 64), "image")
    for bits, least in LEAST_DB.items():
        assert as_network(imported, smooth_images(8, 64), bits)[1] > least, bits


class Everything(nn.Module):
    """Reads [6,9,8], and has every layer that there is."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.BatchNorm2d(6), nn.ReLU(), nn.Conv2d(6, 8, 3, stride=2, padding=1), nn.ReLU6())
        self.grouped = nn.Sequential(nn.Conv2d(8, 8, 1, groups=2), nn.ChannelShuffle(2), nn.Hardtanh(-0.8, 0.9))
        self.alone = nn.Conv2d(8, 8, 3, padding=2, dilation=2, groups=8)
        self.last = nn.Conv2d(12, 5, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.first(x)
        left, right = (self.grouped(y) + self.alone(y)).chunk(2, 1)
        pooled = nn.functional.avg_pool2d(y[:, 2:6], 3, 1, 1, count_include_pad=False)
        y = torch.cat([right, pooled * 0.7, left.relu()], 1)
        y = nn.functional.max_pool2d(y, 3, 2, 1, ceil_mode=True)
        return self.last(nn.functional.interpolate(y, scale_factor=2))


@pytest.mark.parametrize("bits", [16, 8])
def test_every_layer_on_tensors(bits: int) -> None:
    imported = import_module(stirred(Everything(), 6, 9, 8), "everything", (6, 9, 8))
    samples = np.random.default_rng(0).normal(0, 1, (64, 6, 9, 8)).astype(np.float32)
    inputs = imported.input.to_tensor(samples)
    program, noise = as_network(imported, inputs, bits)
    assert noise > {16: 50, 8: 20}[bits]
    kinds = {layer.kind for layer in program.layers}
    assert kinds == {
        "conv2d", "depthwise_conv2d", "add", "copy_channels", "shuffle_channels", "average_pool", "max_pool",
        "upsample",
    }  # fmt: skip
    assert (program.task, program.input_kind, program.input.bits, program.input_offset) == (
        "network",
        "tensor",
        bits,
        0,
    )
    made = as_values(program, Engine(program, 1).run(as_integers(program, inputs[5])))
    wanted = imported.network.outputs(inputs[5:6])[0]
    assert np.abs(made - wanted).max() < {16: 0.01, 8: 0.3}[bits] * np.abs(wanted).max()


@pytest.mark.parametrize("bits", [16, 8])
@pytest.mark.parametrize(
    ("offset", "scale", "entered", "layers"),
    [
        (128, 128, 128, ["0"]),
        (0, 255, 0, ["0"]),  # pixel / 255; of 16 bits the program's own offset
        (33.3, 78.6, 128, ["image.scaled", "0"]),
    ],
)
def test_images_of_any_scale(bits: int, offset: float, scale: float, entered: int, layers: list[str]) -> None:
    """The first convolution pads, so that an offset cannot go into its bias."""
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.ReLU()).eval()
    imported = import_module(network, "net", (1, 10, 10), "image", offset, scale)
    images = np.random.default_rng(0).integers(0, 256, (20, 10, 10), np.uint8)
    program, noise = as_network(imported, images, bits)
    assert noise > {16: 55, 8: 25}[bits]
    if bits == 8 and entered == 0:
        entered, layers = 128, ["image.scaled", "0"]
    assert program.input_offset == entered
    assert [layer.name for layer in program.layers] == layers


def test_a_pool_may_read_the_image() -> None:
    network = nn.Sequential(nn.MaxPool2d(2), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(9, 3)).eval()
    images = np.random.default_rng(0).integers(0, 256, (20, 12, 12), np.uint8)
    for offset, entered in ((128, ["0", "1", "3"]), (0, ["image.scaled", "0", "1", "3"])):
        imported = import_module(network, "net", (1, 12, 12), "image", offset, 128)
        for bits in (16, 8):
            program, noise = as_network(imported, images, bits)
            assert noise > {16: 50, 8: 20}[bits]
            assert [layer.name for layer in program.layers] == entered


def dying() -> nn.Module:
    network = nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 2)).eval()
    nn.init.constant_(network[0].bias, -1e6)  # type: ignore[arg-type]
    return network


def with_nan() -> nn.Module:
    network = nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 2)).eval()
    nn.init.constant_(network[2].weight, float("nan"))  # type: ignore[arg-type]
    return network


def test_what_cannot_be_quantized_is_named() -> None:
    healthy = nn.Sequential(nn.Linear(4, 2)).eval()
    varied = np.random.default_rng(0).normal(0, 1, (9, 1, 1, 4)).astype(np.float32)
    with pytest.raises(ValueError, match="layer 2: weights hold NaN or infinity"):
        import_module(with_nan(), "net", (4,))
    with pytest.raises(ValueError, match="layer 0: gives 0 for every sample; calibrate with what it will see, or look"):
        quantize(import_module(dying(), "net", (4,)).network, varied)
    with pytest.raises(
        ValueError, match=r"layer 0: cannot be calibrated, the 9 samples hold nothing but 0\.5; calibrate with"
    ):
        quantize(import_module(healthy, "net", (4,)).network, np.full_like(varied, 0.5))
    with pytest.raises(ValueError, match="there is nothing to calibrate on"):
        quantize(import_module(healthy, "net", (4,)).network, varied[:0])
    black = np.zeros((1, 8, 8), np.uint8)
    with pytest.raises(
        ValueError, match="layer 0: cannot be calibrated, the sample holds nothing but 0; calibrate with some hundred"
    ):
        quantize(import_module(nn.Sequential(nn.Conv2d(1, 2, 3)), "net", (1, 8, 8), "image").network, black)
