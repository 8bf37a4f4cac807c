"""`peephole device people`: those whom a device knows."""

import dataclasses
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from peephole.cli.device_line import opened_device
from peephole.cli.options import JsonOption, ModelOption
from peephole.cli.output import counted, local_time, plain, print_json, print_table

if TYPE_CHECKING:
    from peephole.device.client import DeviceLook

group = typer.Typer(no_args_is_help=True, help="The people that the device knows.")

PersonKey = Annotated[str, typer.Argument(metavar="NAME", help="Name or id of a person.")]


@group.command("list")
def list_people(context: typer.Context, json: JsonOption = False) -> None:
    """List everybody: name, looks, visits, last visit."""
    with opened_device(context) as device:
        people = device.people()
    if json:
        print_json([dataclasses.asdict(person) for person in people])
    elif not people:
        print("nobody yet; add somebody with: peephole device --port PORT people add NAME IMAGE...")
    else:
        rows = [(one.name, one.looks, one.visits, local_time(one.last_seen), str(one.id)) for one in people]
        print_table(("name", "looks", "visits", "last seen", "id"), rows)


@group.command("add")
def add(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="A new name, or the name or id of somebody known.")],
    images: Annotated[
        list[Path] | None, typer.Argument(metavar="[IMAGE...]", help="Photos; of several faces the clearest.")
    ] = None,
    at_door: Annotated[bool, typer.Option("--at-door", help="The face at the door now, in place of photos.")] = False,
    model: ModelOption = None,
    json: JsonOption = False,
) -> None:
    """Add a person, or more looks of one, from photos or from the face at the door now.

    Fails, and stores nothing, where a picture cannot be read or no photo can be used.
    """
    from peephole.device.names import fitting_name

    if bool(images) == at_door:
        raise typer.BadParameter("name photos, or give --at-door")
    fitting = fitting_name(name)
    looks, number = ([], 0) if images is None or at_door else _looks(images, model)
    with opened_device(context) as device:
        known = device.find(name)
        told = known.name if known else fitting
        device.check_room(known, told, 1 if at_door else len(looks))
        if at_door:
            person, count = device.add_at_door(known.id if known else fitting)
        elif known:
            device.add_looks(known.id, looks, number)
            person, count = known.id, len(looks)
        else:
            person, count = device.add(fitting, looks, number), len(looks)
    if json:
        print_json({"id": person, "name": told, "looks": count})
    else:
        print(plain(f"{told}: {counted(count, 'look')} added"))


def _looks(images: list[Path], model: Path | None) -> "tuple[list[DeviceLook], int]":
    """Describe the faces of photos; also return the number that the device has for the model."""
    from peephole.cli.programs import load_program
    from peephole.device.client import DeviceLook
    from peephole.doorbell.assembly import make_recogniser
    from peephole.doorbell.photos import Photo, usable
    from peephole.doorbell.policy import Policy
    from peephole.image_files import read_picture

    recogniser = make_recogniser(load_program(model))
    photos = [Photo(str(image), read_picture(image)) for image in images]
    reports, found = usable(photos, recogniser, Policy())
    for report in reports:
        if report.outcome != "ok":
            typer.echo(plain(f"{report.label}: {report.text}"), err=True)
    if not found:
        raise ValueError(
            f"{images[0]}: no photo shows a face that can be used; take them from the front, in good light"
        )
    now = time.time()
    return [DeviceLook(now, look.quality, 0, look.descriptor) for look in found], int(recogniser.model[:8], 16)


@group.command("rename")
def rename(
    context: typer.Context,
    key: PersonKey,
    name: Annotated[str, typer.Argument(metavar="NEW_NAME", help="A name that nobody else has.")],
    json: JsonOption = False,
) -> None:
    """Give a person another name."""
    from peephole.device.names import fitting_name

    name = fitting_name(name)
    with opened_device(context) as device:
        person = device.person(key)
        device.rename(person.id, name)
    _tell(person.id, name, "renamed", json)


@group.command("remove")
def remove(context: typer.Context, key: PersonKey, json: JsonOption = False) -> None:
    """Forget a person; every descriptor is erased."""
    with opened_device(context) as device:
        person = device.person(key)
        device.remove(person.id)
    _tell(person.id, person.name, "removed", json)


def _tell(number: int, name: str, what: str, json: bool) -> None:
    if json:
        print_json({"id": number, "name": name})
    else:
        print(plain(f"{name}: {what}"))
