"""What a torch network does and our layers do not is refused by name, with what to do."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="needs the train extra")
from torch import Tensor, nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402, N812

from peephole.fixedpoint.importer import import_file, import_module  # noqa: E402
from torch_networks import MAP, SERIES, Function, conv, rows_shuffled  # noqa: E402

Case = tuple[nn.Module, tuple[int, ...], str]

TINY = "vector's length may be kept from zero by a constant of at most 1e-06, not more"
ROUNDING = "rounding to whole numbers inside of the network is not supported; leave the cast out"
FIXED = "make it a constant, the same for every sample"


class Counter(nn.Module):
    """Counts in a buffer of its part how often it is called."""

    def __init__(self) -> None:
        super().__init__()
        self.part = nn.BatchNorm1d(3)
        self.part.register_buffer("count", torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        self.part.count.add_(1)
        return x + self.part.count


def length(x: Tensor) -> Tensor:
    return x.norm(dim=1, keepdim=True)


def changed_in_part(x: Tensor, layer: nn.Module) -> Tensor:
    y = layer(x)
    y[:, :2].relu_()
    return y


WRONG: dict[str, Case] = {
    "gates": (Function(lambda x: x * x.mean((2, 3), keepdim=True).sigmoid()), MAP, "operator sigmoid .*; use ReLU or"),
    "a sigmoid in the middle": (
        nn.Sequential(conv(), nn.Sigmoid(), conv()),
        MAP,
        "module 1: operator sigmoid is not supported; use ReLU or another clip, as ReLU6 and hardtanh, and train again",
    ),
    "a sigmoid at the end": (
        nn.Sequential(conv(), nn.Sigmoid(), nn.Flatten()),
        MAP,
        "module 1: operator sigmoid is not supported; leave it out at the end of the network",
    ),
    "upsampling by three": (
        nn.Upsample(scale_factor=3),
        MAP,
        r"upsampling from \d+x\d+ to \d+x\d+ is not supported; by 2 is, once or several times",
    ),
    "upsampling by a little more than two": (
        nn.Upsample(scale_factor=2.05),
        MAP,
        "upsampling from .* is not supported; by 2 is",
    ),
    "smooth upsampling": (
        nn.Upsample(scale_factor=2, mode="bilinear"),
        MAP,
        "operator upsample_bilinear2d is not supported; use nearest-neighbour upsampling by 2",
    ),
    "upsampling of a series": (
        nn.Upsample(scale_factor=2),
        (6, 9),
        "operator upsample_nearest1d is not supported; use nearest-neighbour upsampling by 2",
    ),
    "the largest few": (Function(lambda x: x.topk(2)[0]), (5,), "operator topk is not supported; leave it out at the"),
    "a softmax in the middle": (
        nn.Sequential(nn.Linear(5, 5), nn.Softmax(1), nn.Linear(5, 5)),
        (5,),
        "operator softmax is not supported; build the network of convolutions",
    ),
    "SiLU": (nn.Sequential(conv(), nn.SiLU()), MAP, "operator silu is not supported; use ReLU or another clip"),
    "attention": (
        Function(lambda x, a: a(x, x, x, need_weights=False)[0], nn.MultiheadAttention(12, 2, batch_first=True)),
        SERIES,
        r"module parts\.0: operator scaled_dot_product_attention is not supported; attention multiplies tensors; use c",
    ),
    "products of tensors": (
        Function(lambda x: x @ x.transpose(1, 2)),
        SERIES,
        "the matrix product of two tensors is not supported; use a sum or a concatenation",
    ),
    "weights on the left": (
        Function(lambda x: torch.ones(3, 6) @ x),
        SERIES,
        "weights times a tensor are not supported; transpose both, or use a linear layer",
    ),
    "a vector as a map": (
        Function(lambda x, a, b: b(a(x).view(-1, 6, 3, 4)), nn.Linear(5, 72), conv()),
        (5,),
        r"module parts\.1: a vector of 72 numbers cannot become a map \[6, 3, 4\]; make the map by convolutions",
    ),
    "a gated recurrent layer": (Function(lambda x, a: a(x)[0], nn.GRU(12, 3)), SERIES, "gru is not supported; use con"),
    "recurrent": (Function(lambda x, a: a(x)[0], nn.LSTM(12, 3)), SERIES, "operator lstm is not supported"),
    "rows of a series": (nn.Sequential(nn.ReLU(), nn.Linear(12, 3)), SERIES, "is not supported; flatten the tensor"),
    "half a map": (
        Function(lambda x, a: a(x.relu().reshape(x.shape[0], 2, -1)), nn.Linear(216, 3)),
        MAP,
        r"do not fit a tensor \[2, 216\]; flatten it whole",
    ),
    "several outputs": (Function(lambda x: x.chunk(2, 1)), MAP, "the network returns 2 values; it must return one"),
    "rows in another order": (
        Function(rows_shuffled, conv()),
        MAP,
        r"module parts\.0: a tensor \[6, 9, 8\] whose .* rows or columns are in another order",
    ),
    "mean over every third row": (
        Function(lambda x: x.view(-1, 6, 3, 3, 8).mean(2)),
        MAP,
        "only height and width, each as a whole, can be averaged",
    ),
    "a constant that spreads a vector over a map": (
        Function(lambda x: x.mean((2, 3), keepdim=True) + torch.ones(9, 8)),
        MAP,
        r"a constant \[9, 8\] with a tensor \[6, 1, 1\] is supported only if",
    ),
    "a part of the batch": (
        Function(lambda x: x[1:].relu()),
        MAP,
        "the batch dimension cannot be used",
    ),
    "none": (Function(lambda x: None), MAP, "the network returns no tensor that it computes"),
    "a constant": (Function(lambda x: torch.ones(3)), MAP, "the network returns no tensor that it computes"),
    "a vector's product": (Function(lambda x: x @ torch.arange(5.0)), (5,), r"weights \[5\] are no matrix \[O,F\]"),
    "batch norm without statistics": (
        Function(lambda x, a: F.batch_norm(a(x), None, None, training=True), conv()),
        MAP,
        "batch norm without running statistics is not supported; track them in training",
    ),
    "batch norm in training": (
        Function(lambda x: F.batch_norm(x, torch.zeros(6), torch.ones(6), training=True)),
        MAP,
        r"batch norm is in training mode; export network\.eval\(\)",
    ),
    "a part changed in place": (
        Function(changed_in_part, conv()),
        MAP,
        "operator slice_scatter is not supported; it changes a part of a tensor in place; make the parts apart and con",
    ),
    "a length that is cut off below": (Function(lambda x: F.normalize(x, eps=5.0)), (5,), TINY),
    "a length of at least four": (Function(lambda x: x / length(x).clamp(min=4)), (5,), TINY),
    "a length that is cut off above": (Function(lambda x: x / length(x).clamp(max=0.5)), (5,), TINY),
    "a length and one": (Function(lambda x: x / (length(x) + 1)), (5,), TINY),
    "half of the length": (Function(lambda x: x / (length(x) * 0.5)), (5,), "only to divide the vector by"),
    "whole numbers": (Function(lambda x: (3 * x).to(torch.int32).float()), MAP, ROUNDING),
    "long numbers": (Function(lambda x: (3 * x).long().float()), MAP, ROUNDING),
    "truths": (Function(lambda x: x.bool().float()), MAP, ROUNDING),
    "another's whole numbers": (Function(lambda x: x.type_as(torch.ones(1, dtype=torch.int8)).float()), MAP, ROUNDING),
    "random values": (Function(lambda x: x + torch.rand(1)), MAP, r"operator rand gives random values; " + FIXED),
    "random values of a shape": (Function(lambda x: x + torch.rand_like(x)), MAP, "operator rand_like gives random"),
    "random values in place": (
        Function(lambda x: x + torch.zeros(1).normal_()),
        MAP,
        r"operator normal_functional gives random values; " + FIXED,
    ),
    "a buffer that counts": (Counter(), MAP, r"the network changes its buffer part\.count; " + FIXED),
    "a branch": (
        Function(lambda x: torch.cond(x.sum() > 0, lambda t: t * 2, lambda t: t - 1, (x,))),
        MAP,
        r"module \(top level\): control flow \(cond\) is not supported; export the part that runs",
    ),
    "dropout in training": (
        Function(lambda x: F.dropout(x, training=True)),
        MAP,
        r"dropout is in training mode; export network\.eval\(\)",
    ),
    "padding by a mirror": (
        nn.Conv2d(6, 4, 3, padding=1, padding_mode="reflect"),
        MAP,
        "padding mode 'reflect' is not supported; pad with zeros",
    ),
    "padding by ones": (
        Function(lambda x, a: a(F.pad(x, (1, 1), value=1.0)), conv()),
        MAP,
        "padding by 1 of .* is not supported here; pad by zeros",
    ),
    "what cancels out": (Function(lambda x: 1 - (1 - x)), MAP, "it returns its input; there is nothing to compute"),
    "nothing": (nn.Identity(), MAP, "the network returns its input; there is nothing to compute"),
    "too many dimensions": (nn.ReLU(), (2, 3, 4, 5), "more than three dimensions beside the batch"),
}


@pytest.mark.filterwarnings("ignore:The tensor attributes")
@pytest.mark.parametrize("name", WRONG)
def test_what_is_unsupported_is_named(name: str) -> None:
    network, shape, message = WRONG[name]
    with pytest.raises(ValueError, match=message):
        import_module(network.eval(), "net", shape)


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_a_program_exported_in_training(tmp_path: Path) -> None:
    network = nn.Sequential(conv(), nn.BatchNorm2d(6)).train()
    torch.export.save(torch.export.export(network, (torch.zeros(2, *MAP),)), tmp_path / "net.pt2")
    with pytest.raises(ValueError, match=r"module 1: batch norm is in training mode; export network\.eval\(\)"):
        import_file(tmp_path / "net.pt2")


def test_a_broken_file_is_one_sentence(tmp_path: Path) -> None:
    """Torch logs a traceback of its own, through a handler that keeps the process's standard error."""
    with zipfile.ZipFile(tmp_path / "net.pt2", "w") as archive:
        archive.writestr("net/what.txt", "hello")
    program = "import sys; from peephole.cli.app import main; sys.exit(main())"
    made = subprocess.run(
        [sys.executable, "-c", program, "plan", str(tmp_path / "net.pt2")], capture_output=True, text=True, check=False
    )
    assert made.returncode == 1
    (line,) = made.stderr.splitlines()
    assert "net.pt2: not a whole network of torch.export.save" in line


def test_a_file_of_another_kind(tmp_path: Path) -> None:
    (tmp_path / "a.pt2").write_bytes(b"PK\3\4 but no more")
    (tmp_path / "a.txt").write_text("hello")
    for name in ("a.pt2", "a.txt"):
        with pytest.raises(ValueError, match=rf"{name}: not a whole network of torch\.export\.save"):
            import_file(tmp_path / name)
    with pytest.raises(FileNotFoundError, match=r"gone\.pt2: no such network"):
        import_file(tmp_path / "gone.pt2")
