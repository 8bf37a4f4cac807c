"""The password asked for again, before something that lasts longer than a browser that was left open."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import Form, Request

from peephole.accounts.accounts import Accounts
from peephole.accounts.passwords import LONGEST
from peephole.accounts.records import Account
from peephole.doorbell.doorbell import Doorbell

Password = Annotated[str, Form(max_length=LONGEST, description="Of who asks, where the door may open for the person.")]
Fields = Mapping[str, str | Sequence[str]]


class PasswordNeededError(ValueError):
    """The password is missing, or wrong; `fields` are those of the form, to be sent once more; None: it cannot be."""

    def __init__(self, text: str, fields: Fields | None) -> None:
        """Say why it is asked for."""
        super().__init__(text)
        self.fields = fields


def account_of(request: Request) -> Account | None:
    """Return who is signed in; None where nobody needs to be."""
    session = getattr(request.state, "session", None)
    return session.account if session is not None else None


def account_name(request: Request) -> str | None:
    """Return the name of who is signed in; None where nobody needs to be."""
    account = account_of(request)
    return account.name if account is not None else None


def confirm(request: Request, accounts: Accounts | None, password: str, why: str, fields: Fields | None = None) -> None:
    """Make sure that who asks knows the password of who is signed in; nothing where there are no accounts.

    fields: what the form holds beside it, so that a browser can be asked for it on a page of its own.

    Raises PasswordNeededError, which begins with `why` where none is given, and TooManyTriesError.
    """
    if accounts is None:
        return
    account = account_of(request)
    if account is None or not password:
        raise PasswordNeededError(f"{why}: say your password, too", fields)
    try:
        accounts.confirm(account, password, request.client.host if request.client is not None else "")
    except ValueError as error:
        raise PasswordNeededError(str(error), fields) from error


@dataclass(frozen=True)
class LooksGuard:
    """Asks for the password where a look is added to somebody for whom the door may open: it is a key to the door.

    Attributes:
        accounts: whose passwords are asked for; None: there are none.
        memory: who knows for whom the door may open; None: a device, which opens none.
    """

    accounts: Accounts | None = None
    memory: Doorbell | None = None

    def opens(self, person: str) -> bool:
        """Tell whether the door may open for the person of that name or id, if there is one."""
        if self.memory is None:
            return False
        try:
            return self.memory.rules(person).may_open
        except ValueError:  # nobody yet
            return False

    def check(self, request: Request, person: str, password: str, fields: Fields | None = None) -> None:
        """Make sure that looks may be added to the person of that name or id; raises as `confirm` does."""
        if self.opens(person):
            confirm(request, self.accounts, password, "the door may open for whoever looks like this person", fields)
