"""What the owner did and may take back."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response

from peephole.doorbell.inbox import Inbox
from peephole.web.answers import Answers, Back, Outcome, page_after

DeedNumber = Annotated[int | None, Form(ge=1, le=2**63 - 1, description="None: the newest, or all of them.")]
LISTS = ("strangers", "people", "visits")


def undo_routes(inbox: Inbox, answers: Answers) -> APIRouter:
    """Undo, and its contrary: erase at once."""
    router = APIRouter(prefix="/api", tags=["undo"])
    journal = inbox.journal

    @router.get("/undo")
    def deeds() -> list[dict[str, Any]]:
        """What can be undone, the newest first, and until when."""
        return [vars(deed) for deed in journal.deeds()]

    @router.post("/undo")
    def undo(request: Request, deed: DeedNumber = None, back: Back = "/") -> Response:
        """Undo one thing, or the newest; refused where something newer changed the same rows."""

        def act() -> tuple[str, str, dict[str, Any]]:
            done = journal.undo(deed)
            return "undone", f"Undone: {done.text}.", {"number": done.number}

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
