"""Any small torch network becomes the same function in our layers: every operator, and ways of writing it."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the train extra")
from torch import Tensor, nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402, N812

from peephole.fixedpoint.importer import Imported, import_file, import_module  # noqa: E402
from torch_networks import MAP, SERIES, Function, conv, rows_shuffled  # noqa: E402

Case = tuple[nn.Module, tuple[int, ...], str]


def run(imported: Imported, samples: np.ndarray) -> np.ndarray:
    """What the imported network returns for samples, as the original would."""
    made = imported.network.outputs(imported.input.to_tensor(samples))
    return imported.output.from_tensor(made)


def stirred(network: nn.Module) -> nn.Module:
    """Batch norm gets statistics, gains and offsets that are not trivial."""
    torch.manual_seed(0)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            for tensor in (module.running_mean, module.running_var, module.weight, module.bias):
                if tensor is not None:
                    nn.init.uniform_(tensor, 0.5, 2)
    return network.eval()


def assert_same(network: nn.Module, shape: tuple[int, ...]) -> Imported:
    samples = np.random.default_rng(0).normal(0, 1, (3, *shape)).astype(np.float32)
    imported = import_module(stirred(network), "net", shape)
    with torch.no_grad():
        expected = network(torch.from_numpy(samples.copy())).numpy()
    made = run(imported, samples)
    assert made.shape == expected.shape
    np.testing.assert_allclose(made, expected, rtol=1e-4, atol=1e-5 * max(1.0, np.abs(expected).max()))
    return imported


def kinds(imported: Imported) -> list[str]:
    return [layer.kind for layer in imported.network.layers]


def same_by_hand(x: Tensor, layer: nn.Module) -> Tensor:
    """Padding as TensorFlow has it: one more below and on the right."""
    return layer(F.pad(x, (0, 1, 0, 1)))


def shuffled_by_hand(x: Tensor) -> Tensor:
    n, c, h, w = x.shape
    return x.view(n, 3, c // 3, h, w).transpose(1, 2).contiguous().view(n, c, h, w)


def shared(x: Tensor, one: nn.Module, other: nn.Module) -> Tensor:
    other.weight = one.weight
    return other(one(one(x).relu()))


def halves_exchanged(x: Tensor, layer: nn.Module) -> Tensor:
    left, right = layer(x).chunk(2, 1)
    return torch.cat([right, left, x], 1)


def dense_block(x: Tensor, norm: nn.Module, one: nn.Module) -> Tensor:
    """Batch norm and ReLU before a convolution, and a concatenation with what is read elsewhere too."""
    return torch.cat([x, one(torch.relu(norm(x)))], 1) * 0.5


def in_place(x: Tensor, one: nn.Module, other: nn.Module) -> Tensor:
    y = one(x)
    z = torch.relu(y)
    y += other(z)
    y.relu_().mul_(2)
    return y + z


def in_place_twice(x: Tensor, one: nn.Module) -> Tensor:
    """Every name of one tensor sees what was done to it through another."""
    y = one(x)
    z = F.dropout(y, training=False)
    z.relu_()
    w = y.mul_(2)
    z += 1
    return y + z + w


def copied(copy: Callable[[Tensor], Tensor]) -> Function:
    """A copy changed in place leaves what it was made of alone."""

    def both(x: Tensor, one: nn.Module, other: nn.Module) -> Tensor:
        y = one(x)
        z = copy(y)
        z.relu_()
        return other(y + z)

    return Function(both, nn.Conv2d(6, 6, 1), nn.Conv2d(6, 6, 1))


def copied_input(x: Tensor, one: nn.Module) -> Tensor:
    y = x.clone()
    y.relu_()
    return one(x) + one(y)


def changed_input(x: Tensor, one: nn.Module) -> Tensor:
    """The network may change its input; what it returns is what counts."""
    y = one(x)
    x.relu_()
    return y + x


def kept_for_later(x: Tensor, one: nn.Module, other: nn.Module) -> Tensor:
    y = one(x)
    kept = y.clone()
    return other(F.relu(y, inplace=True)) + kept


def through_a_view(x: Tensor, one: nn.Module, other: nn.Module) -> Tensor:
    """A view changed in place changes what it is a view of."""
    y = one(x)
    y.permute(0, 2, 3, 1).mul_(2).transpose(1, 3).relu_()
    return other(y) + y


def flattened_copy(x: Tensor, one: nn.Module, dense: nn.Module) -> Tensor:
    """A reshape of what lies in another order is a copy."""
    y = one(x)
    z = y.permute(0, 2, 3, 1).reshape(-1, 432)
    z.relu_()
    return dense(z) + dense(y.flatten(1))


def normalised_first(x: Tensor, layer: nn.Module) -> Tensor:
    scale = torch.tensor([0.5, 0.6, 0.7, 0.8, 0.9, 1.0])[:, None, None]
    return layer((x - 0.25) / scale)


def channels_last(x: Tensor, layer: nn.Module, dense: nn.Module) -> Tensor:
    """Reads [N,H,W,C], and returns the same."""
    y = layer(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
    return dense(y)


def normed_twice(x: Tensor, layer: nn.Module, norm: nn.Module) -> Tensor:
    y = layer(x)
    return norm(y) + y


def split_parts(x: Tensor) -> Tensor:
    one, two, three = torch.split(x, [1, 2, 3], 1)
    return torch.cat([three, x[:, :1] + one, two.relu()], 1)


MAPS: dict[str, tuple[nn.Module, str]] = {
    "grouped": (nn.Conv2d(6, 4, 3, groups=2), "conv2d"),
    "depthwise": (nn.Conv2d(6, 6, 3, groups=6, padding=1), "depthwise_conv2d"),
    "depthwise with more outputs": (nn.Conv2d(6, 12, 3, groups=6), "conv2d"),
    "strided": (nn.Conv2d(6, 4, (3, 2), stride=(1, 2), padding=(1, 0)), "conv2d"),
    "dilated": (nn.Conv2d(6, 4, 3, dilation=(2, 3), padding=2), "conv2d"),
    "same": (nn.Conv2d(6, 4, (4, 3), padding="same"), "conv2d"),
    "valid": (nn.Conv2d(6, 4, 2, padding="valid"), "conv2d"),
    "padded before": (nn.Sequential(nn.ZeroPad2d((0, 1, 2, 1)), conv(4)), "conv2d"),
    "padded as TensorFlow does": (Function(same_by_hand, nn.Conv2d(6, 4, 3, stride=2)), "conv2d"),
    "padded for two": (
        Function(lambda x, a, b: a(F.pad(x, (1, 1))) + b(F.pad(x, (1, 1))), conv(), conv()),
        "conv2d conv2d add",
    ),
    "padded alone": (Function(lambda x: F.pad(x, (2, 1, 0, 3))), "depthwise_conv2d"),
    "padded pool": (nn.Sequential(nn.ReLU(), nn.ZeroPad2d((0, 1, 0, 1)), nn.MaxPool2d(3, 2)), "copy_channels max_pool"),
    "padded mean": (nn.Sequential(nn.ZeroPad2d((1, 2, 0, 1)), nn.AvgPool2d(3)), "average_pool"),
    "batch norm": (nn.Sequential(conv(4), nn.BatchNorm2d(4), nn.ReLU()), "conv2d"),
    "batch norm without gains": (nn.Sequential(conv(4), nn.BatchNorm2d(4, affine=False)), "conv2d"),
    "a module twice, and one that shares its weights": (
        Function(shared, conv(6, 1), conv(6, 1)),
        "conv2d conv2d conv2d",
    ),
    "batch norm first": (nn.Sequential(nn.BatchNorm2d(6), conv(4)), "conv2d"),
    "batch norm before padding": (
        nn.Sequential(nn.BatchNorm2d(6), nn.Conv2d(6, 4, 3, padding=1)),
        "depthwise_conv2d conv2d",
    ),
    "batch norm of a concatenation": (
        nn.Sequential(
            Function(lambda x, a, b: torch.cat([a(x), b(x)], 1), conv(2), conv(4)), nn.BatchNorm2d(6), nn.ReLU6()
        ),
        "conv2d conv2d",
    ),
    "batch norm of what is read elsewhere": (
        Function(normed_twice, conv(), nn.BatchNorm2d(6)),
        "conv2d depthwise_conv2d add",
    ),
    "ReLU6": (nn.Sequential(conv(), nn.ReLU6()), "conv2d"),
    "hardtanh": (nn.Sequential(conv(), nn.Hardtanh(-0.5, 0.75)), "conv2d"),
    "clamp twice": (Function(lambda x, a: a(x).clamp(min=0.1).clamp_max(0.4), conv()), "conv2d"),
    "clamp of a sum": (Function(lambda x, a: (a(x) + a(x)).clamp(-1, 2), conv()), "conv2d conv2d add"),
    "ReLU alone": (nn.ReLU(), "copy_channels"),
    "ReLU of what is read elsewhere": (
        Function(lambda x, a: (lambda y: y.relu() + y)(a(x)), conv()),
        "conv2d copy_channels add",
    ),
    "ReLU through a pool": (nn.Sequential(conv(), nn.MaxPool2d(2), nn.ReLU()), "conv2d max_pool"),
    "ReLU of a mean": (nn.Sequential(conv(), nn.AvgPool2d(2), nn.ReLU()), "conv2d average_pool copy_channels"),
    "ReLU of a mean of ReLUs": (nn.Sequential(conv(), nn.ReLU(), nn.AvgPool2d(2), nn.ReLU()), "conv2d average_pool"),
    "max pool": (nn.MaxPool2d((2, 3), stride=(2, 1), padding=(1, 0)), "max_pool"),
    "max pool, ceil": (nn.MaxPool2d(3, 2, padding=1, ceil_mode=True), "max_pool"),
    "max pool, dilated": (nn.MaxPool2d(2, 1, dilation=3), "max_pool"),
    "average pool": (nn.AvgPool2d(3, 2, padding=1), "average_pool"),
    "average pool, ceil": (nn.AvgPool2d(2, 2, padding=(0, 1), ceil_mode=True), "average_pool"),
    "average pool, padding left out": (nn.AvgPool2d(3, 2, padding=1, count_include_pad=False), "average_pool"),
    "average pool of everything": (nn.AvgPool2d((9, 8)), "global_average_pool"),
    "adaptive": (nn.AdaptiveAvgPool2d((3, 4)), "average_pool"),
    "adaptive, one side": (nn.AdaptiveAvgPool2d((None, 1)), "average_pool"),
    "adaptive maximum": (nn.AdaptiveMaxPool2d(1), "max_pool"),
    "mean": (Function(lambda x: x.mean((2, 3))), "global_average_pool"),
    "mean, dimensions kept": (Function(lambda x: x.mean([-1, -2], keepdim=True)), "global_average_pool"),
    "mean over the width": (Function(lambda x: x.mean(3)), "average_pool"),
    "mean over the height, then a series": (
        Function(lambda x, a: a(x.mean(2)), nn.Conv1d(6, 3, 3)),
        "average_pool conv2d",
    ),
    "mean over the width, then a series": (
        Function(lambda x, a: a(x.mean(3)), nn.Conv1d(6, 3, 3)),
        "average_pool conv2d",
    ),
    "mean over a flattened map": (
        Function(lambda x: x.relu().flatten(2).mean(-1)),
        "copy_channels global_average_pool",
    ),
    "maximum of shuffled rows": (Function(rows_shuffled, Function(lambda x: x.flatten(2).amax(2))), "max_pool"),
    "sum over a map": (Function(lambda x: x.sum((2, 3))), "global_average_pool depthwise_conv2d"),
    "maximum": (Function(lambda x: x.amax((2, 3))), "max_pool"),
    "sum": (Function(lambda x, a: x + a(x), nn.Conv2d(6, 6, 1)), "conv2d add"),
    "sum with a factor": (Function(lambda x, a: torch.add(x, a(x), alpha=3), nn.Conv2d(6, 6, 1)), "conv2d add"),
    "difference": (Function(lambda x, a: x - a(x), nn.Conv2d(6, 6, 1)), "conv2d add"),
    "constants before": (Function(normalised_first, conv(4)), "conv2d"),
    "constants after": (Function(lambda x, a: 1 - a(x) * 2 / 3 + 0.5, conv(4)), "conv2d"),
    "a map of one number": (Function(lambda x, a: a(x) + torch.full((7, 6), 0.5), conv(4)), "conv2d"),
    "constants alone": (Function(lambda x: -(x * 0.75) + 2), "depthwise_conv2d"),
    "a factor a channel": (
        Function(lambda x: x.relu() * torch.arange(6.0)[None, :, None, None]),
        "copy_channels depthwise_conv2d",
    ),
    "concatenation": (Function(lambda x, a, b: torch.cat((a(x), b(x)), 1).relu(), conv(2), conv(3)), "conv2d conv2d"),
    "concatenation in a concatenation": (
        Function(lambda x, a, b: torch.cat((torch.cat((a(x), b(x)), 1), b(x)), -3), conv(2), conv(3)),
        "conv2d conv2d conv2d",
    ),
    "concatenation of what is read elsewhere": (
        Function(lambda x, a: (lambda y: torch.cat((y, y.relu(), x), 1))(a(x)), nn.Conv2d(6, 2, 1)),
        "conv2d copy_channels copy_channels copy_channels",
    ),
    "ReLU of a concatenation with an input": (
        Function(lambda x, a: torch.cat((a(x), x), 1).relu(), nn.Conv2d(6, 2, 1)),
        "conv2d copy_channels",
    ),
    "chunks": (Function(halves_exchanged, nn.Conv2d(6, 4, 1)), "conv2d copy_channels copy_channels copy_channels"),
    "split": (Function(split_parts), "copy_channels copy_channels copy_channels copy_channels add"),
    "all of the batch": (Function(lambda x: x[:].relu()), "copy_channels"),
    "slices": (
        Function(lambda x, a: a(x[:, 1:4]) + a(x[:, -3:]), nn.Conv2d(3, 2, 1)),
        "copy_channels conv2d copy_channels conv2d add",
    ),
    "a channel": (Function(lambda x: x[:, 2]), "copy_channels"),
    "upsampling": (nn.Upsample(scale_factor=2), "upsample"),
    "upsampling to a size": (
        Function(lambda x, a: a(F.interpolate(x.relu(), (18, 16))), conv(4)),
        "copy_channels upsample conv2d",
    ),
    "upsampling, exactly": (
        Function(lambda x, a: a(F.interpolate(x, scale_factor=2.0, mode="nearest-exact")), conv(4)),
        "upsample conv2d",
    ),
    "a pyramid": (
        Function(
            lambda x, a, b: a(x) + F.interpolate(b(x), scale_factor=2), nn.Conv2d(6, 4, (2, 1)), nn.Conv2d(6, 4, 2, 2)
        ),
        "conv2d conv2d upsample add",
    ),
    "shuffle": (nn.ChannelShuffle(3), "shuffle_channels"),
    "shuffle by hand": (Function(shuffled_by_hand), "shuffle_channels"),
    "a group by hand": (Function(lambda x: x.view(-1, 2, 3, 9, 8)[:, 1]), "copy_channels"),
    "flattened": (
        nn.Sequential(conv(4, 5), nn.Flatten(), nn.Linear(80, 7), nn.ReLU(), nn.Linear(7, 3)),
        "conv2d conv2d conv2d",
    ),
    "flattened by hand": (Function(lambda x, a: a(x.reshape(x.shape[0], -1)), nn.Linear(432, 5)), "conv2d"),
    "rows flattened": (Function(lambda x, a: a(x.transpose(1, 2).flatten(2)), nn.Linear(48, 5)), "conv2d"),
    "rows shuffled and flattened": (
        Function(rows_shuffled, nn.Sequential(nn.ReLU(), nn.Flatten(), nn.Linear(432, 3))),
        "copy_channels conv2d",
    ),
    "flattened at the end": (nn.Sequential(conv(4), nn.Flatten()), "conv2d"),
    "squeezed": (
        Function(lambda x, a: a(x.mean((2, 3), keepdim=True).squeeze(3).squeeze(2)), nn.Linear(6, 2)),
        "global_average_pool conv2d",
    ),
    "dropout and identity": (nn.Sequential(nn.Identity(), nn.Dropout2d(), conv(2), nn.Dropout()), "conv2d"),
    "dense block": (
        Function(dense_block, nn.BatchNorm2d(6), nn.Conv2d(6, 2, 1)),
        "copy_channels depthwise_conv2d conv2d depthwise_conv2d",
    ),
    "in place": (Function(in_place, nn.Conv2d(6, 6, 1), nn.Conv2d(6, 6, 1)), ""),
    "in place twice": (Function(in_place_twice, nn.Conv2d(6, 6, 1)), ""),
    "a clone": (copied(lambda x: x.clone()), ""),
    "a clone that stays": (Function(kept_for_later, nn.Conv2d(6, 6, 1), nn.Conv2d(6, 6, 1)), ""),
    "a copy in another order": (copied(lambda x: x.transpose(2, 3).contiguous().transpose(2, 3)), ""),
    "no copy in its own order": (copied(lambda x: x.contiguous()), ""),
    "a cast that copies": (copied(lambda x: x.to(torch.float32, copy=True)), ""),
    "a cast that does not": (copied(lambda x: x.to(torch.float32)), ""),
    "a concatenation of one": (copied(lambda x: torch.cat([x])), ""),
    "a pool of single pixels": (copied(lambda x: F.adaptive_avg_pool2d(x, (9, 8))), ""),
    "a dropout, which copies nothing": (copied(lambda x: F.dropout2d(x, training=False)), ""),
    "a copy of the input": (Function(copied_input, conv()), ""),
    "an input that is changed": (Function(changed_input, nn.Conv2d(6, 6, 1)), ""),
    "in place through a view": (Function(through_a_view, nn.Conv2d(6, 6, 1), nn.Conv2d(6, 6, 1)), ""),
    "a reshape that copies": (Function(flattened_copy, nn.Conv2d(6, 6, 1), nn.Linear(432, 3)), ""),
    "unit length": (Function(lambda x, a: F.normalize(a(x.flatten(1))), nn.Linear(432, 4)), "conv2d l2_normalize"),
    "casts": (Function(lambda x, a: a(x.double().float()).to(torch.float64).to(x), nn.Conv2d(6, 4, 1)), "conv2d"),
    "channels last": (Function(channels_last, nn.Conv2d(8, 4, 2), nn.Linear(4, 3)), "conv2d conv2d"),
    "weight norm": (nn.utils.parametrizations.weight_norm(nn.Conv2d(6, 4, 1)), "conv2d"),
}


@pytest.mark.filterwarnings("ignore:Using padding='same'")
@pytest.mark.parametrize("name", MAPS)
def test_maps(name: str) -> None:
    network, expected = MAPS[name]
    imported = assert_same(network, MAP)
    if expected:
        assert sorted(kinds(imported)) == sorted(expected.split()), name


OTHERS: dict[str, Case] = {
    "series": (
        nn.Sequential(
            nn.Conv1d(6, 4, 3, padding=1, stride=2), nn.BatchNorm1d(4), nn.ReLU(), nn.MaxPool1d(2), nn.Flatten()
        ),
        SERIES,
        "conv2d max_pool",
    ),
    "series, means": (
        nn.Sequential(nn.AvgPool1d(3), nn.AdaptiveAvgPool1d(1), nn.Flatten()),
        SERIES,
        "average_pool global_average_pool",
    ),
    "series, channels last": (Function(lambda x, a: a(x.transpose(1, 2)), nn.Linear(6, 5)), SERIES, "conv2d"),
    "series as a picture": (Function(lambda x, a: a(x.unsqueeze(1)), nn.Conv2d(1, 3, (2, 5))), SERIES, "conv2d"),
    "vector": (nn.Sequential(nn.Linear(10, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Linear(6, 10)), (10,), "conv2d conv2d"),
    "vector as a picture": (Function(lambda x, a: a(x.view(-1, 1, 3, 4)), nn.Conv2d(1, 2, 2)), (12,), "conv2d"),
    "two vectors": (
        Function(lambda x, a, b: torch.cat([a(x), b(x)], 1), nn.Linear(5, 2), nn.Linear(5, 3)),
        (5,),
        "conv2d conv2d",
    ),
    "unit length by hand": (
        Function(lambda x: x / (x.norm(dim=1, keepdim=True) + 1e-8).clamp(min=1e-12)),
        (5,),
        "l2_normalize",
    ),
    "a product": (Function(lambda x: x @ torch.arange(15.0).view(5, 3) + 1), (5,), "conv2d"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_series_and_vectors(name: str) -> None:
    network, shape, expected = OTHERS[name]
    assert kinds(assert_same(network, shape)) == expected.split()


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_a_saved_program_is_the_same(tmp_path: Path) -> None:
    """With a batch of its own, too, and after torch's own decompositions."""
    network = nn.Sequential(conv(4), nn.BatchNorm2d(4), nn.ReLU6(True), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(36, 3))
    samples = np.random.default_rng(1).normal(0, 1, (5, *MAP)).astype(np.float32)
    batch = {"x": {0: torch.export.Dim("batch")}}
    module = Function(lambda x, a: a(x), stirred(network)).eval()
    with torch.no_grad():
        expected = module(torch.from_numpy(samples)).numpy()
    exported = torch.export.export(module, (torch.from_numpy(samples),), dynamic_shapes=batch)
    for number, program in enumerate((exported, exported.run_decompositions())):
        torch.export.save(program, tmp_path / f"{number}.pt2")
        imported = import_file(tmp_path / f"{number}.pt2")
        np.testing.assert_allclose(run(imported, samples), expected, rtol=1e-4, atol=1e-5)
        assert kinds(imported) == ["conv2d", "max_pool", "conv2d"]
    assert [layer.name for layer in imported.network.layers] == ["parts.0.0", "parts.0.3", "parts.0.5"]
