"""Samples as an integer program takes them."""

from typing import Any

from numpy.typing import NDArray

from peephole.fixedpoint.formats import to_fixed, to_float
from peephole.fixedpoint.program import IntegerProgram
from peephole.fixedpoint.validation import IMAGE


def as_integers(program: IntegerProgram, samples: NDArray[Any]) -> NDArray[Any]:
    """Return float samples [..,H,W,C] in the format of the program's input, int16 or int8; images stay as they are.

    What lies beyond the range of the format is clipped to its ends.
    """
    if program.input_kind == IMAGE:
        return samples
    return to_fixed(samples, program.input.frac_bits, program.input.dtype)


def as_values(program: IntegerProgram, outputs: NDArray[Any]) -> NDArray[Any]:
    """Return what the program wrote to its output, int16 or int8 [..,H,W,C], as float64 values."""
    return to_float(outputs, program.tensor(program.output).frac_bits)
