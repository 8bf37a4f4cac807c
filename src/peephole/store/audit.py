"""The log of what accounts did; rows are added and never changed."""

import time

from peephole.accounts.audit import AuditRow, Deed
from peephole.store.database import Database


class AuditTable:
    """The log. Every method is one transaction, on the disk when it returns, or raises OSError."""

    def __init__(self, database: Database) -> None:
        """Work on an open database."""
        self._database = database

    def note(self, account: str | None, deed: Deed, about: str | None = None) -> None:
        """Write down what an account did just now; about: to which other account."""
        with self._database.change() as connection:
            connection.execute(
                "INSERT INTO audit_log (time, account, deed, about) VALUES (?, ?, ?, ?)",
                (time.time(), account, deed, about),
            )

    def recent(self, limit: int = 50) -> list[AuditRow]:
        """Return the newest rows, newest first."""
        rows = self._database.rows(
            "SELECT time, account, deed, about FROM audit_log ORDER BY id DESC LIMIT ?", (limit,)
        )
        return [AuditRow(row["time"], row["account"], row["deed"], row["about"]) for row in rows]
