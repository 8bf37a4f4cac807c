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
StrangerKeys = Annotated[list[str], typer.Argument(metavar="ID...", help="Ids or running numbers of strangers.")]


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
        pairs = [] if json else doorbell.inbox.suggestions()
    if json:
        print_json([dataclasses.asdict(stranger) for stranger in strangers])
        return
    if not strangers:
        print("no strangers")
        return
    rows = [
        (str(s.number), _state(s), s.visits, local_time(s.first_seen), local_time(s.last_seen), s.id) for s in strangers
    ]
    print_table(("number", "state", "visits", "first seen", "last seen", "id"), rows)
    for pair in pairs:
        print(f"stranger {pair.one.number} and stranger {pair.other.number} may be the same")


def _state(stranger: "Stranger") -> str:
    if stranger.into is not None:
        return "merged"
    return "no face" if stranger.no_face else stranger.state


@group.command("show")
def show(key: StrangerKey, data: DataOption, model: ModelOption = None, json: JsonOption = False) -> None:
    """Show every look at a stranger, and the visits."""
    from peephole.cli.gallery import opened_doorbell

    with opened_doorbell(data, model) as doorbell:
        stranger = doorbell.inbox.stranger(key)
        looks = doorbell.inbox.looks().get(stranger.id, [])
        visits = doorbell.inbox.visits(stranger.id)
    if json:
        print_json(
            {
                **dataclasses.asdict(stranger),
                "looks": [dataclasses.asdict(look) for look in looks],
                "visits": [visit.id for visit in visits],
            }
        )
        return
    came = f"{stranger.visits} visits, last {local_time(stranger.last_seen)}"
    print(f"stranger {stranger.number}: {_state(stranger)}, {came}")
    if looks:
        rows = [(str(look.id), local_time(look.seen), look.quality, look.visit or "-") for look in looks]
        print_table(("look", "when", "quality", "visit"), rows)
    else:
        print("no look is kept")
    for visit in visits:
        print(f"{local_time(visit.first_seen)}  {visit.id}  {visit.decision.text}")


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
        unlike = doorbell.unlike([key], name)
        person = doorbell.assign(key, name)
    if json:
        print_json(dataclasses.asdict(person) | {"unlike": unlike is not None})
        return
    print(plain(f"stranger {key} is {person.name}"))
    if unlike is not None:
        print(plain(f"the face is unlike the photos of {unlike}; 'peephole strangers undo' takes it back"))


@group.command("ignore")
def ignore(key: StrangerKey, data: DataOption, model: ModelOption = None, json: JsonOption = False) -> None:
    """Go on recognising a stranger, but say nothing."""
    from peephole.cli.gallery import opened_doorbell

    with opened_doorbell(data, model) as doorbell:
        _tell(doorbell.ignore(key), json)


@group.command("not-a-face")
def no_face(keys: StrangerKeys, data: DataOption, model: ModelOption = None, json: JsonOption = False) -> None:
    """Ignore what is no face, a picture on the wall or a shadow, and list it no more."""
    from peephole.cli.gallery import opened_doorbell

    with opened_doorbell(data, model) as doorbell:
        rows = doorbell.inbox.shelf.no_face(keys)
    if json:
        print_json([dataclasses.asdict(row) for row in rows])
        return
    for row in rows:
        print(f"stranger {row.number}: no face")


@group.command("discard")
def discard(
    key: StrangerKey,
    data: DataOption,
    now: Annotated[
        bool, typer.Option("--now", help="Erase at once; else after ten minutes, in which 'undo' brings it back.")
    ] = False,
    model: ModelOption = None,
    json: JsonOption = False,
) -> None:
    """Forget a stranger: pictures and descriptors are erased."""
    from peephole.cli.gallery import opened_doorbell

    with opened_doorbell(data, model) as doorbell:
        stranger = doorbell.discard(key)
        if now:
            deeds = [deed for deed in doorbell.inbox.journal.deeds() if deed.what == "discard"]
            doorbell.inbox.journal.erase(deeds[0].number)
    _tell(stranger, json)


@group.command("merge")
def merge(keys: StrangerKeys, data: DataOption, model: ModelOption = None, json: JsonOption = False) -> None:
    """Make two strangers or more one; the oldest number stays, looks and visits follow."""
    from peephole.cli.gallery import opened_doorbell

    with opened_doorbell(data, model) as doorbell:
        kept = doorbell.inbox.shelf.merge(keys)
    if json:
        print_json(dataclasses.asdict(kept))
    else:
        print(f"stranger {kept.number}: {kept.visits} visits")


@group.command("split")
def split(
    key: StrangerKey,
    looks: Annotated[list[int], typer.Argument(metavar="LOOK...", help="Looks; 'peephole strangers show' lists them.")],
    data: DataOption,
    model: ModelOption = None,
    json: JsonOption = False,
) -> None:
    """Make some looks at a stranger those of a new one; visits go with most of their looks."""
    from peephole.cli.gallery import opened_doorbell

    with opened_doorbell(data, model) as doorbell:
        new = doorbell.inbox.split(key, looks)
    if json:
        print_json(dataclasses.asdict(new))
    else:
        print(f"stranger {new.number}: {new.visits} visits")


@group.command("undo")
def undo(
    data: DataOption,
    number: Annotated[int | None, typer.Argument(metavar="[DEED]", help="Its number; none: the newest.")] = None,
    show_list: Annotated[bool, typer.Option("--list", help="Only list what can be undone.")] = False,
    erase: Annotated[bool, typer.Option("--erase", help="The contrary: erase at once what was discarded.")] = False,
    json: JsonOption = False,
) -> None:
    """Undo what was done last: a name, ignored, discarded, merged, split, renamed, or other rules."""
    from peephole.cli.gallery import opened_store

    if show_list and erase:
        raise typer.BadParameter("give --list or --erase, not both")
    with opened_store(data) as store:
        if erase:
            erased = store.journal.erase(number)
            print_json({"final": erased}) if json else print(f"final: {erased}")
            return
        deeds = store.journal.deeds() if show_list else [store.journal.undo(number, may_ease=True)]
    if json:
        print_json([dataclasses.asdict(deed) for deed in deeds])
    elif not show_list:
        print(plain(f"undone: {deeds[0].text}"))
    elif deeds:
        rows = [(str(deed.number), local_time(deed.time), local_time(deed.until), plain(deed.text)) for deed in deeds]
        print_table(("deed", "when", "until", "what"), rows)
    else:
        print("nothing can be undone")
