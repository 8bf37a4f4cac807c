"""The page of the bars: where they stand among the owner's own people, and what others would have changed."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from peephole.doorbell.doorbell import Doorbell
from peephole.doorbell.trace import Rejudged
from peephole.doorbell.visit import Decision
from peephole.people.names import names_by_id
from peephole.time_words import moment
from peephole.web.answers import Outcome
from peephole.web.lists import count
from peephole.web.settings import thresholds
from peephole.web.settings.fields import fields, refuse_others
from peephole.web.settings.histogram import HEIGHT, WIDTH, histogram
from peephole.web.settings.site import Site, keys_of, who

Looks = Annotated[int | None, Query(description="One look in so many.")]
FormLooks = Annotated[int | None, Form(description="One look in so many; none: as it is.")]
HERE = "/settings/recognition"
_MOST_SHOWN = 20


def recognition_routes(site: Site) -> APIRouter:
    """The page, and moving the bars."""
    router = APIRouter(tags=["settings"])
    memory, owner = site.memory, site.parts.owner

    @router.get(HERE, response_class=HTMLResponse, include_in_schema=False)
    def page(request: Request, known: Looks = None, stranger: Looks = None) -> Response:
        now, current = owner.settings.recognition, memory.bars()
        proposal, problem = None, ""
        try:
            proposal = thresholds.proposal(memory, now, thresholds.wished(now, known, stranger))
            problem = proposal.refusal
        except ValueError as error:
            problem = str(error)
        spread, floor = memory.spread(), memory.nearness.floor()
        context = {
            "fields": fields(owner, keys_of("recognition")),
            "known": known if known is not None else thresholds.one_in(now.known_rate),
            "stranger": stranger if stranger is not None else thresholds.one_in(now.stranger_rate),
            "problem": problem,
            "preview": None,
            "histogram": histogram(spread, proposal.bars if proposal is not None else current),
            "width": WIDTH,
            "height": HEIGHT,
            "alike": len(spread.alike),
            "different": len(spread.different),
            "over": sum(distance > current.known for distance in spread.alike),
            "under": sum(distance <= current.known for distance in spread.different),
            "closest": floor.names if floor is not None else None,
            "too_near": thresholds.floor_sentence(memory, current),
            "points": " ".join(f"{rate:g}:{distance}" for rate, distance in memory.calibration.points),
            "people": thresholds.people_of(memory),
            "fewest": {"known": thresholds.least_known_looks(memory, now), "stranger": thresholds.FEWEST_LOOKS},
            "most_looks": thresholds.MOST_LOOKS,
        }
        if proposal is not None and (known is not None or stranger is not None):
            context["preview"] = _preview(memory, thresholds.judged_anew(memory, proposal.recognition))
        return site.show(request, "recognition", **context)

    @router.get("/bars", include_in_schema=False)
    def moved() -> Response:
        """Lead bookmarks of an earlier page about the bars here."""
        return RedirectResponse(HERE, 301)

    @router.post(HERE, dependencies=[Depends(_no_others)])
    def save(
        request: Request,
        known: FormLooks = None,
        stranger: FormLooks = None,
        back: Annotated[str, Form(description="Setting that is to be as the file says.")] = "",
    ) -> Response:
        """Move the bars; refused where the one for known would not keep the two closest people apart."""

        def act() -> Outcome:
            now, keys = owner.settings.recognition, [back] if back else []
            if back and back not in keys_of("recognition"):
                raise ValueError(f"{back}: this is not set on this page")
            wish = owner.tried({}, keys).recognition if back else thresholds.wished(now, known, stranger)
            if refusal := thresholds.proposal(memory, now, wish).refusal:
                raise ValueError(refusal)
            given = {} if back else wish.model_dump()
            values = {f"recognition.{name}": value for name, value in given.items() if value != getattr(now, name)}
            owner.change(who(request), values, keys)
            return Outcome("saved", "Saved.", {"changed": [*values, *keys]}, HERE)

        return site.answers.give(request, act)

    return router


async def _no_others(request: Request) -> None:
    try:
        refuse_others(await request.form(), {"known", "stranger", "back"})
    except ValueError as error:
        raise HTTPException(400, str(error)) from error


def _preview(memory: Doorbell, judged: Sequence[Rejudged]) -> dict[str, object]:
    """Return how many visits would be judged differently, of how many; of the newest id, time and change in words."""
    now = datetime.now().astimezone()
    names = names_by_id(memory.people())
    changed = [one for one in judged if one.differs]
    rows = [
        (one.visit.id, moment(one.visit.first_seen, now), f"{_who(one.in_force, names)} → {_who(one.now, names)}")
        for one in changed[:_MOST_SHOWN]
    ]
    return {"count": len(changed), "of": count(len(judged), "visit"), "newest": thresholds.NEWEST, "rows": rows}


def _who(decision: Decision, names: Mapping[str, str]) -> str:
    if decision.kind == "known":
        return names.get(decision.person or "", "somebody known")
    return {"stranger": "a stranger", "unsure": "not sure"}[decision.kind]
