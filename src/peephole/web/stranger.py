"""Strangers, one page each, and what the owner does with one, with some of their looks, or with several at once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, HTTPException, Request, Response
from fastapi.responses import HTMLResponse
from pydantic import Field

from peephole.doorbell.inbox import Inbox
from peephole.doorbell.policy import share_of
from peephole.people.names import clean_name, names_by_id
from peephole.people.records import Stranger
from peephole.web.actions import Name, named_words
from peephole.web.answers import Answers, Back, Outcome, page_after
from peephole.web.confirm import LooksGuard, Password
from peephole.web.door import Door
from peephole.web.frame import render
from peephole.web.keeping import keeping_of
from peephole.web.lists import StrangerRow, count, stranger_rows, visit_row
from peephole.web.pictures import jpeg_for
from peephole.web.stranger_words import last_deed, suggestion_rows
from peephole.web.undo import LISTS, undo_routes

Doing = Literal["assign", "ignore", "no_face", "discard", "merge", "reopen"]
Chosen = Annotated[list[str] | None, Form(description="Ids or numbers of strangers.")]
LookId = Annotated[int, Field(ge=1, le=2**63 - 1)]
Looks = Annotated[list[LookId] | None, Form(description="Ids of looks.")]
STATES = {"open": "waits for a name", "ignored": "ignored", "assigned": "named", "discarded": "discarded"}


@dataclass(frozen=True)
class Group:
    """Strangers of the inbox under one heading; `ignored`: they are recognised silently."""

    slug: str
    title: str
    ignored: bool
    rows: tuple[StrangerRow, ...]


def inbox_routers(door: Door, inbox: Inbox, answers: Answers, guard: LooksGuard) -> tuple[APIRouter, ...]:
    """Everything about strangers that only the host's own door can do."""
    return (
        stranger_pages(door, inbox),
        inbox_actions(inbox, answers, guard),
        inbox_reading(inbox),
        undo_routes(inbox, answers, guard.accounts),
    )


def stranger_pages(door: Door, inbox: Inbox) -> APIRouter:
    """Routes that answer with pages and pictures of strangers."""
    router = APIRouter(include_in_schema=False)

    def shared() -> dict[str, Any]:
        now = datetime.now().astimezone()
        return {
            "longest_name": door.longest_name,
            "people": sorted(row.person.name for row in door.household.people()),
            "deed": last_deed(inbox, now),
        }

    @router.get("/strangers", response_class=HTMLResponse)
    def strangers(request: Request, choose: str = "") -> Response:
        """Show all of them who can be dealt with, those who wait for a name first; `choose` ticks those of a group."""
        now = datetime.now().astimezone()
        names, looks = names_by_id(door.household.people()), inbox.looks()
        rows = [one for one in door.household.strangers(True) if one.state in ("open", "ignored")]
        groups = [
            Group(slug, title, slug != "open", stranger_rows(door, strangers, names, looks, now))
            for slug, title, strangers in (
                ("open", "Waiting for a name", [one for one in rows if one.state == "open"]),
                ("ignored", "Ignored", [one for one in rows if one.state == "ignored" and not one.no_face]),
                ("no-face", "No face", [one for one in rows if one.no_face]),
            )
        ]
        bars = door.memory.bars() if door.memory is not None else None
        alike = any(row.like for group in groups for row in group.rows)
        return render(
            request,
            door,
            "strangers.html",
            {
                **shared(),
                "groups": groups,
                "choose": choose,
                "alike": share_of(bars.stranger, bars.known) if alike and bars is not None else "",
                "suggestions": suggestion_rows(inbox.suggestions(), looks, now),
            },
        )

    @router.get("/strangers/{key}", response_class=HTMLResponse)
    def stranger(request: Request, key: str) -> Response:
        found, now = _found(inbox, key), datetime.now().astimezone()
        names = names_by_id(door.household.people())
        looks, keeping = inbox.looks(), keeping_of(door)
        (row,) = stranger_rows(door, [found], names, looks, now, None)
        others = [one for one in door.household.strangers(True) if one.state in ("open", "ignored")]
        return render(
            request,
            door,
            "stranger.html",
            {
                **shared(),
                "stranger": row,
                "state": found.state,
                "word": "no face" if found.no_face else STATES[found.state],
                "name": names.get(found.person or "", ""),
                "looks": row.looks,
                "visits": [visit_row(one, names, now, keeping) for one in inbox.visits(found.id, 100)],
                "others": [one for one in others if one.id != found.id and not one.no_face],
                "suggestions": suggestion_rows(
                    [one for one in inbox.suggestions() if found.id in (one.one.id, one.other.id)], looks, now
                ),
            },
        )

    @router.get("/strangers/{key}/with", response_class=HTMLResponse)
    def both(request: Request, key: str, other: str = "") -> Response:
        """Show two strangers side by side, before they are merged."""
        now = datetime.now().astimezone()
        pair = sorted((_found(inbox, key), _found(inbox, other)), key=lambda one: one.number)
        if pair[0].id == pair[1].id:
            raise HTTPException(400, "choose another stranger to compare this one with")
        looks = inbox.looks()
        return render(
            request,
            door,
            "strangers_both.html",
            {
                **shared(),
                "pair": [(one, one.looks) for one in stranger_rows(door, pair, {}, looks, now, None)],
                "kept": f"Stranger {pair[0].number}",
                "together": count(sum(one.visits for one in pair), "visit"),
                "workable": all(one.state in ("open", "ignored") for one in pair),
                "ignored": any(one.state == "ignored" for one in pair),
            },
        )

    @router.get("/pictures/strangers/looks/{look}.jpg")
    def picture(request: Request, look: LookId) -> Response:
        return jpeg_for(request, inbox.shelf.look_picture(look))

    return router


def inbox_actions(inbox: Inbox, answers: Answers, guard: LooksGuard) -> APIRouter:
    """What can be done with strangers, beside `actions.stranger_routes`; it can all be undone."""
    router = APIRouter(prefix="/api", tags=["actions"])
    shelf = inbox.shelf

    def answer(request: Request, back: str, act: Callable[[], tuple[str, str, dict[str, Any]]]) -> Response:
        return answers.give(request, lambda: Outcome(*act(), page_after(back)), *LISTS)

    @router.post("/strangers/bulk")
    def bulk(
        request: Request,
        do: Annotated[Doing, Form()],
        stranger: Chosen = None,
        name: Name = "",
        back: Back = "/",
        password: Password = "",
    ) -> Response:
        """Do the same with several strangers: assign all to one name, ignore, no_face, discard, merge, reopen."""

        def act() -> tuple[str, str, dict[str, Any]]:
            if do == "assign":
                fields = {"do": do, "stranger": stranger or [], "name": name, "back": back}
                guard.check(request, clean_name(name), password, fields)
                unlike = guard.memory.unlike(stranger or [], clean_name(name)) if guard.memory is not None else None
                person = shelf.assign(stranger or [], clean_name(name))
                return "named", named_words(person.name, unlike), {"id": person.id, "name": person.name}
            return _bulk(inbox, do, stranger or [])

        return answer(request, back, act)

    @router.post("/strangers/{stranger}/split")
    def split(request: Request, stranger: str, look: Looks = None) -> Response:
        """Make some looks those of a new stranger; visits go with most of their looks."""

        def act() -> Outcome:
            new = inbox.split(stranger, look or [])
            text = f"These looks are Stranger {new.number} now, with {count(new.visits, 'visit')}."
            return Outcome("split", text, {"id": new.id, "number": new.number}, f"/strangers/{new.id}")

        return answers.give(request, act, *LISTS)

    @router.post("/strangers/{stranger}/drop-looks")
    def drop_looks(request: Request, stranger: str, look: Looks = None, back: Back = "/") -> Response:
        """Discard single looks at a stranger."""

        def act() -> tuple[str, str, dict[str, Any]]:
            row = shelf.drop_looks(stranger, look or [])
            return "looks_dropped", f"{count(len(look or []), 'look')} discarded.", {"id": row.id}

        return answer(request, back, act)

    @router.post("/strangers/{stranger}/apart")
    def apart(request: Request, stranger: str, other: Annotated[str, Form()] = "", back: Back = "/") -> Response:
        """Say that two strangers are two people: nobody suggests to merge them any more."""

        def act() -> tuple[str, str, dict[str, Any]]:
            shelf.keep_apart(stranger, other)
            return "apart", "Two people. This is not asked again.", {}

        return answer(request, back, act)

    return router


def inbox_reading(inbox: Inbox) -> APIRouter:
    """Strangers for programs."""
    router = APIRouter(prefix="/api", tags=["reading"])

    @router.get("/strangers/suggestions")
    def suggestions() -> list[dict[str, Any]]:
        """Pairs of strangers who may be the same, the nearest first, with their squared distance."""
        return [{"one": one.one.id, "other": one.other.id, "distance": one.distance} for one in inbox.suggestions()]

    @router.get("/strangers/{stranger}")
    def stranger(stranger: str) -> dict[str, Any]:
        """One stranger with every look: when, quality, the visit it is from, and the address of the picture."""
        found = _found(inbox, stranger)
        return {
            **vars(found),
            "looks": [
                {**vars(look), "picture": f"/pictures/strangers/looks/{look.id}.jpg"}
                for look in inbox.looks().get(found.id, [])
            ],
            "visits": [visit.id for visit in inbox.visits(found.id)],
        }

    return router


def _bulk(inbox: Inbox, do: Doing, strangers: Sequence[str]) -> tuple[str, str, dict[str, Any]]:
    if do == "merge":
        kept = inbox.shelf.merge(strangers)
        text = f"One person now: Stranger {kept.number}, {count(kept.visits, 'visit')}."
        return "merged", text, {"id": kept.id, "number": kept.number}
    act, done, words = {
        "ignore": (inbox.shelf.ignore, "ignored", "ignored from now on"),
        "no_face": (inbox.shelf.no_face, "no_face", "no face: ignored and hidden"),
        "discard": (inbox.shelf.discard, "discarded", "discarded"),
        "reopen": (inbox.shelf.reopen, "reopened", "back in the inbox"),
    }[do]
    rows = act(strangers)
    who = f"Stranger {rows[0].number}" if len(rows) == 1 else f"{len(rows)} strangers"
    return done, f"{who} {words}.", {"ids": [row.id for row in rows]}


def _found(inbox: Inbox, key: str) -> Stranger:
    try:
        return inbox.stranger(key)
    except ValueError as error:
        raise HTTPException(404, str(error)) from error
