"""The backbones: the networks of their papers, in grey, with and without batch norm, at every size and width."""

from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="needs the train extra")
from torch import nn  # noqa: E402

from peephole.models import ARCHITECTURES, build  # noqa: E402
from peephole.models.backbone import scaled  # noqa: E402
from peephole.models.shufflenet import channel_shuffle  # noqa: E402
from peephole.models.squeezenet import Fire  # noqa: E402

CHECKPOINT = Path(__file__).resolve().parents[2] / "checkpoints" / "squeezenet-128.ckpt"
BYPASSED = {"bypass": True}
VARIANTS = [*((name, {}) for name in ARCHITECTURES), ("squeezenet1_1", BYPASSED), ("shufflenet_v1", {"groups": 8})]


def parameters(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


@pytest.mark.parametrize(
    ("name", "options", "published"),
    [
        ("squeezenet1_0", {"batch_norm": False}, 1_248_424),  # table 1 of the paper
        ("squeezenet1_1", {"batch_norm": False}, 1_235_496),
        ("mobilenet_v1", {}, 4_231_976),  # 4.2 million in table 8 of V1
        ("mobilenet_v1", {"width": 0.5}, 1_331_592),  # 1.3 million in table 6
        ("mobilenet_v2", {}, 3_504_872),  # 3.4 million in table 4 of V2
        ("mobilenet_v2", {"width": 0.5}, 1_968_680),  # 1.95 million as the authors released it
        ("mobilenet_v2", {"width": 1.4}, 6_108_776),  # 6.9 million there, 6.1 million as the authors released it
        ("shufflenet_v1", {}, 1_865_728),  # 1.9 million as the authors released it
        ("shufflenet_v1", {"groups": 8}, 2_434_768),  # 2.4 million
        ("shufflenet_v2", {"width": 0.5}, 1_366_792),  # 1.4 million in table 5 of V2
        ("shufflenet_v2", {}, 2_278_604),  # 2.3 million
        ("shufflenet_v2", {"width": 1.5}, 3_503_624),  # 3.5 million
        ("shufflenet_v2", {"width": 2.0}, 7_393_996),  # 7.4 million
    ],
)
def test_in_colour_with_a_thousand_classes_it_is_the_published_network(
    name: str, options: dict[str, Any], published: int
) -> None:
    assert parameters(build(name, 1000, channels=3, **options)) == published


def test_parameters_of_one_layer_by_hand() -> None:
    fire = 16 * 64 + 2 * 16 + 64 * 16 + 2 * 64 + 64 * 16 * 9 + 2 * 64
    assert parameters(Fire(64, 16, 64)) == fire
    assert parameters(Fire(64, 16, 64, batch_norm=False)) == 16 * 64 + 16 + 64 * 16 + 64 + 64 * 16 * 9 + 64
    # Grey takes 2 x 9 x 64 weights of the stem away, 128 values instead of 1000 takes 872 x 513 of the last layer.
    colour = parameters(build("squeezenet1_1", 1000, channels=3))
    assert parameters(build("squeezenet1_1", 128)) == colour - 2 * 9 * 64 - 872 * 513 == 789_952


@pytest.mark.parametrize(("name", "options"), VARIANTS)
@pytest.mark.parametrize("size", [64, 97, 160])
def test_any_size_gives_one_descriptor(name: str, options: dict[str, Any], size: int) -> None:
    network = build(name, 24, width=0.5, **options).eval()
    with torch.no_grad():
        descriptors = network(torch.randn(2, 1, size, size))
        assert descriptors.shape == (2, 24)
        assert not torch.allclose(descriptors.norm(dim=1), torch.ones(2))
        network.unit_length = True
        torch.testing.assert_close(network(torch.randn(2, 1, size, size)).norm(dim=1), torch.ones(2))


@pytest.mark.parametrize(("name", "options"), VARIANTS)
@pytest.mark.parametrize(("pooling", "batch_norm"), [("average", True), ("depthwise", False)])
def test_the_exported_network_computes_the_same(
    name: str, options: dict[str, Any], pooling: Any, batch_norm: bool
) -> None:
    network = build(name, 16, width=0.25, pooling=pooling, size=64, batch_norm=batch_norm, **options).eval()
    image = torch.randn(1, 1, 64, 64)
    exported = torch.export.export(network, (torch.zeros_like(image),)).module()
    with torch.no_grad():
        torch.testing.assert_close(exported(image), network(image))


@pytest.mark.parametrize("name", ARCHITECTURES)
@pytest.mark.parametrize("batch_norm", [True, False])
def test_every_weight_has_a_gradient(name: str, batch_norm: bool) -> None:
    network = build(name, 16, width=0.25, batch_norm=batch_norm, pooling="depthwise", size=64)
    network(torch.randn(4, 1, 64, 64)).square().sum().backward()
    without = [n for n, p in network.named_parameters() if p.grad is None or not p.grad.any()]
    assert without == []


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_without_batch_norm_every_convolution_has_a_bias(name: str) -> None:
    network = build(name, 16, width=0.25, batch_norm=False, pooling="depthwise", size=64)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in network.modules())
    assert all(module.bias is not None for module in network.modules() if isinstance(module, nn.Conv2d))
    normed = build(name, 16, width=0.25)
    biased = [n for n, m in normed.named_modules() if isinstance(m, nn.Conv2d) and m.bias is not None]
    assert biased == (["conv1", "descriptor"] if name == "squeezeface" else ["descriptor"])  # its stem is folded


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_the_last_convolution_is_the_descriptor(name: str) -> None:
    network = build(name, 16, width=0.25)
    assert [n for n, m in network.named_modules() if isinstance(m, nn.Conv2d)][-1] == "descriptor"
    assert network.descriptor.weight.shape[::3] == (16, 1)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_width_scales_work(name: str) -> None:
    sizes = [parameters(build(name, 16, width=width)) for width in (0.25, 0.5, 0.75, 1.0, 1.5)]
    assert sizes == sorted(set(sizes))


def test_the_names_of_the_shipped_weights_stay() -> None:
    names = set(build("squeezenet1_1", 128).state_dict())
    assert {"conv1.weight", "bn1.running_mean", "fire9.expand3x3_bn.bias", "descriptor.bias"} <= names
    pytest.importorskip("lightning")
    from peephole.training.checkpoints import read_checkpoint
    from peephole.training.module import network_of_checkpoint

    assert set(network_of_checkpoint(read_checkpoint(CHECKPOINT)).state_dict()) == names


def test_depthwise_pooling_starts_as_the_average_and_can_weigh_every_place() -> None:
    torch.manual_seed(1)
    network = build("squeezenet1_1", 16, pooling="depthwise", size=64).eval()
    average = build("squeezenet1_1", 16).eval()
    window, batch_norm = network.window
    assert window.weight.shape == (512, 1, 3, 3)
    image = torch.randn(2, 1, 64, 64)
    with torch.no_grad():
        batch_norm.running_var.fill_(1 - batch_norm.eps)
        average.load_state_dict(network.state_dict(), strict=False)
        torch.testing.assert_close(network(image), average(image))
        window.weight[:, :, 0] = 0
        assert not torch.allclose(network(image), average(image))
    with pytest.raises(ValueError, match="takes 64x64 images, not 96x96"):
        network(torch.zeros(1, 1, 96, 96))


def test_bypass_adds_a_fire_s_input_to_its_output() -> None:
    plain, bypassed = build("squeezenet1_1", 16).eval(), build("squeezenet1_1", 16, bypass=True).eval()
    bypassed.load_state_dict(plain.state_dict())
    for network in (plain, bypassed):  # fires without weights make zeros: only what goes round them is left
        for number in (3, 5, 7, 9):
            network.get_submodule(f"fire{number}").apply(lambda m: [p.data.zero_() for p in m.parameters()] and None)
    image = torch.randn(2, 1, 64, 64)
    with torch.no_grad():
        assert not plain.features(image).any()
        assert bypassed.features(image).any()


def test_channel_shuffle_by_hand() -> None:
    x = torch.arange(6.0).reshape(1, 6, 1, 1)
    assert channel_shuffle(x, 2).flatten().tolist() == [0, 3, 1, 4, 2, 5]
    assert channel_shuffle(x, 3).flatten().tolist() == [0, 2, 4, 1, 3, 5]


def test_scaled_by_hand() -> None:
    assert [scaled(32, width) for width in (1, 0.75, 0.5, 0.35, 0.1)] == [32, 24, 16, 16, 8]
    assert scaled(16, 0.75, 4) == 12
    assert scaled(19, 1) == 24  # 16 would be a sixth less


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("alexnet", {}, "no network is named 'alexnet'; there are: mobilenet_v1"),
        ("mobilenet_v1", {"groups": 2}, "mobilenet_v1 has no option groups"),
        ("shufflenet_v1", {"groups": 5}, "groups of 1, 2, 3, 4, 8, not 5"),
        ("squeezenet1_1", {"width": 0.0}, "width 0.0 of a network must be above 0"),
        ("squeezenet1_1", {"pooling": "max"}, "pooling 'max' is not known"),
    ],
)
def test_what_cannot_be_built_is_told(name: str, options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        build(name, 16, **options)
