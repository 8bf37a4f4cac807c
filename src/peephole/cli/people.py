"""`peephole people`: those whom the owner has named."""

import dataclasses
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from peephole.cli import references
from peephole.cli.errors import complain, describe
from peephole.cli.options import DataOption, ForceOption, JsonOption, ModelOption
from peephole.cli.output import check_file, check_folder_of, check_new, local_time, plain, print_json, print_table
from peephole.whole_files import write_whole

if TYPE_CHECKING:
    from peephole.doorbell.doorbell import Doorbell
    from peephole.people.records import Person

group = typer.Typer(no_args_is_help=True, help="The people that the doorbell knows.")
group.add_typer(references.group, name="references")

PersonKey = Annotated[str, typer.Argument(metavar="NAME", help="Name or id of a person.")]


def _tell(person: "Person", what: str, json: bool) -> None:
    if json:
        print_json(dataclasses.asdict(person))
    else:
        print(plain(f"{person.name}: {what}"))


@group.command("list")
def list_people(data: DataOption, model: ModelOption = None, json: JsonOption = False) -> None:
    """List everybody: name, looks that this model compares with, looks made by other models, last visit."""
    from peephole.cli.gallery import opened_doorbell

    with opened_doorbell(data, model) as doorbell:
        people = doorbell.people()
    if json:
        print_json(
            [
                dataclasses.asdict(row.person)
                | {
                    "references": row.references,
                    "foreign_references": row.foreign_references,
                    "last_seen": row.last_seen,
                }
                for row in people
            ]
        )
        return
    if not people:
        print("nobody yet; add somebody with: peephole people add NAME IMAGE...")
        return
    rows = [
        (row.person.name, row.references, row.foreign_references, local_time(row.last_seen), row.person.id)
        for row in people
    ]
    print_table(("name", "looks", "of other models", "last seen", "id"), rows)


@group.command("add")
def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A new name, or the name or id of somebody known.")],
    images: Annotated[list[Path], typer.Argument(metavar="IMAGE...", help="Photos; of several faces the clearest.")],
    data: DataOption,
    model: ModelOption = None,
    json: JsonOption = False,
) -> None:
    """Add a person, or more photos of one.

    Fails, and stores nothing, where a picture cannot be read or no photo can be used.
    """
    from peephole.cli.gallery import opened_doorbell
    from peephole.doorbell.doorbell import Photo
    from peephole.image_files import read_picture

    photos = [Photo(str(image), read_picture(image)) for image in images]
    with opened_doorbell(data, model) as doorbell:
        enrolment = doorbell.enrol(name, photos)
        like = _like(doorbell, enrolment.person.id)
    if json:
        print_json(dataclasses.asdict(enrolment) | {"like": like})
        return
    for photo in enrolment.photos:
        print(plain(f"{photo.label}: {photo.text}"))
    used = sum(photo.outcome == "ok" for photo in enrolment.photos)
    print(plain(f"{enrolment.person.name}: {used} of {len(photos)} photos added"))
    for other in like:
        print(plain(f"{enrolment.person.name} looks like {other}, so neither may be recognised; are they one person?"))
        print("'peephole people join' makes them one, 'peephole people references' shows which looks are alike")


def _like(doorbell: "Doorbell", person: str) -> list[str]:
    """Return the names of those for whom a look at a person may be taken, and the other way round."""
    from peephole.people.names import names_by_id

    places = [one.place for one in doorbell.dossiers.read(person).references if not one.reference.aside]
    names = names_by_id(doorbell.people())
    alike = [one.other for one in places if one is not None and one.fault == "cross_risk" and one.other is not None]
    return sorted({names.get(other, "somebody") for other in alike})


@group.command("rename")
def rename(
    key: PersonKey,
    name: Annotated[str, typer.Argument(metavar="NEW_NAME", help="A name that nobody else has.")],
    data: DataOption,
    model: ModelOption = None,
    json: JsonOption = False,
) -> None:
    """Give a person another name."""
    from peephole.cli.gallery import opened_doorbell

    with opened_doorbell(data, model) as doorbell:
        _tell(doorbell.rename(key, name), "renamed", json)


@group.command("join")
def join(
    key: PersonKey,
    other: Annotated[str, typer.Argument(metavar="OTHER", help="Name or id of somebody who is the same human.")],
    data: DataOption,
    model: ModelOption = None,
    json: JsonOption = False,
) -> None:
    """Make two people one, who keeps name and rules of the first; looks and visits of the other follow.

    It can be undone for a day, by `peephole strangers undo`; doors that share people follow.
    """
    from peephole.cli.gallery import opened_doorbell

    with opened_doorbell(data, model) as doorbell:
        _tell(doorbell.dossiers.join(key, other), "one person now", json)


@group.command("rules")
def rules(
    key: PersonKey,
    data: DataOption,
    tell: Annotated[str | None, typer.Option(metavar="notify|log|silent", help="Who is told of visits.")] = None,
    may_open: Annotated[
        bool | None, typer.Option("--may-open/--may-not-open", help="Whether the door may open for this person.")
    ] = None,
    hours: Annotated[
        str | None, typer.Option(metavar="'mon-fri 7:00-20:00, ..'", help="When it may; '': at any time.")
    ] = None,
    minor: Annotated[bool | None, typer.Option("--minor/--grown-up", help="A child; the door opens for none.")] = None,
    consent: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Who agreed to the recognition, and how; noted with the date.")
    ] = None,
    model: ModelOption = None,
    json: JsonOption = False,
) -> None:
    """Show what is decided about a person, or decide it anew."""
    from peephole.cli.gallery import opened_doorbell
    from peephole.people.records import TELL

    if tell is not None and tell not in TELL:
        raise typer.BadParameter(f"--tell {plain(tell)}: it is one of {', '.join(TELL)}")
    wanted = {"tell": tell, "may_open": may_open, "hours": hours, "minor": minor, "consent": consent}
    changes: dict[str, Any] = {name: value for name, value in wanted.items() if value is not None}
    if consent is not None:
        changes["consent_at"] = time.time() if consent else None
    with opened_doorbell(data, model) as doorbell:
        decided = dataclasses.replace(doorbell.rules(key), **changes)
        if changes:
            doorbell.set_rules(key, decided)
    if json:
        print_json(dataclasses.asdict(decided))
        return
    shown = dataclasses.asdict(decided) | {"consent_at": local_time(decided.consent_at)}
    print_table(("rule", "is"), [(name, _said(value)) for name, value in shown.items()])


def _said(value: object) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value) or "-"


@group.command("remove")
def remove(
    key: PersonKey,
    data: DataOption,
    preview: Annotated[bool, typer.Option("--preview", help="Only count what would be erased.")] = False,
    keep_unsure: Annotated[
        bool, typer.Option("--keep-unsure", help="Keep pictures of unsure visits that this person was the nearest to.")
    ] = False,
    model: ModelOption = None,
    json: JsonOption = False,
) -> None:
    """Erase everything about a person; past visits and rows of the door's log stay, without the name.

    There is no way back. Backups and exports made before are not changed.
    """
    from peephole.cli.gallery import opened_home

    with opened_home(data, model) as (store, doorbell):
        if not preview:
            erased = doorbell.dossiers.erase(key, keep_unsure)
            store.audit.note(None, "person_erased")
            _tell(erased, "removed", json)
            return
        kept = dataclasses.asdict(doorbell.dossiers.kept(key))
    if json:
        print_json(kept)
    else:
        print_table(("would be erased", "how many"), [(_ERASED[what], count) for what, count in kept.items()])


_ERASED = {
    "references": "looks at the person",
    "aside": "looks set aside",
    "visits": "name and picture of visits, which stay",
    "looks": "single looks of those visits",
    "unsure": "pictures of unsure visits near the person",
    "strangers": "numbers of strangers who got the name",
    "door": "name in rows of the door's log, which stay",
}
"""What erasing a person takes away, by the fields of `people.records.Kept`."""


@group.command("export")
def export_person(
    key: PersonKey,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE.zip", help="The archive to write.")],
    data: DataOption,
    visits: Annotated[
        bool, typer.Option("--visits/--without-visits", help="With visits and the door's log, or without, to carry on.")
    ] = True,
    model: ModelOption = None,
    force: ForceOption = False,
) -> None:
    """Write everything about a person to a zip archive that only its owner may read; it is not encrypted."""
    from peephole.cli.gallery import opened_home

    check_folder_of(output)
    check_new(output, force)
    with opened_home(data, model) as (store, doorbell):
        archive = doorbell.dossiers.export(key) if visits else doorbell.export_person(key)
        try:
            store.audit.note(None, "person_exported")
        except OSError as error:  # a disk that takes nothing: what is on it goes to another place all the more
            complain(f"the export is not noted: {describe(error)}")
    write_whole(output, lambda stream: stream.write(archive), mode=0o600)
    print(f"{plain(str(output))}: {len(archive)} bytes")


@group.command("import")
def import_person(
    archive: Annotated[Path, typer.Argument(metavar="FILE.zip", help="An archive of `peephole people export`.")],
    data: DataOption,
    name: Annotated[str | None, typer.Option(metavar="NAME", help="Another name than the archive's.")] = None,
    model: ModelOption = None,
    json: JsonOption = False,
) -> None:
    """Add the person of an exported archive."""
    from peephole.cli.gallery import opened_doorbell

    check_file(archive, "an archive of a person")
    with opened_doorbell(data, model) as doorbell:
        try:
            person = doorbell.import_person(archive.read_bytes(), name)
        except ValueError as error:
            raise ValueError(f"{archive}: {error}") from error
        _tell(person, "imported", json)
