"""What the buttons of a message lead to: who somebody is, and ignoring somebody without a session.

A link is read by whatever fetches links of messages, so a GET changes nothing: it shows a page with the button.
"""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from peephole.doorbell.doorbell import Doorbell
from peephole.doorbell.trace import OWNERS_WORD
from peephole.doorbell.visit import VisitRecord
from peephole.live import Announcer, Changed
from peephole.notify.action_links import ActionLinks
from peephole.time_words import moment
from peephole.web.frame import TEMPLATES

GONE = "This link is no longer good: it was used, it is old, or the doorbell was started anew. Sign in instead."
NOT_YET = "The visit is not over yet, so this one has no number. Try again in a minute."
NOT_MADE_OUT = "The visit is over, and the face could not be made out: there is nobody to ignore. Nothing was changed."
NOBODY_SEEN = "Somebody rang, and no face was seen: there is nobody to ignore. Nothing was changed."
NOT_KEPT = "Nothing is kept here of faces that are not known, so there is nobody to ignore. Nothing was changed."
MEANWHILE = "This one was dealt with on the page meanwhile. Nothing was changed."
NAMED = "Somebody was recognised after all. Nothing was changed; sign in to see who it was."
_REFUSALS = (NOT_YET, NOT_MADE_OUT, NOBODY_SEEN, NOT_KEPT, MEANWHILE, NAMED)


@dataclass(frozen=True)
class Buttons:
    """What the links of messages may do; any thread."""

    links: ActionLinks
    memory: Doorbell
    announcer: Announcer

    def place_of(self, visit: str) -> str:
        """Return the page of the stranger of a visit; where there is none that of the visit, which asks who it was."""
        try:
            record = self.memory.visit(visit)
        except ValueError:
            return f"/visits/{quote(visit, safe='')}"
        if record.decision.stranger:
            return f"/strangers/{quote(record.decision.stranger, safe='')}"
        asks = "#correct" if record.closed and record.decision.kind != "known" else ""
        return f"/visits/{quote(visit, safe='')}{asks}"

    def asked(self, token: str) -> VisitRecord | str:
        """Return the visit whose stranger a link would ignore, or why it cannot."""
        visit = self.links.visit(token)
        try:
            record = self.memory.visit(visit) if visit is not None else None
        except ValueError:
            record = None
        if record is None:
            return GONE
        if record.decision.kind == "known":
            return NAMED
        return record if record.decision.stranger is not None else _why_nobody(record)

    def ignore(self, token: str) -> VisitRecord | str:
        """Ignore the stranger, once; return the visit, or why not."""
        record = self.asked(token)
        if isinstance(record, str) or record.decision.stranger is None:
            return record
        if self.links.use(token) is None:  # somebody was quicker
            return GONE
        try:
            self.memory.ignore(record.decision.stranger)
        except ValueError:
            return MEANWHILE
        self.announcer.announce(Changed("strangers"))
        return record


def _why_nobody(record: VisitRecord) -> str:
    """Say why there is no stranger to ignore."""
    if not record.closed:
        return NOT_YET
    if record.decision.reason in OWNERS_WORD - {"nobody_seen"}:
        return MEANWHILE
    if record.decision.kind == "stranger":
        return NOT_KEPT
    return NOT_MADE_OUT if record.sightings else NOBODY_SEEN


def action_link_routes(buttons: Buttons) -> APIRouter:
    """Routes of the buttons; those under `/act` need no session but the link itself."""
    router = APIRouter(include_in_schema=False)

    def shown(request: Request, text: str, button: str = "") -> Response:
        status = 404 if text == GONE else 409 if text in _REFUSALS else 200
        return TEMPLATES.TemplateResponse(
            request, "action_link.html", {"text": text, "button": button}, status_code=status
        )

    @router.get("/who/{visit}")
    def who(visit: str) -> Response:
        """Go to where somebody can be named."""
        return RedirectResponse(buttons.place_of(visit), 303)

    @router.get("/act/{token}", response_class=HTMLResponse)
    def ask(request: Request, token: str) -> Response:
        """Show what the button would do; changes nothing."""
        record = buttons.asked(token)
        if isinstance(record, str):
            return shown(request, record)
        when = moment(record.first_seen, datetime.now().astimezone())
        text = f"Stranger {record.stranger_number}, here {when}, will no longer be announced. The page can undo it."
        return shown(request, text, button="Ignore")

    @router.post("/act/{token}", response_class=HTMLResponse)
    def act(request: Request, token: str) -> Response:
        """Do it."""
        record = buttons.ignore(token)
        done = record if isinstance(record, str) else f"Stranger {record.stranger_number} is ignored."
        return shown(request, done)

    return router
