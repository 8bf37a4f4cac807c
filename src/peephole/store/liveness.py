"""What the liveness check said of visits."""

from peephole.store.database import Database


class LivenessTable:
    """One row a visit that was checked; it goes when the visit goes."""

    def __init__(self, database: Database) -> None:
        """Work on an open database."""
        self._database = database

    def note(self, visit: str, result: str, reason: str) -> None:
        """Write down what was said; nothing where the visit is not stored. Raises OSError."""
        with self._database.change() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO liveness (visit, result, reason) SELECT id, ?, ? FROM visits WHERE id = ?",
                (result, reason, visit),
            )

    def of(self, visit: str) -> tuple[str, str] | None:
        """Return result and reason; None where the visit was not checked."""
        row = self._database.row("SELECT result, reason FROM liveness WHERE visit = ?", (visit,))
        return (row["result"], row["reason"]) if row is not None else None
