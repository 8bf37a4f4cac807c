"""Who was told of visits."""

from peephole.doorbell.visit import Notified
from peephole.store.database import Database

# That a message went out, or could not, is not undone by what is decided about later news of the same.
_NOTE = (
    "INSERT INTO notifications (visit, target, happening, verdict, time)"
    " SELECT id, :target, :happening, :verdict, :time FROM visits WHERE id = :visit"
    " ON CONFLICT (visit, target, happening) DO UPDATE SET verdict = excluded.verdict, time = excluded.time"
    " WHERE excluded.verdict IN ('told', 'not_sent') OR verdict NOT IN ('told', 'not_sent')"
)


class NotificationsTable:
    """What was decided about telling each target of each happening of a visit; it goes when the visit goes."""

    def __init__(self, database: Database) -> None:
        """Work on an open database."""
        self._database = database

    def note(self, visit: str, notified: Notified) -> None:
        """Write it down; nothing where the visit is not stored. Raises OSError."""
        with self._database.change() as connection:
            connection.execute(_NOTE, {"visit": visit, **vars(notified)})
