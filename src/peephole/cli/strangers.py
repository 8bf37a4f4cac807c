"""`peephole strangers`: those whom the doorbell has seen and nobody has named."""

import dataclasses
from typing import TYPE_CHECKING, Annotated

import typer

from peephole.cli.options import DataOption, JsonOption, ModelOption
from peephole.cli.output import local_time, plain, print_json, print_table

if TYPE_CHECKING:
    from peephole.people.records import Stranger

group = typer.Typer(no_args_is_help=True, help="The inbox of strangers.")

StrangerKey = Annotated[str, typer.Argument(metavar="ID", help="Id or running number of a stranger.")]


def _tell(stranger: "Stranger", json: bool) -> None:
    if json:
        print_json(dataclasses.asdict(stranger))
    else:
        print(f"stranger {stranger.number}: {stranger.state}")


@group.command("list")
def list_strangers(
    data: DataOption,
    every: Annotated[bool, typer.Option("--all", help="Also those ignored, assigned and discarded.")] = False,
    model: ModelOption = None,
    json: JsonOption = False,
) -> None:
    """List the strangers that wait for a name, the newest first."""
    from peephole.cli.gallery import opened_doorbell

    with opened_doorbell(data, model) as doorbell:
        strangers = doorbell.strangers(every_state=every)
    if json:
        print_json([dataclasses.asdict(stranger) for stranger in strangers])
        return
    if not strangers:
        print("no strangers")
        return
    rows = [
        (str(s.number), s.state, s.visits, local_time(s.first_seen), local_time(s.last_seen), s.id) for s in strangers
    ]
    print_table(("number", "state", "visits", "first seen", "last seen", "id"), rows)


@group.command("assign")
def assign(
    key: StrangerKey,
    name: Annotated[str, typer.Argument(metavar="NAME", help="A new name, or the name or id of somebody known.")],
    data: DataOption,
    model: ModelOption = None,
    json: JsonOption = False,
) -> None:
    """Name a stranger: a new person, or more looks of a known one; past visits follow."""
    from peephole.cli.gallery import opened_doorbell

    with opened_doorbell(data, model) as doorbell:
        person = doorbell.assign(key, name)
    if json:
        print_json(dataclasses.asdict(person))
    else:
        print(plain(f"stranger {key} is {person.name}"))


@group.command("ignore")
def ignore(key: StrangerKey, data: DataOption, model: ModelOption = None, json: JsonOption = False) -> None:
    """Go on recognising a stranger, but say nothing."""
    from peephole.cli.gallery import opened_doorbell

    with opened_doorbell(data, model) as doorbell:
        _tell(doorbell.ignore(key), json)


@group.command("discard")
def discard(key: StrangerKey, data: DataOption, model: ModelOption = None, json: JsonOption = False) -> None:
    """Forget a stranger: pictures and descriptors are erased."""
    from peephole.cli.gallery import opened_doorbell

    with opened_doorbell(data, model) as doorbell:
        _tell(doorbell.discard(key), json)
