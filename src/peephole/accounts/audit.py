"""What is written down of what accounts do: signing in, accounts themselves, and everything about a person at once."""

from dataclasses import dataclass
from typing import Literal

Deed = Literal[
    "founded",
    "signed_in",
    "signed_out_elsewhere",
    "password_changed",
    "account_added",
    "account_removed",
    "may_open",
    "person_exported",
    "person_erased",
    "backup_written",
]

_TEXTS: dict[str, str] = {
    "founded": "became the first owner",
    "signed_in": "signed in",
    "signed_out_elsewhere": "signed out every other browser",
    "password_changed": "changed the password",
    "account_added": "let somebody sign in",
    "account_removed": "took an account away",
    "may_open": "made the door open more easily for a person",
    "person_exported": "exported everything about a person",
    "person_erased": "erased a person",
    "backup_written": "wrote a backup",
}


@dataclass(frozen=True)
class AuditRow:
    """One deed.

    Attributes:
        time: Seconds since 1970.
        account: Name of the account; None for the command line, and for a page without accounts.
        deed: Slug, see `Deed`.
        about: Name of the account that it was done to, where that is another one. No person is named.
    """

    time: float
    account: str | None
    deed: str
    about: str | None = None

    @property
    def who(self) -> str:
        """Return who did it, in words."""
        return self.account if self.account is not None else "the command line"

    @property
    def text(self) -> str:
        """Return what was done, in words."""
        said = _TEXTS.get(self.deed, self.deed)
        return f"{said}: {self.about}" if self.about is not None else said
