"""`peephole people references`: the looks that a person is recognised by, one by one."""

from typing import Annotated, Any

import typer

from peephole.cli.options import DataOption, JsonOption, ModelOption
from peephole.cli.output import counted, local_time, plain, print_json, print_table

group = typer.Typer(no_args_is_help=True, help="The looks that a person is recognised by, one by one.")

PersonKey = Annotated[str, typer.Argument(metavar="NAME", help="Name or id of a person.")]
Number = Annotated[int, typer.Argument(metavar="NUMBER", help="Number of a reference, as `list` has it.")]

FAULTS = {
    "": "",
    "foreign": "made with another model",
    "cross_risk": "may be taken for somebody else",
    "self_outlier": "unlike the others",
}
ASIDE = {
    "": "",
    "owner": "by the owner",
    "cross_risk": "may be taken for somebody else",
    "self_outlier": "unlike the others",
    "redundant": "nearly the same as another one",
}


@group.command("list")
def list_references(key: PersonKey, data: DataOption, model: ModelOption = None, json: JsonOption = False) -> None:
    """List a person's references: quality, source, distances to the others and to the nearest other person.

    A distance of 1.00 is the bar for known, and less is more alike; with `--json` distances are squared.
    """
    from peephole.cli.gallery import opened_doorbell
    from peephole.doorbell.policy import share_of
    from peephole.people.names import names_by_id

    def share(distance: int | None) -> str:
        return "-" if distance is None else share_of(distance, dossier.known)

    with opened_doorbell(data, model) as doorbell:
        dossier = doorbell.dossiers.read(key)
        names = names_by_id(doorbell.people())
    rows: list[dict[str, Any]] = []
    for one in dossier.references:
        look, place = one.reference, one.place
        rows.append(
            {
                "number": look.id,
                "quality": look.quality,
                "source": look.source,
                "created": look.created,
                "aside": look.aside,
                "aside_at": look.aside_at,
                "nearest_own": place.nearest_own if place is not None else None,
                "own": place.own if place is not None else None,
                "other": place.other if place is not None else None,
                "other_distance": place.other_distance if place is not None else None,
                "fault": place.fault if place is not None else "foreign",
            }
        )
    if json:
        print_json({"id": dossier.person.id, "name": dossier.person.name, "known": dossier.known, "references": rows})
        return
    if not rows:
        print(plain(f"{dossier.person.name}: no references; add one with: peephole people add NAME IMAGE..."))
        return
    titles = (
        "number",
        "quality",
        "source",
        "since",
        "nearest own",
        "nearest other",
        "at",
        "what is wrong",
        "set aside",
    )
    print_table(
        titles,
        [
            (
                row["number"],
                row["quality"],
                row["source"],
                local_time(row["created"]),
                share(row["nearest_own"]),
                names.get(row["other"], "-"),
                share(row["other_distance"]),
                FAULTS[row["fault"]] if not row["aside"] else "",
                ASIDE[row["aside"]],
            )
            for row in rows
        ],
    )
    print("1.00 is the bar for known")


@group.command("remove")
def remove(
    key: PersonKey, number: Number, data: DataOption, model: ModelOption = None, json: JsonOption = False
) -> None:
    """Set a reference aside: it is compared with nobody, and can be put back with `restore` for 30 days."""
    from peephole.cli.gallery import opened_doorbell

    with opened_doorbell(data, model) as doorbell:
        person = doorbell.dossiers.set_aside(key, number)
    _tell(person.name, number, "set aside", json)


@group.command("restore")
def restore(
    key: PersonKey, number: Number, data: DataOption, model: ModelOption = None, json: JsonOption = False
) -> None:
    """Use a reference again that was set aside."""
    from peephole.cli.gallery import opened_doorbell

    with opened_doorbell(data, model) as doorbell:
        person = doorbell.dossiers.put_back(key, number)
    _tell(person.name, number, "put back", json)


@group.command("empty")
def empty(key: PersonKey, data: DataOption, model: ModelOption = None, json: JsonOption = False) -> None:
    """Erase every reference of a person that was set aside, now and for good."""
    from peephole.cli.gallery import opened_doorbell

    with opened_doorbell(data, model) as doorbell:
        erased = doorbell.dossiers.erase_aside(key)
    if json:
        print_json({"erased": erased})
    else:
        print(f"{counted(erased, 'reference')} erased")


def _tell(name: str, number: int, what: str, json: bool) -> None:
    if json:
        print_json({"name": name, "number": number, "done": what})
    else:
        print(plain(f"{name}: reference {number} {what}"))
