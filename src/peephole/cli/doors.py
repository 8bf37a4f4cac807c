"""`peephole doors`: other doors of the owner, and the people shared with them."""

import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from peephole.cli.options import ConfigOption, ConfiguredDataOption, DataOption, ForceOption, JsonOption, ModelOption
from peephole.cli.output import check_folder_of, check_new, local_time, plain, print_json, print_table
from peephole.whole_files import write_whole

if TYPE_CHECKING:
    from peephole.people.shared import TrustedDoor
    from peephole.settings.household import Settings
    from peephole.sync.exchange import Terms
    from peephole.sync.identity import Identity

group = typer.Typer(no_args_is_help=True, help="Other doors of yours, and the people that they share.")


@group.command("show")
def show(config: ConfigOption = None, json: JsonOption = False) -> None:
    """Show what another door is to be told of this one; its keys are made at the first use."""
    import socket

    settings, _ = _settings(config)
    public = identity_of(settings).public
    name = settings.sync.name or socket.gethostname()
    if json:
        print_json({"name": name, "id": public.id, "public": public.line()})
        return
    print(plain(f"name         {name}"))
    print(f"fingerprint  {public.fingerprint}")
    print(f"public       {public.line()}")


@group.command("trust")
def trust(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the other door is called here.")],
    public: Annotated[str, typer.Argument(metavar="PUBLIC", help="Its line of `peephole doors show`.")],
    data: ConfiguredDataOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Share people with another door from now on; compare the fingerprint with what is shown there."""
    from peephole.cli.gallery import opened_store
    from peephole.people.names import clean_name
    from peephole.sync.exchange import trust as trust_door

    settings, folder = _settings(config, data)
    identity = identity_of(settings)
    with opened_store(folder, settings.storage) as store:
        door, before = trust_door(store.sharing, identity, clean_name(name, "a door"), public)
    if json:
        print_json(_row(door) | {"before": before})
    elif before is None:
        print(plain(f"{door.name}: trusted, fingerprint {door.fingerprint}; it must trust this door, too"))
    else:
        name = "" if before == door.name else f", as {before}, which is called {door.name} from now on"
        print(plain(f"{door.name}: this door was trusted already{name}; fingerprint {door.fingerprint}"))


@group.command("list")
def list_doors(data: DataOption, json: JsonOption = False) -> None:
    """List the doors that are trusted, since when, and when the export was written that was read last."""
    from peephole.cli.gallery import opened_store

    with opened_store(data) as store:
        doors = store.sharing.doors()
    if json:
        print_json([_row(door) for door in doors])
    elif doors:
        rows = [(door.name, door.fingerprint, local_time(door.since), local_time(door.heard)) for door in doors]
        print_table(("door", "fingerprint", "trusted since", "heard of"), rows)
    else:
        print("no other door is trusted; introduce one with: peephole doors trust NAME PUBLIC")


@group.command("forget")
def forget(
    key: Annotated[str, typer.Argument(metavar="NAME", help="Name or id of a door.")],
    data: DataOption,
    json: JsonOption = False,
) -> None:
    """Share nothing with a door any more; the people that came from it stay."""
    from peephole.cli.gallery import opened_store

    with opened_store(data) as store:
        door = store.sharing.forget(key)
    if json:
        print_json(_row(door))
    else:
        print(plain(f"{door.name}: trusted no more"))


@group.command("export")
def export(
    output: Annotated[Path, typer.Argument(metavar="FILE", help="The file to write.")],
    data: ConfiguredDataOption = None,
    receivers: Annotated[
        list[str] | None,
        typer.Option("--for", metavar="NAME", show_default="all that are trusted", help="A door that may read it."),
    ] = None,
    config: ConfigOption = None,
    force: ForceOption = False,
) -> None:
    """Write all people into a file that only the doors it is for can read."""
    from peephole.cli.gallery import opened_store
    from peephole.sync.exchange import export_people

    check_folder_of(output)
    check_new(output, force)
    settings, folder = _settings(config, data)
    identity = identity_of(settings)
    with opened_store(folder, settings.storage) as store:
        doors = _chosen(store.sharing.doors(), receivers)
        content = export_people(store.sharing, identity, doors, time.time())
    write_whole(output, lambda file: file.write(content), mode=0o600)
    print(plain(f"{output}: {len(content)} bytes, for {', '.join(door.name for door in doors)}"))


@group.command("import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An export of a door that is trusted.")],
    data: ConfiguredDataOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
    model: ModelOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Take in the people of another door: all of its export, or nothing."""
    from peephole.cli.gallery import opened_store
    from peephole.sync.exchange import import_people
    from peephole.sync.folder import read_new

    settings, folder = _settings(config, data)
    found = read_new(file, follow=True)
    if found is None:
        raise FileNotFoundError(f"{file}: no such export")
    identity, terms = identity_of(settings), _terms(settings, model)
    with opened_store(folder, settings.storage) as store:
        try:
            door, done = import_people(store.sharing, identity, found[0], terms, time.time(), dry_run)
        except ValueError as error:
            raise ValueError(f"{file}: {error}") from error
    if json:
        print_json({"door": door.name, "written": door.heard, "changed": not dry_run, "told": list(done.told)})
        return
    for line in done.told or ("nothing is new",):
        print(plain(line))
    if dry_run:
        print(f"written {local_time(door.heard)} by {plain(door.name)}; nothing was changed, for this is a dry run")


def identity_of(settings: "Settings") -> "Identity":
    """Return the door's own keys, made where there are none yet."""
    from peephole.settings.files import default_door_file
    from peephole.sync.identity import own_identity

    return own_identity(settings.sync.keys or default_door_file())


def _terms(settings: "Settings", model: Path | None) -> "Terms":
    from peephole.cli.programs import load_program
    from peephole.doorbell.assembly import make_recogniser
    from peephole.sync.exchange import Terms

    recogniser = make_recogniser(load_program(model))
    return Terms(settings.sync.accept_may_open, recogniser.model, recogniser.descriptor_size())


def _settings(config: Path | None, data: Path | None = None) -> "tuple[Settings, Path]":
    """Return the settings of a file, and the data folder: `data`, else as they say."""
    from peephole.settings.reading import read_settings

    settings = read_settings(config).settings
    return settings, data if data is not None else settings.data


def _chosen(doors: "list[TrustedDoor]", names: list[str] | None) -> "list[TrustedDoor]":
    from peephole.people.names import name_key

    if names is None:
        return doors
    by_name = {name_key(door.name): door for door in doors} | {door.id: door for door in doors}
    for name in names:
        if name_key(name) not in by_name:
            raise ValueError(f"{name}: no door of this name or id is trusted; 'peephole doors list' shows them")
    return list({door.id: door for door in (by_name[name_key(name)] for name in names)}.values())


def _row(door: "TrustedDoor") -> dict[str, object]:
    return {name: value for name, value in asdict(door).items() if name not in ("public", "sequence")}
