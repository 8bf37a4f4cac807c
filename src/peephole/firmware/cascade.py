"""The detector's table as a C constant."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from peephole.fixedpoint.reference.cascade import Cascade

LINE = 118
ARRAYS = (
    ("stage_weak", "uint16_t"),
    ("stage_threshold", "int32_t"),
    ("threshold", "int16_t"),
    ("leaf", "int16_t"),
    ("rectangle_count", "uint8_t"),
    ("rectangle", "int8_t"),
)

HEADER = """\
/* The table by which faces are detected. Written by `peephole firmware build`. */
#ifndef CASCADE_TABLE_H
#define CASCADE_TABLE_H

#include "peephole/cascade.h"

extern const ph_cascade cascade_table;

#endif
"""


def cascade_source(table: Cascade) -> str:
    """Return cascade_table.c."""
    parts = ['#include "cascade_table.h"', ""]
    for name, kind in ARRAYS:
        values: NDArray[Any] = getattr(table, name)
        parts += [f"static const {kind} {name}[{values.size}] = {{", *_wrapped(values), "};", ""]
    parts += [
        "const ph_cascade cascade_table = {",
        f"    .stages = {len(table.stage_weak)},",
        f"    .weak = {len(table.threshold)},",
        f"    .rectangles = {len(table.rectangle)},",
        *(f"    .{name} = {name}," for name, _ in ARRAYS),
        "};",
    ]
    return "\n".join(parts) + "\n"


def _wrapped(values: NDArray[np.generic]) -> list[str]:
    lines, line = [], "   "
    for value in values.reshape(-1).tolist():
        piece = f" {value},"
        if len(line) + len(piece) > LINE:
            lines.append(line)
            line = "   "
        line += piece
    return [*lines, line]
