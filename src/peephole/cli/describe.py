"""`peephole describe`: what is inside an integer program, and what the networks that can be trained cost."""

from pathlib import Path
from typing import Annotated, Any

import typer

from peephole.cli.networks import show_backbones, show_grid
from peephole.cli.options import JsonOption
from peephole.cli.output import plain, print_json, print_table
from peephole.cli.programs import load_program
from peephole.cli.user_network import borders


def describe(
    model: Annotated[
        Path | None, typer.Argument(metavar="M", show_default="the shipped recogniser", help="Integer program.")
    ] = None,
    backbones: Annotated[
        bool, typer.Option("--backbones", help="Show instead what every network that can be trained costs.")
    ] = False,
    grid: Annotated[
        Path | None,
        typer.Option(metavar="GRID.toml", help="Show instead what the networks of a grid cost.", show_default=False),
    ] = None,
    size: Annotated[
        int, typer.Option("--size", min=64, max=512, help="With --backbones or --grid: side of the image in pixels.")
    ] = 128,
    width: Annotated[
        float, typer.Option("--width", min=0.05, max=4, help="With --backbones: factor on the channels of every layer.")
    ] = 1.0,
    json: JsonOption = False,
) -> None:
    """Show an integer program: layers, work, bytes, formats, thresholds, and the proof of every accumulator."""
    if (model is not None) + backbones + (grid is not None) > 1:
        raise typer.BadParameter("name one of a program M, --backbones and --grid GRID.toml")
    if grid is not None:
        show_grid(grid, size, json)
        return
    if backbones:
        show_backbones(size, width, json)
        return
    from peephole.fixedpoint.describe import describe as describe_program
    from peephole.fixedpoint.describe import table
    from peephole.fixedpoint.program import LANDMARKS, NETWORK

    program = load_program(model)
    described = describe_program(program)
    if json:
        print_json(described.as_json())
        return
    cut = "" if program.task == NETWORK else f", crop {described.crop}"
    print(f"{plain(described.name)}, model {described.model_id}{cut}")
    print(borders(program))
    print()
    print(table(described))
    print()
    if program.task == LANDMARKS:
        print("tells five points of a face, x and y in half sides of the picture; it needs no thresholds")
        return
    if program.task == NETWORK:
        return
    if described.calibration is None:
        print("no thresholds: quantize with --calibration of packed training faces to have them")
        return
    _print_thresholds(described.calibration)


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
