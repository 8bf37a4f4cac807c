"""Who runs integer programs on this machine, compared layer by layer."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from peephole import _core
from peephole.compiler.executor import execute
from peephole.compiler.planner import place
from peephole.compiler.schedule import lower
from peephole.fixedpoint import interpreter
from peephole.fixedpoint.program import IntegerProgram


def differing_layers(program: IntegerProgram, values: NDArray[Any]) -> list[str]:
    """What the kernels, and the kernels in planned memory, compute otherwise than the NumPy interpreter."""
    wanted, got = interpreter.run(program, values), interpreter.run(program, values, _core)
    schedule = lower(program)
    planned = execute(program, schedule, place(schedule.buffers, seconds=0.1), values, _core).layers
    wrong = [f"kernels: {name}" for name, right in wanted.items() if not np.array_equal(got[name], right)]
    for name, right in wanted.items():
        rows = planned[name].made
        if not np.array_equal(planned[name].values[rows], right[rows]):
            wrong.append(f"plan: {name}")
    return wrong
