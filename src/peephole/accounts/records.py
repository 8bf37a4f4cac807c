"""What is kept of accounts and sessions."""

from dataclasses import dataclass
from typing import Literal, Protocol, get_args

Role = Literal["owner", "viewer"]
ROLES: tuple[Role, ...] = get_args(Role)


@dataclass(frozen=True)
class Account:
    """Somebody who may sign in. An owner may do everything, a viewer may look.

    `password` is the Argon2 hash in its usual text form.
    """

    name: str
    role: Role
    password: str
    created: float


@dataclass(frozen=True)
class Session:
    """A browser that has signed in; `used` is when it asked for something last, to the minute."""

    account: Account
    created: float
    used: float


class AccountsShelf(Protocol):
    """Where accounts and sessions survive a restart; a session is found by the SHA-256 of its token."""

    def all(self) -> list[Account]:
        """Return every account, by name."""
        ...

    def find(self, name: str) -> Account | None:
        """Return the account of that name, whatever its case."""
        ...

    def add(self, account: Account, *, first: bool = False) -> bool:
        """Add an account; False, and nothing, where the name is taken or, with `first`, where there is any account."""
        ...

    def set_password(self, name: str, password: str) -> None:
        """Give an account another password hash, and end its sessions."""
        ...

    def remove(self, name: str) -> None:
        """Remove an account with its sessions; raises ValueError for the last owner."""
        ...

    def add_session(self, token: bytes, name: str, now: float) -> None:
        """Remember a session."""
        ...

    def session(self, token: bytes) -> Session | None:
        """Return the session of a hashed token."""
        ...

    def touch(self, token: bytes, now: float) -> None:
        """Note that a session was used."""
        ...

    def end(self, token: bytes) -> None:
        """End a session."""
        ...

    def end_others(self, name: str, token: bytes) -> int:
        """End all sessions of an account but one; return how many."""
        ...

    def end_unused(self, before: float) -> None:
        """End the sessions that were not used since."""
        ...
