"""Reading .npz files that users name: whatever is wrong with one is told in a sentence with its name."""

import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from peephole.whole_files import write_whole

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
    MemoryError,  # an array whose header says that it is larger than this machine
    zipfile.BadZipFile,
    zlib.error,
)


@contextmanager
def open_arrays(path: Path, kind: str, otherwise: str) -> Iterator[Mapping[str, NDArray[np.generic]]]:
    """Open an .npz file; its arrays are read when they are asked for, so ask and convert them within the context.

    Raises `FileNotFoundError` where there is none (`kind` names what was looked for), `PermissionError` where it may
    not be read, and `ValueError` for one that is damaged, or with `otherwise` where it, or what is made of its arrays
    within the context, is not as it should be.
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file of {kind}")
    try:
        with path.open("rb") as stream, np.load(stream) as arrays:
            yield arrays
    except PermissionError:  # tells itself what is wrong
        raise
    except BROKEN as error:
        if _is_damaged(path, error):
            raise ValueError(f"{path}: truncated or damaged; fetch or make it again") from error
        raise ValueError(f"{path}: {otherwise}") from error


def _is_damaged(path: Path, error: Exception) -> bool:
    """Tell whether a file that cannot be read began as an .npz, which is a zip file, or is empty."""
    with path.open("rb") as stream:
        begun = stream.read(2)
        whole = zipfile.is_zipfile(stream) and not isinstance(error, zipfile.BadZipFile | zlib.error | EOFError)
    return begun in (b"", b"PK") and not whole


def write_array(path: Path, array: NDArray[Any], advice: str) -> None:
    """Write an array as .npy by `write_whole`; numpy's own writer does not say that the disk is full."""

    def write(stream: IO[bytes]) -> None:
        whole = np.ascontiguousarray(array)
        np.lib.format.write_array_header_1_0(stream, np.lib.format.header_data_from_array_1_0(whole))
        stream.write(whole.data)

    write_whole(path, write, advice=advice)
