"""A picture of what quantization cost: a row for every layer, from the input down to the output."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from peephole.evaluation.figures import BLUE, GREY, RED, new_figure, save_figure
from peephole.fixedpoint.report import LayerReport, QuantizationReport
from peephole.fixedpoint.sensitivity import WidthSearch

ENDINGS = (".svg", ".png")
ROW_INCHES = 0.2
COLOURS = {16: BLUE, 8: RED}
LEAST_SHARE = 1e-6  # of clipped values that is drawn


def check_picture(path: Path) -> None:
    """Raise `ValueError` for another kind of picture, or where matplotlib is missing."""
    if path.suffix.lower() not in ENDINGS:
        raise ValueError(f"{path}: the report is drawn as SVG or PNG; name a file that ends in .svg or .png")
    new_figure()


def plot_quantization(path: Path, report: QuantizationReport, search: WidthSearch | None = None) -> None:
    """Draw signal to noise, range used and clipped values of every layer; of a mixed program sensitivities too.

    Raises `OSError` where the file cannot be written.
    """
    layers = report.layers
    panels = 3 if search is None else 4
    figure, axes = new_figure(panels, 1, 2.4 * panels + 1.8, ROW_INCHES * len(layers) + 1.5)
    row = axes[0]
    _bars(row[0], layers, {la.name: la.snr_db for la in layers}, "SNR of what it writes, dB", "{:.0f}")
    _bars(row[1], layers, {la.name: la.range_used for la in layers}, "range used", "{:.2f}")
    row[1].set_xlim(0, 1.25)
    row[1].set_xticks([0, 0.5, 1])
    _clipped(row[2], layers)
    if search is not None:
        alone = {la.name: la.snr_db for la in search.layers}
        _bars(row[3], layers, alone, "program's SNR with\nonly this layer in 8 bits, dB", "{:.0f}")
    for place, one in enumerate(row):
        one.set_yticks(range(len(layers)), [la.name for la in layers] if place == 0 else [])
        one.set_ylim(len(layers) - 0.4, -0.6)
        one.tick_params(labelsize=8, length=0)
        one.grid(axis="x", alpha=0.3)
        one.set_axisbelow(True)
    _legend(figure, layers)
    figure.suptitle(f"{report.program}: {report.output} {report.output_snr_db:.1f} dB", fontsize=11)
    save_figure(figure, path)


def _bars(one: Any, layers: Sequence[LayerReport], values: Mapping[str, float], title: str, form: str) -> None:
    """Draw a bar and its number for every layer that has one."""
    finite = [value for value in values.values() if math.isfinite(value)]
    most = max(finite, default=1.0)
    for place, layer in enumerate(layers):
        if layer.name not in values:
            continue
        value = values[layer.name]
        shown = value if math.isfinite(value) else 0.0
        one.barh(place, shown, color=COLOURS[layer.bits], height=0.75)
        text = form.format(value) if math.isfinite(value) else "exact"
        one.text(max(shown, 0) + 0.02 * most, place, text, va="center", fontsize=7, color=GREY)
    one.set_xlim(min(0.0, *finite, 0.0), 1.2 * most)
    one.set_title(title, fontsize=9)


def _clipped(one: Any, layers: Sequence[LayerReport]) -> None:
    """Draw the share of values at the limits, on a logarithmic axis; a layer without any has no bar."""
    one.set_xscale("log")
    one.set_xlim(LEAST_SHARE, 1)
    one.set_xticks([1e-6, 1e-4, 1e-2, 1], ["1e-6", "1e-4", "0.01", "1"], minor=False)
    one.set_xticks([], minor=True)
    for place, layer in enumerate(layers):
        if layer.clipped:
            share = max(layer.clipped_share, 1.5 * LEAST_SHARE)
            one.barh(place, share, color=COLOURS[layer.bits], height=0.75)
            one.text(1.3 * share, place, f"{layer.clipped_share:.2g}", va="center", fontsize=7, color=GREY)
        else:
            one.text(1.3 * LEAST_SHARE, place, "none", va="center", fontsize=7, color=GREY)
    one.set_title("share of clipped values", fontsize=9)


def _legend(figure: Any, layers: Sequence[LayerReport]) -> None:
    from matplotlib.patches import Patch

    widths = sorted({layer.bits for layer in layers}, reverse=True)
    patches = [Patch(color=COLOURS[bits], label=f"computes in {bits} bits") for bits in widths]
    figure.legend(handles=patches, loc="outside lower center", ncols=len(patches), fontsize=8, frameon=False)
