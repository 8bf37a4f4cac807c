"""Accounts and their sessions."""

import sqlite3

from peephole.accounts.records import Account, Session
from peephole.people.names import name_key
from peephole.store.database import Database

_ADD = (
    "INSERT INTO accounts (name, name_key, role, password, created) SELECT ?, ?, ?, ?, ?"
    " WHERE NOT EXISTS (SELECT 1 FROM accounts WHERE ? OR name_key = ?)"
)


class AccountsTable:
    """The accounts (see `accounts.records.AccountsShelf`)."""

    def __init__(self, database: Database) -> None:
        """Work on an open database."""
        self._database = database

    def all(self) -> list[Account]:
        """Return every account, by name."""
        return [_account(row) for row in self._database.rows("SELECT * FROM accounts ORDER BY name_key")]

    def find(self, name: str) -> Account | None:
        """Return the account of that name, whatever its case."""
        row = self._database.row("SELECT * FROM accounts WHERE name_key = ?", (name_key(name),))
        return _account(row) if row is not None else None

    def add(self, account: Account, *, first: bool = False) -> bool:
        """Add an account; False, and nothing, where the name is taken or, with `first`, where there is any account."""
        key = name_key(account.name)
        values = (account.name, key, account.role, account.password, account.created, first, key)
        with self._database.change() as connection:
            return connection.execute(_ADD, values).rowcount == 1

    def set_password(self, name: str, password: str) -> None:
        """Give an account another password hash, and end its sessions."""
        with self._database.change() as connection:
            if not connection.execute(
                "UPDATE accounts SET password = ? WHERE name_key = ?", (password, name_key(name))
            ).rowcount:
                raise ValueError(f"{name}: there is no account of this name")
            connection.execute("DELETE FROM sessions WHERE account = ?", (name_key(name),))

    def remove(self, name: str) -> None:
        """Remove an account with its sessions; raises ValueError for the last owner."""
        with self._database.change() as connection:
            row = connection.execute("SELECT role FROM accounts WHERE name_key = ?", (name_key(name),)).fetchone()
            if row is None:
                raise ValueError(f"{name}: there is no account of this name")
            owners = connection.execute("SELECT count(*) FROM accounts WHERE role = 'owner'").fetchone()[0]
            if row["role"] == "owner" and owners == 1:
                raise ValueError(f"{name}: the only owner; make another one first")
            connection.execute("DELETE FROM accounts WHERE name_key = ?", (name_key(name),))

    def add_session(self, token: bytes, name: str, now: float) -> None:
        """Remember a session."""
        with self._database.change() as connection:
            connection.execute(
                "INSERT INTO sessions (token, account, created, used) VALUES (?, ?, ?, ?)",
                (token, name_key(name), now, now),
            )

    def session(self, token: bytes) -> Session | None:
        """Return the session of a hashed token."""
        row = self._database.row(
            "SELECT accounts.*, sessions.created AS began, sessions.used FROM sessions"
            " JOIN accounts ON accounts.name_key = sessions.account WHERE token = ?",
            (token,),
        )
        return Session(_account(row), row["began"], row["used"]) if row is not None else None

    def touch(self, token: bytes, now: float) -> None:
        """Note that a session was used."""
        with self._database.change() as connection:
            connection.execute("UPDATE sessions SET used = ? WHERE token = ?", (now, token))

    def end(self, token: bytes) -> None:
        """End a session."""
        with self._database.change() as connection:
            connection.execute("DELETE FROM sessions WHERE token = ?", (token,))

    def end_others(self, name: str, token: bytes) -> int:
        """End all sessions of an account but one; return how many."""
        with self._database.change() as connection:
            return connection.execute(
                "DELETE FROM sessions WHERE account = ? AND token <> ?", (name_key(name), token)
            ).rowcount

    def end_unused(self, before: float) -> None:
        """End the sessions that were not used since."""
        with self._database.change() as connection:
            connection.execute("DELETE FROM sessions WHERE used < ?", (before,))


def _account(row: sqlite3.Row) -> Account:
    return Account(row["name"], row["role"], row["password"], row["created"])
