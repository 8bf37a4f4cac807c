"""Samples that a network of the user's own is calibrated on: arrays of an .npz file, or pictures."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from peephole.array_files import open_arrays

NAMES = ("samples", "x", "inputs")
WHAT = "holds no array of samples [N,..]; write one with numpy.savez(FILE, samples=array)"


def read_samples(path: Path, count: int) -> NDArray[Any]:
    """Return up to `count` samples [N,..], spread over the file: uint8 as they are, other numbers as float32.

    Of several arrays the one named `samples`, `x` or `inputs` is taken. Raises `FileNotFoundError` or
    `ValueError` with one sentence.
    """
    with open_arrays(path, "samples", WHAT) as arrays:
        named = list(arrays)
        chosen = [name for name in NAMES if name in named] or named
        found = np.asarray(arrays[chosen[0]])
    if len(chosen) > 1 and chosen[0] not in NAMES:
        raise ValueError(f"{path}: holds {', '.join(named)}; name the array of samples `samples`")
    if found.ndim < 2 or found.dtype.kind not in "fiu":
        raise ValueError(f"{path}: {WHAT}")
    if len(found) == 0:
        raise ValueError(f"{path}: holds no samples; give some hundred of what the network will see")
    found = found[np.unique(np.linspace(0, len(found) - 1, min(count, len(found))).round().astype(int))]
    return found if found.dtype == np.uint8 else _numbers(path, found)


def _numbers(path: Path, found: NDArray[Any]) -> NDArray[np.float32]:
    values = found.astype(np.float32)
    good = np.isfinite(values.reshape(len(values), -1)).all(axis=1)
    if not good.all():
        raise ValueError(f"{path}: {int((~good).sum())} of {len(values)} samples hold NaN or infinity; leave them out")
    return values
