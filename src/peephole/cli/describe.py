"""`peephole describe`: what is inside an integer program, and what the networks that can be trained cost."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from peephole.cli.options import JsonOption
from peephole.cli.output import plain, print_json, print_table
from peephole.cli.programs import load_program, needs_training_packages


def describe(
    model: Annotated[
        Path | None, typer.Argument(metavar="[M]", show_default="the shipped recogniser", help="Integer program.")
    ] = None,
    backbones: Annotated[
        bool, typer.Option("--backbones", help="Show instead what every network that can be trained costs.")
    ] = False,
    size: Annotated[
        int, typer.Option("--size", min=64, max=512, help="With --backbones: side of the image in pixels.")
    ] = 128,
    width: Annotated[
        float, typer.Option("--width", min=0.05, max=4, help="With --backbones: factor on the channels of every layer.")
    ] = 1.0,
    json: JsonOption = False,
) -> None:
    """Show an integer program: layers, work, bytes, formats, thresholds, and the proof of every accumulator."""
    if backbones:
        if model is not None:
            raise typer.BadParameter(f"--backbones shows networks, not the program {model}; leave one of the two out")
        _show_backbones(size, width, json)
        return
    from peephole.fixedpoint.describe import describe as describe_program
    from peephole.fixedpoint.describe import table

    described = describe_program(load_program(model))
    if json:
        print_json(described.as_json())
        return
    height, width = described.input_shape
    print(f"{plain(described.name)}, model {described.model_id}, crop {described.crop}")
    print(f"grey {width}x{height} -> {described.descriptor} values, {described.descriptor_frac_bits} fraction bits")
    print()
    print(table(described))
    print()
    if described.calibration is None:
        print("no thresholds: quantize with --calibration of packed training faces to have them")
        return
    _print_thresholds(described.calibration)


def _show_backbones(size: int, width: float, json: bool) -> None:
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
    titles = ("network", "parameters", "MACs", "peak bytes", "bytes in all", "peak at")
    rows = []
    for name, cost in costs.items():
        counts = (cost.parameters, cost.macs, cost.peak_bytes, cost.activation_bytes)
        rows.append((name, *(f"{count:,}" for count in counts), cost.peak_at))
    print_table(titles, rows)


def _print_thresholds(calibration: dict[str, Any]) -> None:
    titles = ["false-accept rate", "squared distance"]
    rows = [[f"{rate:g}", str(distance)] for rate, distance in calibration["points"]]
    if calibration["spreads"]:
        titles += ["95 %, over people", "rate, over people", "rate, as if pairs were independent"]
        for row, spread in zip(rows, calibration["spreads"], strict=True):
            near, far = spread["distance"]
            row += [f"{near} to {far}", *(_interval(*spread[key]) for key in ("rate", "wilson"))]
    print_table(titles, rows)
    print(f"for crop {plain(calibration['crop'])}, measured on {plain(calibration['source'])}")


def _interval(low: float, high: float) -> str:
    return f"{low:.2g} to {high:.2g}"
