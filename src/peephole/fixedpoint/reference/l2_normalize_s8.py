"""Scaling an 8-bit vector to a descriptor of length one."""

import numpy as np
from numpy.typing import NDArray

from peephole.fixedpoint.reference.l2_normalize_s16 import l2_normalize_s16


def l2_normalize_s8(x: NDArray[np.int8], frac_bits: int, out: NDArray[np.int16]) -> None:
    """What `l2_normalize_s16` computes of the same numbers; x [N] int8, out [N] int16."""
    l2_normalize_s16(x.astype(np.int16), frac_bits, out)
