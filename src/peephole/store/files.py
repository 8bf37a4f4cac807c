"""Files that only their owner may read, whatever the mode of the folder."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path


def make_private(database: Path) -> None:
    """Make an empty database file, or mend the mode of an existing one and of the files beside it.

    SQLite gives its log and its shared memory the mode of the database. A file that may not be made or changed is left
    to SQLite, which says what is wrong.
    """
    with suppress(OSError):
        os.close(os.open(database, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    # Not opened: closing a file would end SQLite's locks on it in this whole process.
    for file in (database, *database.parent.glob(f"{database.name}[-.]*")):
        with suppress(OSError):
            mode = file.stat().st_mode & 0o777
            if mode & 0o077:
                file.chmod(mode & 0o700)


def make_private_file(path: Path, content: str, what: str) -> None:
    """Make a file that only its owner may read, whole and on the disk; the file of somebody who was quicker stays.

    what: what the file holds, to say in the OSError of one that cannot be made.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # A name of its own each time: one that a killed process left would be in the way of all that follow.
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        partial = Path(name)
        with os.fdopen(handle, "w") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(partial, path)  # unlike renaming, leaves the file of somebody who was quicker
        except FileExistsError:
            return
        finally:
            partial.unlink()
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise OSError(f"{path}: {what} cannot be made ({error.strerror})") from error
