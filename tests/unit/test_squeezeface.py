"""SqueezeFace: a network within 1.5 MB, a window that fits every map, and a warm start from SqueezeNet 1.1."""

import pytest

torch = pytest.importorskip("torch", reason="needs the train extra")
from torch.nn.functional import max_pool2d  # noqa: E402

from peephole.models import build  # noqa: E402
from peephole.models.squeezeface import SIDE, contiguous_gradient, from_squeezenet1_1  # noqa: E402


def some_squeezenet() -> torch.nn.Module:
    torch.manual_seed(1)
    network = build("squeezenet1_1", 16)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
            torch.nn.init.normal_(module.bias, std=0.1)
            torch.nn.init.normal_(module.running_mean, std=0.1)
            torch.nn.init.uniform_(module.running_var, 0.5, 1.5)
    return network.eval()


def test_its_weights_at_16_bits_are_within_1_5_megabytes() -> None:
    network = build("squeezeface", 128)
    weights = sum(p.numel() for p in network.parameters() if p.ndim == 4)
    assert 2 * weights == 1_462_032


def test_a_new_window_is_the_mean_at_every_size() -> None:
    network = build("squeezeface", 16, width=0.25).eval()
    network.unit_length = False
    for size in (64, 96, 128, 160):
        faces = torch.randn(2, 1, size, size)
        mean = network.descriptor(network.features(faces).mean((2, 3), keepdim=True)).flatten(1)
        torch.testing.assert_close(network(faces), mean, rtol=1e-3, atol=1e-5)


def test_a_smaller_map_sees_the_window_shrunk() -> None:
    network = build("squeezeface", 16, width=0.25).eval()
    assert network.features(torch.zeros(1, 1, 128, 128)).shape[-1] == SIDE
    with torch.no_grad():
        network.window.weight[:, :, :, : SIDE // 2] = 0  # the left side counts for nothing
    map_ = torch.zeros(1, network.window.in_channels, 5, 5)
    map_[:, :, :, :2] = 1
    assert network._resized_window(map_).abs().max() < 0.2 * network._resized_window(map_.flip(-1)).abs().min()


def test_a_fitted_network_says_the_same_with_a_window_of_its_size() -> None:
    network = build("squeezeface", 16, width=0.25).eval()
    torch.nn.init.normal_(network.window.weight)
    faces = torch.randn(2, 1, 96, 96)
    before = network(faces)
    network.fit(96)
    assert network.window.weight.shape[2:] == (5, 5)
    torch.testing.assert_close(network(faces), before, rtol=1e-4, atol=1e-5)


def test_the_warm_start_keeps_the_stem_to_the_bit_of_rounding() -> None:
    old = some_squeezenet()
    new = build("squeezeface", 16).eval()
    new.load_state_dict(from_squeezenet1_1(old.state_dict()))
    faces = torch.randn(2, 1, 64, 64)
    stem = max_pool2d(torch.relu(old.bn1(old.conv1(faces))), 3, 2)
    torch.testing.assert_close(max_pool2d(torch.relu(new.conv1(faces)), 3, 2), stem, rtol=1e-4, atol=1e-5)


def test_the_warm_start_keeps_the_channels_that_are_read_most() -> None:
    old = some_squeezenet()
    with torch.no_grad():
        old.fire9.squeeze.weight[:, 256 + 56 :] *= 1e-3  # of fire8's 256 3x3 channels all but 56 hardly matter
    new = from_squeezenet1_1(old.state_dict())
    assert new["fire8.expand3x3.weight"].shape[0] == 200
    torch.testing.assert_close(new["fire8.expand3x3.weight"][:56], old.fire8.expand3x3.weight[:56])
    assert new["descriptor.weight"].shape == (16, 456, 1, 1)


def test_a_gradient_of_a_slice_is_made_contiguous() -> None:
    seen: list[torch.Tensor] = []
    x = torch.randn(1, 4, 3, 3).contiguous(memory_format=torch.channels_last).requires_grad_()
    y = x * 2
    y.register_hook(seen.append)
    torch.cat((contiguous_gradient(y), torch.zeros_like(x)), 1).square().sum().backward()
    assert seen[0].is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(x.grad, 8 * x.detach())
