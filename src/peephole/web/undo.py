"""What the owner did and may take back."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response

from peephole.accounts.accounts import Accounts
from peephole.accounts.passwords import LONGEST
from peephole.doorbell.inbox import Inbox
from peephole.people.deeds import EasierError
from peephole.web.answers import Answers, Back, Outcome, page_after
from peephole.web.audit import noted
from peephole.web.confirm import confirm

DeedNumber = Annotated[int | None, Form(ge=1, le=2**63 - 1, description="None: the newest, or all of them.")]
UndoPassword = Annotated[
    str, Form(max_length=LONGEST, description="Of who asks, where the door opens more easily afterwards.")
]
LISTS = ("strangers", "people", "visits")


def undo_routes(inbox: Inbox, answers: Answers, accounts: Accounts | None) -> APIRouter:
    """Undo, and its contrary: erase at once.

    accounts: whose passwords are asked for by what makes the door open more easily; None: there are none.
    """
    router = APIRouter(prefix="/api", tags=["undo"])
    journal = inbox.journal

    @router.get("/undo")
    def deeds() -> list[dict[str, Any]]:
        """What can be undone, the newest first, and until when."""
        return [vars(deed) for deed in journal.deeds()]

    @router.post("/undo")
    def undo(request: Request, deed: DeedNumber = None, back: Back = "/", password: UndoPassword = "") -> Response:
        """Undo one thing, or the newest; refused where something newer changed the same rows."""

        def act() -> tuple[str, str, dict[str, Any]]:
            try:
                done = journal.undo(deed)
            except EasierError as error:
                number = error.deed.number  # the newest may be another one by then
                confirm(request, accounts, password, str(error), {"deed": str(number), "back": back})
                done = journal.undo(number, may_ease=True)
                noted(request, "may_open")
            return "undone", f"Undone: {done.text.removesuffix('.')}.", {"number": done.number}

        return answers.give(request, lambda: Outcome(*act(), _page_left(inbox, back)), *LISTS)

    @router.post("/undo/erase")
    def erase(request: Request, deed: DeedNumber = None, back: Back = "/") -> Response:
        """Erase at once what was discarded, by one thing or by all; it cannot be undone any more."""

        def act() -> tuple[str, str, dict[str, Any]]:
            return "erased", "Erased.", {"deeds": journal.erase(deed)}

        return answers.give(request, lambda: Outcome(*act(), page_after(back)), *LISTS)

    return router


def _page_left(inbox: Inbox, back: str) -> str:
    """Return the page to go on with; that of a stranger who was split off may be gone."""
    page = page_after(back)
    try:
        if page.startswith("/strangers/"):
            inbox.stranger(page.removeprefix("/strangers/"))
    except ValueError:
        return "/strangers"
    return page
