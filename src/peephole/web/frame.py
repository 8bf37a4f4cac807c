"""What stands around every page (templates/frame.html), and the templates themselves."""

from pathlib import Path
from typing import Any

from fastapi import Request, Response
from fastapi.templating import Jinja2Templates

from peephole.web.door import Door
from peephole.web.gate import by_owner

TEMPLATES = Jinja2Templates(Path(__file__).parent / "templates")
DONE = {
    "named": "Named.",
    "ignored": "Ignored: this stranger will no longer be announced.",
    "discarded": "Discarded.",
    "no_face": "No face: never shown again.",
    "reopened": "Back in the inbox.",
    "merged": "One person now.",
    "split": "A stranger of their own now.",
    "apart": "Two people. This is not asked again.",
    "looks_dropped": "Discarded; erased in ten minutes.",
    "visit_named": "Put right.",
    "visit_nobodys": "Put right: nobody you know.",
    "visit_forgotten": "Forgotten; looks and picture are erased in ten minutes.",
    "undone": "Undone.",
    "added": "Added.",
    "renamed": "Renamed.",
    "removed": "Removed, photos and all.",
    "aside": "Set aside: compared with nobody. It can be put back below.",
    "restored": "Put back: used again.",
    "erased": "Erased.",
    "rules": "Rules saved.",
    "joined": "One person now.",
    "forgotten": "Forgotten: everything about that person is erased.",
    "introduced": "Known from now on.",
    "look_rejected": "The look is dropped.",
    "enrolment_cancelled": "Cancelled. Nothing was stored.",
    "enrolment_over": "The introduction is over. What was not saved is forgotten.",
    "rang": "The bell rang.",
    "saved": "Saved.",
    "same": "Nothing was different.",
    "sent": "The test message was delivered.",
    "reset": "Earlier refusals count no more.",
    "account_added": "Added: may sign in from now on.",
    "account_removed": "Removed: may sign in no more.",
    "target_added": "Added. Send a test to see that it arrives, and choose below what it is told of.",
    "target_removed": "Removed: nothing more is sent there, and its address is erased.",
    "left_elsewhere": "Signed out everywhere else.",
    "opened": "The door was opened, or would have been in a dry run.",
}
"""What a page says after a form was sent, by the code in its address (`?done=`)."""

UNDOABLE = frozenset(
    {
        "named",
        "introduced",
        "ignored",
        "discarded",
        "no_face",
        "reopened",
        "merged",
        "split",
        "apart",
        "looks_dropped",
        "visit_named",
        "visit_nobodys",
        "visit_forgotten",
        "renamed",
        "rules",
        "joined",
    }
)
"""Those of them that the notice offers to undo."""


def render(request: Request, door: Door, template: str, values: dict[str, Any], status: int = 200) -> Response:
    """Return a page: a template that extends `frame.html`, filled in."""
    return TEMPLATES.TemplateResponse(request, template, frame(request, door) | values, status)


def frame(request: Request, door: Door) -> dict[str, object]:
    """Return what `frame.html` needs."""
    return {
        "here": request.url.path,
        "memory": door.memory is not None,
        "waiting": len(door.memory.strangers()) if door.memory is not None else 0,
        "connections": door.peers(),
        "settings": door.parts is not None,
        "troubles": door.troubles(),
        "said": DONE.get(request.query_params.get("done", "")),
        "session": getattr(request.state, "session", None),
        "owner": by_owner(request),
        "undo": newest_deed(door) if request.query_params.get("done") in UNDOABLE else None,
        "cameras": door.cameras,
    }


def newest_deed(door: Door) -> int | None:
    """Return the number of what would be undone next; None where nothing can be."""
    deeds = door.memory.inbox.journal.deeds() if door.memory is not None else []
    return deeds[0].number if deeds else None
