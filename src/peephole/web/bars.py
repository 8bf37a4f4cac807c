"""How sure the doorbell is: distances within the household, and the bars between known, unsure and stranger."""

from dataclasses import dataclass
from pathlib import Path

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse
from fastapi.templating import Jinja2Templates

from peephole.doorbell.doorbell import Doorbell
from peephole.doorbell.policy import Bars
from peephole.people.spread import Spread
from peephole.web.door import Door
from peephole.web.pages import frame

WIDTH, HEIGHT, BINS = 640, 180, 48


@dataclass(frozen=True)
class Column:
    """One column of the histogram in its own pixels; `kind` is alike or different."""

    kind: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Histogram:
    """Columns, and the places of the bars; `most` is the distance at the right edge."""

    columns: tuple[Column, ...]
    known: float
    stranger: float
    closest: float | None
    most: int


def bars_routes(door: Door, memory: Doorbell) -> APIRouter:
    """The page of the bars."""
    router = APIRouter(include_in_schema=False)
    templates = Jinja2Templates(Path(__file__).parent / "templates")

    @router.get("/bars", response_class=HTMLResponse)
    def bars(request: Request) -> Response:
        spread, current = memory.spread(), memory.bars()
        names = {row.person.id: row.person.name for row in memory.people()}
        stricter, wider = (memory.policy.replaced({"known_rate": memory.policy.known_rate * by}) for by in (0.1, 5.0))
        return templates.TemplateResponse(
            request,
            "bars.html",
            {
                **frame(request, door),
                "histogram": histogram(spread, current),
                "width": WIDTH,
                "height": HEIGHT,
                "alike": len(spread.alike),
                "different": len(spread.different),
                "over": sum(distance > current.known for distance in spread.alike),
                "under": sum(distance <= current.known for distance in spread.different),
                "closest": sorted(names.get(one, "somebody") for one in spread.closest.people)
                if spread.closest
                else None,
                "closest_too_near": spread.closest is not None and spread.closest.distance <= current.known,
                "changes": [
                    (words, [one for one in memory.rejudge(policy) if one.differs])
                    for words, policy in (("ten times stricter", stricter), ("five times wider", wider))
                ],
            },
        )

    return router


def histogram(spread: Spread, bars: Bars) -> Histogram:
    """Lay out both kinds of pairs over distance, each as a share of its own kind."""
    most = max([*spread.alike, *spread.different, bars.stranger]) * 1.05
    columns: list[Column] = []
    for kind, distances in (("different", spread.different), ("alike", spread.alike)):
        counts = [0] * BINS
        for distance in distances:
            counts[min(BINS - 1, int(distance / most * BINS))] += 1
        highest = max(counts)
        columns += [
            Column(kind, at * WIDTH / BINS, HEIGHT * (1 - one / highest), WIDTH / BINS, HEIGHT * one / highest)
            for at, one in enumerate(counts)
            if one
        ]
    closest = None if spread.closest is None else spread.closest.distance / most * WIDTH
    return Histogram(tuple(columns), bars.known / most * WIDTH, bars.stranger / most * WIDTH, closest, int(most))
