"""How the page answers what it is asked to do, in the way that the asker understands.

A form of a browser without scripts is sent back to the page; htmx gets a notice in a header; whoever accepts JSON
gets JSON. A refusal is one sentence, with status 400.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Annotated, Any
from urllib.parse import quote, urlsplit

from fastapi import Form, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse

from peephole.accounts.accounts import TooManyTriesError
from peephole.live import Announcer, Changed
from peephole.web.confirm import PasswordNeededError
from peephole.web.frame import TEMPLATES
from peephole.web.lists import sentence

_COMMAND = re.compile(r"; 'peephole [^']*' shows .*$")  # advice for a terminal

Back = Annotated[str, Form(description="The page to go on with, for browsers without scripts.")]


@dataclass(frozen=True)
class Outcome:
    """What was done: a code for the redirect, a sentence for the page, facts for programs, the page to go on with.

    `undo` is the number under which it can be taken back, if it can.
    """

    done: str
    text: str
    facts: dict[str, Any]
    back: str = "/"
    undo: int | None = None


class Answers:
    """Does what was asked, tells the open pages, and answers."""

    def __init__(self, announcer: Announcer, newest: Callable[[], int | None] = lambda: None) -> None:
        """newest: returns the number of what would be undone next, if anything."""
        self._announcer = announcer
        self._newest = newest

    def give(self, request: Request, act: Callable[[], Outcome], *changed: str) -> Response:
        """Run `act`; `changed` are the lists that look different afterwards."""
        before = self._newest()
        try:
            outcome = act()
        except PasswordNeededError as error:
            return asked_for_password(request, error)
        except ValueError as error:
            return refused(request, str(error))
        except TooManyTriesError as error:  # passwords are guessed
            return refused(request, str(error), 429)
        if (newest := self._newest()) is not None and newest > (before or 0):
            outcome = replace(outcome, undo=newest)
        for what in changed:
            self._announcer.announce(Changed(what))
        return accepted(request, outcome)


def accepted(request: Request, outcome: Outcome) -> Response:
    """Answer in the way the asker understands."""
    if request.headers.get("hx-request") == "true":
        return Response(status_code=204, headers={"HX-Trigger": notice(outcome.text, good=True, undo=outcome.undo)})
    if wants_json(request):
        undo = {} if outcome.undo is None else {"undo": outcome.undo}
        return JSONResponse({"done": outcome.done, "text": outcome.text, **outcome.facts, **undo})
    return RedirectResponse(f"{outcome.back}?done={quote(outcome.done)}", status_code=303)


def refused(request: Request, text: str, status: int = 400) -> Response:
    """Say what is wrong in the way the asker understands; without scripts or JSON it is a page with the way back."""
    if request.headers.get("hx-request") == "true":
        return Response(status_code=status, headers={"HX-Trigger": notice(text, good=False)})
    if wants_json(request):
        return JSONResponse({"error": text}, status)
    context = {"text": sentence(_COMMAND.sub("", text)), "missing": status == 404, "back": _page_before(request)}
    return TEMPLATES.TemplateResponse(request, "refused.html", context, status)


def asked_for_password(request: Request, error: PasswordNeededError) -> Response:
    """Ask a browser for the password in a form of its own, which then sends everything again; else as `refused`."""
    in_place = request.headers.get("hx-request") == "true"
    if error.fields is None or (wants_json(request) and not in_place):
        return refused(request, str(error))
    fields = [
        (name, value)
        for name, given in error.fields.items()
        for value in ([given] if isinstance(given, str) else given)
    ]
    context = {"text": sentence(str(error)), "fields": fields, "to": request.url.path, "back": _page_before(request)}
    if in_place:
        heads = {"HX-Retarget": "#ask", "HX-Reswap": "innerHTML"}
        return TEMPLATES.TemplateResponse(request, "parts/ask.html", context | {"live": True}, headers=heads)
    return TEMPLATES.TemplateResponse(request, "ask.html", context, 400)


def _page_before(request: Request) -> str:
    """Return the page of ours that the asker came from, else the first one."""
    before = urlsplit(request.headers.get("referer", ""))
    ours = before.netloc == request.headers.get("host") and not before.path.startswith("//")
    if not ours or before.path in ("", request.url.path):
        return "/"
    return before.path + (f"?{before.query}" if before.query else "")


def notice(text: str, *, good: bool, undo: int | None = None) -> str:
    """A header for htmx that makes the page show a line; JSON escapes keep it to plain ASCII."""
    offer = {} if undo is None else {"undo": undo}
    return json.dumps({"notice": {"text": text, "good": good, **offer}})


def page_after(back: str) -> str:
    """Return the page that a form asks to go on with, if it is one of strangers or of a visit; else the first page."""
    return back if re.fullmatch(r"/strangers(/[a-z0-9]{1,40})?|/visits/[a-z0-9]{1,40}", back) else "/"


def wants_json(request: Request) -> bool:
    """A browser's form accepts HTML; programs that say nothing get JSON."""
    return "text/html" not in request.headers.get("accept", "")
