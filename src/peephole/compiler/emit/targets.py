"""A program's C for a machine: in tiles for one whose cores compute from a scratchpad."""

from typing import Any

from numpy.typing import NDArray

from peephole.compiler.emit import project, tiled
from peephole.compiler.schedule import Passes
from peephole.fixedpoint.interpreter import Kernels
from peephole.fixedpoint.program import IntegerProgram


def build_project(
    program: IntegerProgram,
    target: str,
    values: NDArray[Any],
    kernels: Kernels,
    capacity: int | None = None,
    passes: Passes | None = None,
) -> project.Project:
    """Return a program's C for a target, one of `TARGETS`: `project.build_project`, or `tiled.build_tiled_project`."""
    if target == tiled.TARGET:
        return tiled.build_tiled_project(program, values, kernels, capacity, passes)
    return project.build_project(program, target, values, kernels, capacity, passes)
