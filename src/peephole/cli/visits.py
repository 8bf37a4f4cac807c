"""`peephole visits`: who came, why it was decided so, and what other bars would have decided."""

import dataclasses
from typing import TYPE_CHECKING, Annotated, Any

import typer

from peephole.cli.options import DataOption, JsonOption, ModelOption
from peephole.cli.output import local_time, plain, print_json, print_table

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
    """List visits, the newest first."""
    from peephole.cli.gallery import opened_doorbell

    with opened_doorbell(data, model) as doorbell:
        visits = doorbell.visits(limit)
    if json:
        print_json([dataclasses.asdict(visit) for visit in visits])
        return
    if not visits:
        print("nobody has come yet")
        return
    rows = [
        (local_time(visit.first_seen), _who(visit), visit.decision.kind, visit.decision.text, visit.id)
        for visit in visits
    ]
    print_table(("when", "who", "decision", "because", "id"), rows)


@group.command("show")
def show(key: VisitKey, data: DataOption, model: ModelOption = None, json: JsonOption = False) -> None:
    """Show every look of a visit: how good it was, whether it voted, and whom it was nearest to."""
    from peephole.cli.gallery import opened_doorbell

    with opened_doorbell(data, model) as doorbell:
        visit, trace = doorbell.visit(key), doorbell.trace(key)
        names = {row.person.id: row.person.name for row in doorbell.people()}
    if json:
        print_json({**dataclasses.asdict(visit), "trace": dataclasses.asdict(trace)})
        return
    print(plain(f"{local_time(visit.first_seen)}  {_who(visit)}: {visit.decision.kind}, {visit.decision.text}"))
    if trace.bars is not None:
        print(f"bars for {trace.compared} people: known within {trace.bars.known}, stranger from {trace.bars.stranger}")
    if not trace.looks:
        print("no look at it is left")
        return
    rows = [
        (
            f"{look.time - visit.first_seen:.1f} s",
            look.quality.width,
            look.quality.value,
            look.quality.fault or ("voted" if look.voted else "did not vote"),
            names.get(look.nearest or "", "-"),
            "-" if look.distance is None else look.distance,
        )
        for look in trace.looks
    ]
    print_table(("after", "width", "quality", "counted", "nearest", "distance"), rows)


@group.command("rejudge")
def rejudge(
    data: DataOption,
    known_rate: RateOption = None,
    stranger_rate: RateOption = None,
    known_sightings: Annotated[int | None, typer.Option(min=1, max=12, show_default="as it is")] = None,
    margin_share: Annotated[float | None, typer.Option(min=0, max=1, show_default="as it is")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="The newest so many visits.")] = 500,
    model: ModelOption = None,
    json: JsonOption = False,
) -> None:
    """Decide anew about past visits, with other bars or against the people as they are now. Nothing is stored."""
    from peephole.cli.gallery import opened_doorbell

    wanted = {
        "known_rate": known_rate,
        "stranger_rate": stranger_rate,
        "known_sightings": known_sightings,
        "margin_share": margin_share,
    }
    changes: dict[str, Any] = {name: value for name, value in wanted.items() if value is not None}
    with opened_doorbell(data, model) as doorbell:
        judged = doorbell.rejudge(dataclasses.replace(doorbell.policy, **changes), limit)
        names = {row.person.id: row.person.name for row in doorbell.people()}
    if json:
        print_json([_rejudged_json(one) for one in judged])
        return
    different = [one for one in judged if one.differs]
    print(f"{len(different)} of {len(judged)} visits would be decided otherwise")
    if different:
        rows = [
            (local_time(one.visit.first_seen), _who(one.visit), _short(one.now, names), one.now.text, one.visit.id)
            for one in different
        ]
        print_table(("when", "was", "would be", "because", "id"), rows)


def _rejudged_json(one: "Rejudged") -> dict[str, object]:
    return {
        "visit": one.visit.id,
        "before": dataclasses.asdict(one.visit.decision),
        "now": dataclasses.asdict(one.now),
        "differs": one.differs,
    }


def _who(visit: "VisitRecord") -> str:
    if visit.person_name is not None:
        return visit.person_name
    return f"Stranger {visit.stranger_number}" if visit.stranger_number is not None else "somebody"


def _short(decision: "Decision", names: dict[str, str]) -> str:
    return names.get(decision.person or "", decision.kind)
