"""What is told when there is no room for the files of one run."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from peephole.whole_files import DISK_FULL


@contextmanager
def scratch_told() -> Iterator[None]:
    """Within the block, a full disk is that of the folder for temporary files: an `OSError` says so, and what to do."""
    try:
        yield
    except OSError as error:
        if error.errno not in DISK_FULL:
            raise
        told = f"{tempfile.gettempdir()}: the disk is full; make room, or name another folder with TMPDIR"
        raise OSError(told) from error
