"""`peephole visits`: who came, why it was decided so, and what other bars would have decided."""

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from peephole.cli.options import DataOption, JsonOption, ModelOption
from peephole.cli.output import counted, local_time, plain, print_json, print_table

if TYPE_CHECKING:
    from peephole.doorbell.trace import Rejudged
    from peephole.doorbell.visit import Decision, VisitRecord

group = typer.Typer(no_args_is_help=True, help="Visits, and why each was decided as it was.")

VisitKey = Annotated[str, typer.Argument(metavar="ID", help="Id of a visit; 'peephole visits list' shows them.")]
RateOption = Annotated[float | None, typer.Option(min=1e-9, max=0.5, metavar="RATE", show_default="as it is")]


@group.command("list")
def list_visits(
    data: DataOption,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 30,
    model: ModelOption = None,
    json: JsonOption = False,
) -> None:
    """List visits, the newest first, and what came of each."""
    from peephole.cli.gallery import opened_doorbell
    from peephole.web.outcome import outcomes

    with opened_doorbell(data, model) as doorbell:
        visits = doorbell.visits(limit)
    if json:
        print_json([dataclasses.asdict(visit) for visit in visits])
        return
    if not visits:
        print("nobody has come yet")
        return
    rows = [
        (
            local_time(visit.first_seen),
            _who(visit),
            visit.decision.kind,
            visit.decision.text,
            ", ".join(outcomes(visit)) or "-",
            visit.id,
        )
        for visit in visits
    ]
    print_table(("when", "who", "decision", "because", "outcome", "id"), rows)


@group.command("show")
def show(key: VisitKey, data: DataOption, model: ModelOption = None, json: JsonOption = False) -> None:
    """Show every look of a visit: how good it was, whether it voted, and whom it was nearest to."""
    from peephole.cli.gallery import opened_doorbell
    from peephole.doorbell.policy import share_of
    from peephole.doorbell.said import said_words
    from peephole.liveness.evidence import TEXTS
    from peephole.people.names import names_by_id
    from peephole.web.measures import measures
    from peephole.web.outcome import outcome_lines

    with opened_doorbell(data, model) as doorbell:
        visit, trace, said = doorbell.visit(key), doorbell.trace(key), doorbell.corrections.said(key)
        names = names_by_id(doorbell.people())
    if json:
        had_said = None if said is None else dataclasses.asdict(said)
        print_json({**dataclasses.asdict(visit), "trace": dataclasses.asdict(trace), "said": had_said})
        return
    print(plain(f"{local_time(visit.first_seen)}  {_who(visit)}: {visit.decision.kind}, {visit.decision.text}"))
    if said is not None:
        print(plain(said_words(said, trace.bars)))
    for line in (*(["the bell was pressed"] if visit.rang else []), *outcome_lines(visit)):
        print(plain(line[:1].lower() + line[1:].rstrip(".")))
    for term, value in measures(visit, trace, names):
        print(plain(f"{term[:1].lower()}{term[1:]} {value}"))
    if trace.bars is not None:
        outer = share_of(trace.bars.stranger, trace.bars.known)
        compared = counted(trace.compared, "person")
        print(f"held against {compared}; 1.00 is the bar for known, a stranger is beyond {outer}")
    if trace.liveness is not None:
        result, reason = trace.liveness
        print(f"liveness {result}: {TEXTS.get(reason, reason)}")
    if not trace.looks:
        print("no look at it is left")
        return
    rows = [
        (
            f"{look.time - visit.first_seen:.1f} s",
            look.quality.width,
            look.quality.value,
            look.quality.fault or ("voted" if look.voted else "did not vote" if visit.closed else "no vote yet"),
            names.get(look.nearest or "", "-"),
            "-" if look.distance is None or trace.bars is None else share_of(look.distance, trace.bars.known),
        )
        for look in trace.looks
    ]
    print_table(("after", "width", "quality", "counted", "nearest", "distance"), rows)


@group.command("search")
def search(
    photo: Annotated[Path, typer.Argument(metavar="PHOTO", help="A picture file; its clearest face counts.")],
    data: DataOption,
    limit: Annotated[int, typer.Option(min=1, max=40, help="At most so many of each kind.")] = 20,
    model: ModelOption = None,
    json: JsonOption = False,
) -> None:
    """Find the people, strangers and visits that look like the face in a photo. Nothing is stored.

    The nearest first; a likeness says what the bars make of the distance: same, perhaps or other. A distance of 1.00 is
    the bar, and less is more alike: for people the bar of who is known, for strangers and visits the stricter one by
    which two visits are taken for one face. Of people the nearest are listed whatever the distance, of strangers and
    visits those that are not clearly somebody else. With `--json` distances are squared.
    """
    from peephole.cli.gallery import opened_doorbell
    from peephole.doorbell.doorbell import Photo
    from peephole.doorbell.policy import share_of
    from peephole.image_files import read_picture

    picture = Photo(str(photo), read_picture(photo))
    with opened_doorbell(data, model) as doorbell:
        found = doorbell.finder().by_photo(picture)
    if json:
        print_json(
            {
                "looks": found.looks,
                "compared": found.compared,
                "bars": dataclasses.asdict(found.bars),
                "people": [dataclasses.asdict(one) for one in found.people[:limit]],
                "strangers": [dataclasses.asdict(one) for one in found.strangers[:limit]],
                "visits": [dataclasses.asdict(one) for one in found.visits[:limit]],
            }
        )
        return
    known, same = found.bars.known, found.bars.same_stranger
    rows: list[tuple[object, ...]] = [
        ("person", one.name, "-", one.likeness, share_of(one.distance, known), one.id) for one in found.people[:limit]
    ]
    for stranger in found.strangers[:limit]:
        row = stranger.stranger
        last, far = local_time(row.last_seen), share_of(stranger.distance, same)
        rows.append(("stranger", f"Stranger {row.number}", last, stranger.likeness, far, row.id))
    for visit in found.visits[:limit]:
        seen, far = visit.visit, share_of(visit.distance, same)
        rows.append(("visit", _who(seen), local_time(seen.first_seen), visit.likeness, far, seen.id))
    if rows:
        print_table(("what", "who", "when", "likeness", "distance", "id"), rows)
    print(f"{found.compared} stored looks compared")


@group.command("rejudge")
def rejudge(
    data: DataOption,
    known_rate: RateOption = None,
    stranger_rate: RateOption = None,
    known_sightings: Annotated[int | None, typer.Option(min=1, max=12, show_default="as it is")] = None,
    margin_share: Annotated[float | None, typer.Option(min=0, max=1, show_default="as it is")] = None,
    since_then: Annotated[
        bool, typer.Option("--since-then", help="Compare with what was decided then: who was added since counts.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="The newest so many visits.")] = 500,
    model: ModelOption = None,
    json: JsonOption = False,
) -> None:
    """Decide anew about past visits with other bars, against the people as they are now. Nothing is stored.

    What differs is told by the bars alone: those in force and the other ones are tried on the same looks and the same
    people. With `--since-then` the new decision is held against the one of then, so that people who were added or
    removed since make a difference, too. Visits of which no look is kept any more, and those that you have decided
    about yourself, are left out. With `--json` there are all three decisions: before, in_force, now.
    """
    from peephole.cli.gallery import opened_doorbell
    from peephole.people.names import names_by_id

    wanted = {
        "known_rate": known_rate,
        "stranger_rate": stranger_rate,
        "known_sightings": known_sightings,
        "margin_share": margin_share,
    }
    changes: dict[str, Any] = {name: value for name, value in wanted.items() if value is not None}
    with opened_doorbell(data, model) as doorbell:
        judged = doorbell.rejudge(dataclasses.replace(doorbell.policy, **changes), limit)
        names = names_by_id(doorbell.people())
    if json:
        print_json([_rejudged_json(one) for one in judged])
        return
    different = [one for one in judged if (one.differs_from_then if since_then else one.differs)]
    print(f"{len(different)} of {len(judged)} visits would be decided otherwise")
    if different:
        rows = [
            (
                local_time(one.visit.first_seen),
                _who(one.visit) if since_then else _short(one.in_force, names),
                _short(one.now, names),
                one.now.text,
                one.visit.id,
            )
            for one in different
        ]
        print_table(("when", "was" if since_then else "is", "would be", "because", "id"), rows)


def _rejudged_json(one: "Rejudged") -> dict[str, object]:
    return {
        "visit": one.visit.id,
        "before": dataclasses.asdict(one.visit.decision),
        "in_force": dataclasses.asdict(one.in_force),
        "now": dataclasses.asdict(one.now),
        "differs": one.differs,
        "differs_from_then": one.differs_from_then,
    }


def _who(visit: "VisitRecord") -> str:
    from peephole.doorbell.visit_words import stranger_visit

    number = visit.stranger_number
    who = "somebody" if number is None else stranger_visit(number, visit.stranger_visits)
    return (visit.person_name or who) + (f" at {visit.camera}" if visit.camera else "")


def _short(decision: "Decision", names: dict[str, str]) -> str:
    return names.get(decision.person or "", decision.kind)
