"""What the owner does with one visit that was decided wrongly: one route an action, for forms and programs alike."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response

from peephole.doorbell.doorbell import Doorbell
from peephole.doorbell.said import said_words
from peephole.doorbell.visit import Trace, VisitRecord
from peephole.people.names import clean_name
from peephole.web.actions import Name
from peephole.web.answers import Answers, Outcome
from peephole.web.confirm import LooksGuard, Password
from peephole.web.lists import sentence
from peephole.web.undo import LISTS

Learn = Annotated[bool, Form(description="Whether the good looks become looks that the person is recognised by.")]
Consent = Annotated[str, Form(description="Who agreed to be recognised, and how; as of today. Empty: as noted.")]


def visit_actions(memory: Doorbell, answers: Answers, guard: LooksGuard) -> APIRouter:
    """What can be done with a visit that is over; each can be undone."""
    router = APIRouter(prefix="/api/visits/{visit}", tags=["actions"])

    def page_of(visit: str) -> str:
        return f"/visits/{memory.visit(visit).id}"

    @router.post("/name")
    def name(
        request: Request,
        visit: str,
        name: Name = "",
        learn: Learn = False,
        consent: Consent = "",
        password: Password = "",
    ) -> Response:
        """Say whose visit it was: that of somebody known by name or id, or, by a new name, of a new person."""

        def act() -> Outcome:
            page, who = page_of(visit), clean_name(name)
            if learn:
                fields = {"name": who, "learn": "true", "consent": consent}
                guard.check(request, who, password, fields)
            person = memory.corrections.name(visit, who, learn, consent)
            learnt = f", and {person.name} is recognised by its looks, too" if learn else ""
            facts = {"id": person.id, "name": person.name}
            return Outcome("visit_named", f"This visit is {person.name}'s{learnt}.", facts, page)

        return answers.give(request, act, *LISTS)

    @router.post("/nobody")
    def nobody(request: Request, visit: str) -> Response:
        """Say that it was nobody known: the visit is that of a stranger whom the looks fit, or of a new one."""

        def act() -> Outcome:
            page, number = page_of(visit), memory.corrections.strange(visit)
            whose = "that of somebody who is not known" if number is None else f"Stranger {number}'s"
            return Outcome("visit_nobodys", f"This visit is {whose}.", {"number": number}, page)

        return answers.give(request, act, *LISTS)

    @router.post("/forget")
    def forget(request: Request, visit: str) -> Response:
        """Forget a visit, as no face was there or it is nobody's business: looks and picture are erased."""

        def act() -> Outcome:
            page = page_of(visit)
            memory.corrections.forget(visit)
            return Outcome("visit_forgotten", "Forgotten; looks and picture are erased in ten minutes.", {}, page)

        return answers.give(request, act, *LISTS)

    return router


def correction_values(memory: Doorbell, visit: VisitRecord, trace: Trace) -> dict[str, Any]:
    """Return what parts/correct.html shows of a visit: what the doorbell had said, and what can be put right."""
    said = memory.corrections.said(visit.id)
    return {
        "had_said": "" if said is None else sentence(said_words(said, trace.bars)),
        "over": visit.closed,
        "discarded": visit.decision.reason == "discarded",
        "stranger": visit.decision.stranger,
        "stranger_number": visit.stranger_number,
        "learnable": any(look.quality.good for look in trace.looks),
        "people": sorted(row.person.name for row in memory.people()),
    }
