"""The detector's table, and that of its first glance, as C constants."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from peephole.fixedpoint.reference.cascade import Cascade
from peephole.vision.glance import checked_early

LINE = 118
STAGES = (("stage_weak", "uint16_t"), ("stage_threshold", "int32_t"), ("carried", "uint8_t"))
STUMPS = (
    ("threshold", "int16_t"),
    ("leaf", "int16_t"),
    ("rectangle_count", "uint8_t"),
    ("rectangle", "int8_t"),
)

HEADER = """\
/* The table by which faces are detected, and its stumps for a first glance. Written by `peephole firmware build`. */
#ifndef CASCADE_TABLE_H
#define CASCADE_TABLE_H

#include "peephole/cascade.h"

extern const ph_cascade cascade_table, cascade_glance;

#endif
"""


def cascade_source(table: Cascade) -> str:
    """Return cascade_table.c: the table, and the same stumps parted into other stages for a first glance."""
    parts = ['#include "cascade_table.h"', ""]
    for name, kind in STUMPS:
        parts += _array(kind, name, getattr(table, name))
    for of, one in (("table", table), ("glance", checked_early(table))):
        for name, kind in STAGES:
            parts += _array(kind, f"{of}_{name}", getattr(one, name))
        parts += [
            f"const ph_cascade cascade_{of} = {{",
            f"    .stages = {len(one.stage_weak)},",
            f"    .weak = {len(one.threshold)},",
            f"    .rectangles = {len(one.rectangle)},",
            *(f"    .{name} = {of}_{name}," for name, _ in STAGES),
            *(f"    .{name} = {name}," for name, _ in STUMPS),
            "};",
            "",
        ]
    return "\n".join(parts)


def _array(kind: str, name: str, values: NDArray[Any]) -> list[str]:
    return [f"static const {kind} {name}[{values.size}] = {{", *_wrapped(values), "};", ""]


def _wrapped(values: NDArray[np.generic]) -> list[str]:
    lines, line = [], "   "
    for value in values.reshape(-1).tolist():
        piece = f" {value},"
        if len(line) + len(piece) > LINE:
            lines.append(line)
            line = "   "
        line += piece
    return [*lines, line]
