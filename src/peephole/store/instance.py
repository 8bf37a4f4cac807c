"""One running doorbell a data folder."""

import fcntl
import os
from contextlib import suppress
from pathlib import Path
from types import TracebackType

LOCK_NAME = "peephole.lock"


class InstanceLock:
    """Holds the folder from construction to `close`; the kernel lets go of it when the process dies.

    Raises `OSError` with the other process's id when the folder is taken.
    """

    def __init__(self, folder: Path) -> None:
        """Take the folder, which is made when missing."""
        make_folder(folder)
        path = folder / LOCK_NAME
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise OSError(
                error.errno, f"{path}: cannot be opened ({error.strerror}); check the disk and the permissions"
            ) from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(self._file, 32, 0).decode("ascii", "replace").strip() or "unknown"
            os.close(self._file)
            raise OSError(
                f"{folder}: another peephole (process {holder}) runs on this data folder; "
                "stop it, or choose another folder with --data"
            ) from error
        # The number only helps the reader of the message above: a full disk must not keep the doorbell from starting.
        with suppress(OSError):
            os.ftruncate(self._file, 0)
            os.pwrite(self._file, str(os.getpid()).encode("ascii"), 0)

    def close(self) -> None:
        """Let the folder go. The file stays: removing it would let two processes lock two files of one name."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def __enter__(self) -> "InstanceLock":
        """Hold the folder for a `with` block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let the folder go."""
        self.close()


def make_folder(folder: Path) -> None:
    """Make a data folder that only its owner may read; one clear sentence when that cannot be."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except FileExistsError as error:
        raise FileExistsError(f"{folder}: a file, not a folder; choose another data folder with --data") from error
    except PermissionError as error:
        raise PermissionError(f"{folder}: may not be made here; choose another data folder with --data") from error
