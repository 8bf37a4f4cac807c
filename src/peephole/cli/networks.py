"""Tables of what torch networks cost: all of ours, or those of a grid with what was measured of them."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from peephole.cli.output import print_json, print_table
from peephole.cli.programs import needs_training_packages

if TYPE_CHECKING:
    from peephole.models.cost import Cost

TITLES = ("network", "parameters", "MACs", "peak bytes", "bytes in all", "peak at")


def show_backbones(size: int, width: float, json: bool) -> None:
    """Print what every network of ours costs on an image of size x size."""
    try:
        from peephole.models.cost import cost_of_all
    except ModuleNotFoundError as error:
        raise needs_training_packages(error) from error
    costs = cost_of_all(size, width)
    if json:
        print_json({"size": size, "width": width, "backbones": {name: asdict(cost) for name, cost in costs.items()}})
        return
    print(f"grey {size}x{size} -> 128 values, width {width:g}; activations of 16 bits, layer by layer")
    print()
    print_table(TITLES, [_row(name, cost) for name, cost in costs.items()])


def show_grid(path: Path, size: int, json: bool) -> None:
    """Print what the networks of a grid cost on an image of size x size, and how accurate those are that are trained.

    Accuracy is by plain L2, with its standard error, a column for each crop.
    """
    try:
        from peephole.models import build
        from peephole.models.cost import cost
        from peephole.training.grid import kept_result, read_grid
    except ModuleNotFoundError as error:
        raise needs_training_packages(error) from error
    runs = read_grid(path).runs(str(path))
    networks = []
    for run in runs:
        options: dict[str, Any] = {"size": size} | run.config.network
        network = build(run.config.architecture, run.config.descriptor, **options)
        result = kept_result(run) or {"measured": []}
        measured = {r["crop"]: (r["accuracy"], r["stderr"]) for r in result["measured"] if r["metric"] == "l2"}
        networks.append((run, cost(network, (size, size)), measured))
    if json:
        told = [{"levels": r.levels, "measured": m} | asdict(c) for r, c, m in networks]
        print_json({"size": size, "networks": told})
        return
    crops = dict.fromkeys(crop for _, _, measured in networks for crop in measured)
    print(f"grey {size}x{size}; activations of 16 bits, layer by layer; accuracy of images as the grid says, plain L2")
    print()
    rows = [(*_row(run.name, cost), *_accuracies(measured, crops)) for run, cost, measured in networks]
    print_table((*TITLES, *crops), rows)


def _row(name: str, cost: "Cost") -> tuple[str, ...]:
    counts = (cost.parameters, cost.macs, cost.peak_bytes, cost.activation_bytes)
    return (name, *(f"{count:,}" for count in counts), cost.peak_at)


def _accuracies(measured: Mapping[str, Any], crops: Iterable[str]) -> list[str]:
    cells = (measured.get(crop) for crop in crops)
    return ["-" if cell is None else f"{cell[0]:.4f} ± {cell[1]:.4f}" for cell in cells]
