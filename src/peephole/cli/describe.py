"""`peephole describe`: what is inside an integer program."""

from pathlib import Path
from typing import Annotated

import typer

from peephole.cli.options import JsonOption
from peephole.cli.output import plain, print_json


def describe(
    model: Annotated[
        Path | None, typer.Argument(metavar="[M]", show_default="the shipped recogniser", help="Integer program.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Show an integer program: layers, work, bytes, formats, thresholds, and the proof of every accumulator."""
    from peephole.cli.programs import load_program
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
    print("false-accept rate  squared distance")
    for rate, distance in described.calibration["points"]:
        print(f"{rate:<17g}  {distance}")
    print(f"measured on {plain(described.calibration['source'])}")
