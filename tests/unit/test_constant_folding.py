"""Constants go into the convolutions beside them, and stay where padding would make that another function."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the train extra")
from torch import Tensor, nn  # noqa: E402

from peephole.fixedpoint.importer import Imported, import_module  # noqa: E402
from peephole.fixedpoint.quantize import QuantizationOptions, quantize  # noqa: E402


class Around(nn.Module):
    """A convolution with something done to what it reads and to what it makes."""

    def __init__(self, conv: nn.Module, factor: float = 1, added: float = 0, then: float = 1) -> None:
        super().__init__()
        self.conv, self.factor, self.added, self.then = conv, factor, added, then

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x * self.factor + self.added) * self.then


def conv(inputs: int, outputs: int, kernel: int = 3, **options: object) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, kernel, **{"padding": kernel // 2} | options)  # type: ignore[arg-type]


def imported(network: nn.Module, channels: int) -> Imported:
    """The network as it is imported, which computes what torch computes."""
    torch.manual_seed(0)
    for parameter in network.parameters():
        nn.init.normal_(parameter, std=0.5)
    made = import_module(network.eval(), "folded", (channels, 7, 6))
    x = torch.randn(4, channels, 7, 6)
    with torch.no_grad():
        expected = network(x).numpy()
    got = made.output.from_tensor(made.network.outputs(made.input.to_tensor(x.numpy())))
    np.testing.assert_allclose(got, expected, atol=1e-5 * np.abs(expected).max())
    return made


@pytest.mark.parametrize(
    ("network", "channels"),
    [
        (Around(conv(3, 4), factor=1 / 255), 3),
        (Around(conv(3, 4, padding=0), added=-3), 3),
        (Around(conv(3, 4), then=0.25), 3),
        (nn.Sequential(conv(1, 1, 1, bias=False), conv(1, 4)), 1),
        (nn.Sequential(conv(1, 1, 1), conv(1, 4, padding=0)), 1),
        (nn.Sequential(conv(3, 3, 1, groups=3, bias=False), conv(3, 4)), 3),
        (nn.Sequential(conv(3, 3, 1, bias=False), conv(3, 4)), 3),
        (nn.Sequential(conv(3, 3, 1), conv(3, 4, padding=0)), 3),
        (nn.Sequential(conv(3, 3, 1), conv(3, 3, 1), conv(3, 4, padding=0)), 3),
        (nn.Sequential(conv(3, 4), nn.ReLU(), conv(4, 4, 1, groups=4, bias=False), conv(4, 2)), 3),
    ],
    ids=[
        "factor before",
        "sum before, no padding",
        "factor after",
        "1x1 scaling",
        "1x1 with bias, no padding",
        "a factor a channel",
        "colours mixed",
        "colours mixed, bias, no padding",
        "mixed twice",
        "factor after a ReLU",
    ],
)
def test_what_only_scales_or_mixes_the_input_is_folded(network: nn.Module, channels: int) -> None:
    wanted = sum(isinstance(module, nn.Conv2d) and module.kernel_size != (1, 1) for module in network.modules())
    assert len(imported(network, channels).network.layers) == wanted


@pytest.mark.parametrize(
    "network",
    [
        Around(conv(3, 4), added=-3),
        nn.Sequential(conv(3, 3, 1, groups=3), conv(3, 4)),
        nn.Sequential(conv(3, 3, 1), conv(3, 4)),
    ],
    ids=["sum", "scaling with bias", "mixing with bias"],
)
def test_what_adds_stays_a_layer_where_zeros_are_padded_behind_it(network: nn.Module) -> None:
    assert len(imported(network, 3).network.layers) == 2


def test_a_narrow_waist_is_no_mixing_and_stays() -> None:
    assert len(imported(nn.Sequential(conv(16, 2, 1), conv(2, 16, padding=0)), 16).network.layers) == 2


def test_a_scaling_of_an_image_goes_into_its_pixels_or_is_a_layer_of_the_program() -> None:
    images = np.random.default_rng(0).integers(0, 256, (8, 7, 6), np.uint8)
    for bias, layers in ((False, 1), (True, 2)):
        network = nn.Sequential(conv(1, 1, 1, bias=bias), conv(1, 4))
        nn.init.constant_(network[0].weight, 2.0)
        made = import_module(network.eval(), "folded", (1, 7, 6), "image")
        program, report = quantize(made.network, images, QuantizationOptions.of(16, task="network"))
        assert len(program.layers) == layers
        assert report.output_snr_db > 60
