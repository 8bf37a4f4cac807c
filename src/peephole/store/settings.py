"""What an owner has set on the page: the values in force, and every change with who made it."""

import json
import sqlite3
import time
from collections.abc import Collection, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from peephole.store.database import DATABASE_NAME, Database
from peephole.store.errors import clear_error


@dataclass(frozen=True)
class SettingChange:
    """One change; `before` and `after` are JSON, None where the page had set nothing or sets nothing any more.

    `time` is in seconds since 1970, `by` the name of an account, or what else changed it.
    """

    time: float
    by: str
    key: str
    before: str | None
    after: str | None


class SettingsTable:
    """Values by their dotted keys ("door.hours", "notify.targets.phone.events"), and a log that is only added to."""

    def __init__(self, database: Database) -> None:
        """Work on an open database."""
        self._database = database

    def values(self) -> dict[str, Any]:
        """Return every value that was set on the page."""
        rows = self._database.rows("SELECT key, value FROM settings ORDER BY key")
        return {row["key"]: json.loads(row["value"]) for row in rows}

    def change(self, by: str, values: Mapping[str, Any], back: Collection[str] = ()) -> None:
        """Set some values, drop those in `back`, and write both down; one transaction."""
        now = time.time()
        with self._database.change() as connection:
            before = {row["key"]: row["value"] for row in connection.execute("SELECT key, value FROM settings")}
            after = {key: json.dumps(value) for key, value in values.items()}
            for key in (*after, *back):
                if before.get(key) == after.get(key):
                    continue
                if key in after:
                    connection.execute("INSERT OR REPLACE INTO settings (key, value) VALUES (?, ?)", (key, after[key]))
                else:
                    connection.execute("DELETE FROM settings WHERE key = ?", (key,))
                connection.execute(
                    "INSERT INTO settings_log (time, by, key, before, after) VALUES (?, ?, ?, ?, ?)",
                    (now, by, key, before.get(key), after.get(key)),
                )

    def changes(self, limit: int = 50) -> list[SettingChange]:
        """Return the newest changes, newest first."""
        rows = self._database.rows(
            "SELECT time, by, key, before, after FROM settings_log ORDER BY id DESC LIMIT ?", (limit,)
        )
        return [SettingChange(row["time"], row["by"], row["key"], row["before"], row["after"]) for row in rows]


def values_in(folder: Path) -> dict[str, Any]:
    """Return what was set on the page of a data folder, without a key and without changing anything in it.

    Empty where there is no database yet, or one that is older than these pages. Raises OSError where it is damaged.
    """
    path = folder / DATABASE_NAME
    if not path.is_file():
        return {}
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            if connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'settings'").fetchone() is None:
                return {}
            return {key: json.loads(value) for key, value in connection.execute("SELECT key, value FROM settings")}
    except sqlite3.Error as error:
        raise clear_error(error, path) from error
