"""`peephole device strangers`: those whom a device has seen and nobody has named."""

import dataclasses
from pathlib import Path
from typing import Annotated

import typer

from peephole.cli.device_line import opened_device
from peephole.cli.options import JsonOption
from peephole.cli.output import check_output, local_time, plain, print_json, print_table
from peephole.whole_files import write_whole

group = typer.Typer(no_args_is_help=True, help="The device's inbox of strangers.")

Number = Annotated[int, typer.Argument(metavar="NUMBER", min=1, max=65534, help="Running number of a stranger.")]


@group.command("list")
def list_strangers(context: typer.Context, json: JsonOption = False) -> None:
    """List the strangers, those who are ignored too."""
    with opened_device(context) as device:
        strangers = device.strangers()
    if json:
        print_json([dataclasses.asdict(stranger) for stranger in strangers])
    elif not strangers:
        print("no strangers")
    else:
        rows = [
            (str(s.number), s.state, s.visits, local_time(s.first_seen), local_time(s.last_seen), s.looks)
            for s in strangers
        ]
        print_table(("number", "state", "visits", "first seen", "last seen", "looks"), rows)


@group.command("show")
def show(
    context: typer.Context,
    number: Number,
    json: Annotated[bool, typer.Option("--json", help="As always.")] = True,
) -> None:
    """Print a stranger's looks with their descriptors, always as JSON."""
    with opened_device(context) as device:
        looks = device.looks(number)
    print_json([dataclasses.asdict(look) | {"descriptor": look.descriptor.tolist()} for look in looks])


@group.command("picture")
def picture(
    context: typer.Context,
    number: Number,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE.png", help="The picture to write.")],
    json: JsonOption = False,
) -> None:
    """Write a stranger's picture to a file that only its owner may read."""
    import cv2

    check_output(output, ".png")
    with opened_device(context) as device:
        grey = device.picture(number)
    encoded = cv2.imencode(".png", grey)[1].tobytes()
    write_whole(output, lambda stream: stream.write(encoded), mode=0o600)
    if json:
        print_json({"file": str(output), "width": grey.shape[1], "height": grey.shape[0]})
    else:
        print(f"{plain(str(output))}: {grey.shape[1]} x {grey.shape[0]} pixels")


@group.command("assign")
def assign(
    context: typer.Context,
    number: Number,
    name: Annotated[str, typer.Argument(metavar="NAME", help="A new name, or the name or id of somebody known.")],
    json: JsonOption = False,
) -> None:
    """Name a stranger: a new person, or more looks of a known one."""
    from peephole.device.names import fitting_name

    fitting = fitting_name(name)
    with opened_device(context) as device:
        known = device.find(name)
        person = device.assign(number, known.id if known else fitting)
    told = known.name if known else fitting
    if json:
        print_json({"id": person, "name": told, "stranger": number})
    else:
        print(plain(f"stranger {number} is {told}"))


@group.command("ignore")
def ignore(context: typer.Context, number: Number, json: JsonOption = False) -> None:
    """Go on recognising a stranger, but say nothing."""
    with opened_device(context) as device:
        device.ignore(number)
    _tell(number, "ignored", json)


@group.command("discard")
def discard(context: typer.Context, number: Number, json: JsonOption = False) -> None:
    """Forget a stranger: picture and descriptors are erased."""
    with opened_device(context) as device:
        device.discard(number)
    _tell(number, "discarded", json)


def _tell(number: int, state: str, json: bool) -> None:
    if json:
        print_json({"number": number, "state": state})
    else:
        print(f"stranger {number}: {state}")
