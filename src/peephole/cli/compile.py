"""`peephole compile`: readable C of an integer program, with its weights, a build file and a self-test."""

import shlex
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from peephole.cli.memory_advice import advised
from peephole.cli.options import (
    JsonOption,
    NoConcatenationOption,
    NoInPlaceOption,
    NoStreamingOption,
    OutputFolderOption,
    byte_count,
)
from peephole.cli.output import plain, print_json
from peephole.cli.programs import load_program


class Target(StrEnum):
    """What the C and its build file are for; of all but GAP8, whose layers are cut into tiles, the C is the same."""

    HOST = "host"
    RV32_VIRT = "rv32-virt"
    GAP8 = "gap8"


def compile_program(
    output: OutputFolderOption,
    model: Annotated[
        Path | None, typer.Argument(metavar="M", show_default="the shipped recogniser", help="Integer program.")
    ] = None,
    target: Annotated[Target, typer.Option(help="The machine that the C and its build file are for.")] = Target.HOST,
    l2: Annotated[
        str, typer.Option("--l2", metavar="BYTES", help="Memory for activations; 512K and 1M are sizes too.")
    ] = "512K",
    no_streaming: NoStreamingOption = False,
    no_in_place: NoInPlaceOption = False,
    no_concatenation: NoConcatenationOption = False,
    json: JsonOption = False,
) -> None:
    """Write a program as C: no allocation, no input or output, no floating point, the bits of the simulator.

    The folder holds the program with its memory plan, the kernels that it needs, the weights, a build file, and a
    self-test that compares a result, and on demand every layer, with what the simulator computed. No pass changes a
    bit of it; leaving one out shows what it is worth.
    """
    from peephole import _core
    from peephole.compiler.emit import build_project, write_folder
    from peephole.compiler.emit.folder import check_folder
    from peephole.compiler.emit.self_test import self_test_input
    from peephole.compiler.schedule import Passes

    capacity = byte_count(l2, "--l2")
    passes = Passes(not no_streaming, not no_in_place, not no_concatenation)
    check_folder(output)
    program = load_program(model)
    with advised(program, passes):
        project = build_project(program, target.value, self_test_input(program), _core, capacity, passes)
    write_folder(output, project.files)
    if json:
        told = {"name": program.name, "model": program.model_id, "target": project.target, "folder": str(output)}
        sizes = {"arena_bytes": project.arena_bytes, "weights_bytes": project.weights_bytes, "macs": project.macs}
        print_json(told | sizes | {"files": sorted(project.files)})
        return
    print(f"{plain(program.name)}, model {program.model_id}: C for {target.value} in {plain(str(output))}")
    print(f"arena {project.arena_bytes:,} bytes, weights {project.weights_bytes:,} bytes, {project.macs:,} MACs")
    if target is Target.HOST:
        print(f"make -C {shlex.quote(plain(str(output)))} test   builds it and compares it with the simulator")
