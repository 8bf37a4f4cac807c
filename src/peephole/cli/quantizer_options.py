"""What `peephole quantize` is told about widths, ranges and budgets, and what comes of it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from peephole.cli.options import byte_count
from peephole.cli.output import check_folder_of, plain, print_table

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from peephole.fixedpoint.float_network import FloatNetwork
    from peephole.fixedpoint.program import IntegerProgram
    from peephole.fixedpoint.quantize import QuantizationOptions
    from peephole.fixedpoint.report import QuantizationReport
    from peephole.fixedpoint.sensitivity import Budget, WidthSearch

MIXED = "mixed"
L1_BYTES = 64 * 1024  # of the machine that cycles are predicted for


class Ranges(StrEnum):
    """How far a tensor's format reaches: `fixedpoint.ranges`."""

    MAXIMUM = "maximum"
    PERCENTILE = "percentile"
    LEAST_SQUARES = "least-squares"


class WeightsPer(StrEnum):
    """What has a format of its own."""

    CHANNEL = "channel"
    LAYER = "layer"


@dataclass(frozen=True)
class Choices:
    """The options of the quantizer; None or True: as the width has it.

    bits: 16, 8 or `mixed`; None: as trained, else 16. budget: bytes of weights, as 900K. budget_cycles: of the cluster.
    """

    bits: str | None = None
    budget: str | None = None
    budget_cycles: int | None = None
    ranges: Ranges | None = None
    percentile: float | None = None
    margin: float | None = None
    weights_per: WeightsPer | None = None
    equalise: bool = True
    correct_bias: bool = True

    def __post_init__(self) -> None:
        """Check what goes together. Raises a usage error."""
        if self.bits not in (None, MIXED) and not self.bits.strip().isdecimal():
            raise typer.BadParameter(f"--bits {plain(self.bits)}: must be 16, 8 or {MIXED}")
        budgets = (self.budget is not None) + (self.budget_cycles is not None)
        if self.mixed and budgets != 1:
            raise typer.BadParameter(f"--bits {MIXED} needs one of --budget BYTES and --budget-cycles N")
        if budgets and not self.mixed:
            raise typer.BadParameter(f"--budget and --budget-cycles are for --bits {MIXED}")
        if self.percentile is not None and self.ranges != Ranges.PERCENTILE:
            raise typer.BadParameter(f"--percentile is for --ranges {Ranges.PERCENTILE.value}")

    @property
    def mixed(self) -> bool:
        """Are widths chosen layer by layer?"""
        return self.bits == MIXED

    def options(self, bits: int, fixed: Mapping[str, Any]) -> "QuantizationOptions":
        """Return the options for a width. Raises a usage error for a margin that its ranges do not have."""
        from peephole.fixedpoint.quantize import QuantizationOptions

        changes: dict[str, Any] = dict(fixed)
        if self.ranges is not None:
            changes["ranges"] = self.ranges.value.replace("-", "_")
        if self.percentile is not None:
            changes["percentile"] = self.percentile
        if self.weights_per is not None:
            changes["weights_per"] = self.weights_per.value
        changes |= {"equalise": self.equalise, "correct_bias": self.correct_bias}
        options = QuantizationOptions.of(bits, **changes)
        if self.margin is None or (self.mixed and options.ranges != Ranges.MAXIMUM):
            return options
        if options.ranges != Ranges.MAXIMUM:
            rule = options.ranges.replace("_", "-")
            raise typer.BadParameter(f"--margin is for --ranges maximum; {bits} bits would take {rule} here")
        return replace(options, margin=self.margin)

    def check_trained(self, network: "FloatNetwork", bits: int) -> None:
        """Raise `ValueError` naming the options that a network trained in formats of this width has no use for."""
        if network.formats is None or network.formats.bits != bits:
            return
        given = {
            "--ranges": self.ranges is not None,
            "--percentile": self.percentile is not None,
            "--margin": self.margin is not None,
            "--weights-per": self.weights_per is not None,
            "--no-equalise": not self.equalise,
            "--no-correct-bias": not self.correct_bias,
        }
        ignored = [name for name, there in given.items() if there]
        if ignored:
            raise ValueError(
                f"network {network.name}: was trained in its formats of {bits} bits and keeps them; "
                f"leave out {', '.join(ignored)}"
            )


@dataclass(frozen=True)
class Quantized:
    """A program, what it costs layer by layer, and how its widths were chosen where they were."""

    program: "IntegerProgram"
    report: "QuantizationReport"
    search: "WidthSearch | None" = None

    def as_json(self) -> dict[str, Any]:
        """Return plain values for `json.dumps`."""
        return self.report.as_json() | ({} if self.search is None else {"mixed": self.search.as_json()})

    def print(self) -> None:
        """Print the report as text."""
        print(self.report.table())
        if self.search is None:
            return
        unit = self.search.unit
        rows = [
            (layer.name, "8" if layer.narrow else "16", layer.saved, f"{layer.snr_db:.1f}")
            for layer in self.search.layers
        ]
        print()
        print_table(("convolution", "bits", f"{unit} saved by 8", "output dB with only it in 8"), rows)
        print(self.search.summary())

    def plot(self, file: Path) -> None:
        """Draw the report."""
        from peephole.evaluation.quantization_plot import plot_quantization

        plot_quantization(file, self.report, self.search)


def quantize_as(
    network: "FloatNetwork", samples: "NDArray[Any]", choices: Choices, fixed: Mapping[str, Any]
) -> Quantized:
    """Quantize a network as it was chosen; fixed: options that the command decides. Raises `ValueError`."""
    if choices.mixed:
        from peephole import _core
        from peephole.fixedpoint.sensitivity import quantize_mixed

        options = {bits: choices.options(bits, fixed) for bits in (8, 16)}
        return Quantized(*quantize_mixed(network, samples, options, _budget(choices), _core))
    from peephole.fixedpoint.quantize import quantize

    trained = network.formats.bits if network.formats else 16
    bits = trained if choices.bits is None else int(choices.bits)
    choices.check_trained(network, bits)
    return Quantized(*quantize(network, samples, choices.options(bits, fixed), bits))


def _budget(choices: Choices) -> "Budget":
    from peephole.fixedpoint.sensitivity import Budget, weight_bytes_by_layer

    if choices.budget is not None:
        return Budget(byte_count(choices.budget, "--budget"), "bytes", weight_bytes_by_layer)
    assert choices.budget_cycles is not None  # noqa: S101 - one of both is there
    return Budget(choices.budget_cycles, "cycles", predicted_cycles)


def predicted_cycles(program: "IntegerProgram") -> dict[str, int]:
    """Return the cycles that the compiler predicts for every layer of a program, as `peephole plan --tiles` does.

    What is waited for between layers, weights that are still under way, counts with the first one.
    """
    from peephole.compiler.schedule import lower
    from peephole.compiler.tiled_schedule import tile

    tiled = tile(lower(program), L1_BYTES)
    cycles: dict[str, int] = {}
    for number, step in enumerate(tiled.steps):
        for layer in step.layers:
            name = layer.layer.name
            cycles[name] = cycles.get(name, 0) + layer.cost.cycles * tiled.passes_of(number)
    cycles[next(iter(cycles))] += tiled.cost.cycles - sum(cycles.values())
    return cycles


def check_plot_file(file: Path | None) -> None:
    """Refuse a picture that cannot be drawn: before the work, not after it. Raises `OSError` or `ValueError`."""
    if file is not None:
        from peephole.evaluation.quantization_plot import check_picture

        check_folder_of(file)
        check_picture(file)
