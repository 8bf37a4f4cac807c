"""What all pages of settings share."""

from dataclasses import dataclass

from fastapi import Request, Response

from peephole.doorbell.doorbell import Doorbell
from peephole.settings.owner import EDITABLE
from peephole.web.answers import Answers
from peephole.web.confirm import account_name, account_of
from peephole.web.door import Door
from peephole.web.frame import render
from peephole.web.settings.parts import HouseholdParts

PAGES = (
    ("recognition", "Recognition"),
    ("door", "Door"),
    ("notifications", "Notifications"),
    ("keeping", "Storage"),
    ("accounts", "Accounts"),
    ("connections", "Connections"),
)


@dataclass(frozen=True)
class Site:
    """The door, the parts of its household, and how to answer."""

    door: Door
    parts: HouseholdParts
    memory: Doorbell
    answers: Answers

    def show(self, request: Request, name: str, **context: object) -> Response:
        """Return one of the pages."""
        account = account_of(request)
        around = {
            "pages": PAGES,
            "page": name,
            "may_change": account is None or account.role == "owner",
            "restart": self.parts.after_a_restart(),
        }
        return render(request, self.door, f"settings/{name}.html", {**around, **context})


def keys_of(table: str) -> list[str]:
    """Return the keys of a table that are the owner's."""
    return [f"{table}.{name}" for name in EDITABLE[table]]


def who(request: Request) -> str:
    """Return who changes something, for the log."""
    return account_name(request) or "the page"
