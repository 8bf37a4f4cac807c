"""The data folder: one SQLite file with people, strangers and visits."""

import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO

from peephole.store.accounts import AccountsTable
from peephole.store.audit import AuditTable
from peephole.store.backup import write_backup
from peephole.store.copies import remove_left_copies
from peephole.store.corrections import CorrectionsTable
from peephole.store.database import DATABASE_NAME, Database
from peephole.store.door import DoorTable
from peephole.store.inbox import InboxTable
from peephole.store.instance import make_folder
from peephole.store.inventory import Inventory, inventory
from peephole.store.journal import Journal
from peephole.store.keys import Keys
from peephole.store.liveness import LivenessTable
from peephole.store.migrations import shipped
from peephole.store.notifications import NotificationsTable
from peephole.store.people import PeopleTable
from peephole.store.references import ReferencesTable
from peephole.store.retention import Forgotten, Retention, forget_old
from peephole.store.sealing import unlock
from peephole.store.settings import SettingsTable
from peephole.store.sharing import SharingTable
from peephole.store.strangers import StrangersTable
from peephole.store.visits import VisitsTable

__all__ = ["DATABASE_NAME", "Store"]


class Store:
    """Everything that a doorbell remembers (`doorbell.archive.Archive`); any thread, several processes.

    Raises `OSError` or `ValueError` with one clear sentence: no space, no permission, a damaged or foreign file, a
    database of a newer version.
    """

    def __init__(self, folder: Path, keys: Keys | None = None) -> None:
        """Open the data folder, which is made when missing, and bring the database to the newest schema.

        `keys` seal descriptors and pictures; without them nothing is sealed, and a sealed database is refused.
        """
        make_folder(folder)
        remove_left_copies(folder / DATABASE_NAME)
        self.folder = folder
        self._database = Database(folder / DATABASE_NAME, shipped())
        try:
            unlock(self._database, keys)
        except BaseException:
            self._database.close()
            raise
        self.accounts = AccountsTable(self._database)
        self.audit = AuditTable(self._database)
        self.corrections = CorrectionsTable(self._database)
        self.door = DoorTable(self._database)
        self.inbox = InboxTable(self._database)
        self.journal = Journal(self._database)
        self.liveness = LivenessTable(self._database)
        self.notifications = NotificationsTable(self._database)
        self.people = PeopleTable(self._database)
        self.settings = SettingsTable(self._database)
        self.references = ReferencesTable(self._database)
        self.sharing = SharingTable(self._database)
        self.strangers = StrangersTable(self._database)
        self.visits = VisitsTable(self._database)
        with suppress(OSError):  # a disk that takes nothing can be read; the next forgetting is another try
            self.journal.expire(time.time())

    def gallery_version(self) -> tuple[int, int]:
        """Return a value that changes when people or strangers change, here or in another process."""
        return self._database.gallery_version()

    def forget_old(self, retention: Retention, now: float) -> Forgotten:
        """Forget what is older than the owner wants it (`retention.forget_old`), and what was discarded a while ago."""
        self.journal.expire(now)
        return forget_old(self._database, retention, now)

    def inventory(self, retention: Retention) -> Inventory:
        """Count what the folder holds (`inventory.inventory`)."""
        return inventory(self._database, retention)

    def write_backup(self, passphrase: bytes, output: IO[bytes]) -> None:
        """Write everything into one file that the passphrase opens (`backup.write_backup`)."""
        write_backup(self._database, passphrase, output)

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def __enter__(self) -> "Store":
        """Use the store in a `with` block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the database."""
        self.close()
