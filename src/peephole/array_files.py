"""Reading .npz files that users name: whatever is wrong with one is told in a sentence with its name."""

import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

# What numpy raises for files of another kind, cut off or damaged ones, and arrays that are absent or of another shape.
BROKEN = (
    OSError,
    ValueError,
    KeyError,
    IndexError,
    TypeError,
    AttributeError,
    EOFError,
    RuntimeError,
    NotImplementedError,
    zipfile.BadZipFile,
    zlib.error,
)


@contextmanager
def open_arrays(path: Path, kind: str, otherwise: str) -> Iterator[Mapping[str, NDArray[np.generic]]]:
    """Open an .npz file; its arrays are read when they are asked for, so ask and convert them within the context.

    Raises `FileNotFoundError` where there is none (`kind` names what was looked for), `PermissionError` where it may
    not be read, and `ValueError` with `otherwise` where it, or what is made of its arrays within the context, is not as
    it should be.
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file of {kind}")
    try:
        with path.open("rb") as stream, np.load(stream) as arrays:
            yield arrays
    except PermissionError:  # tells itself what is wrong
        raise
    except BROKEN as error:
        raise ValueError(f"{path}: {otherwise}") from error
