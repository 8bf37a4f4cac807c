"""Files that only their owner may read, whatever the mode of the folder."""

import os
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
