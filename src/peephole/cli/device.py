"""`peephole device`: a device's people, strangers, events and settings, over its serial line."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from peephole.cli import device_people, device_strangers
from peephole.cli.device_line import Connection, connection_of, opened_device, opened_session
from peephole.cli.device_page import page
from peephole.cli.options import DataOption, ForceOption, JsonOption
from peephole.cli.output import check_folder_of, check_new, local_time, plain, print_json, print_table
from peephole.whole_files import write_whole

if TYPE_CHECKING:
    from peephole.device.client import Setting
    from peephole.device.events import DeviceEvent
    from peephole.device.session import Session

group = typer.Typer(no_args_is_help=True, help="A device's people, strangers, events and settings, over its line.")
group.add_typer(device_people.group, name="people")
group.add_typer(device_strangers.group, name="strangers")
group.command("page")(page)

_MOST = 16 << 20  # bytes of a backup that is read


@group.callback()
def device(
    context: typer.Context,
    data: DataOption,
    port: Annotated[
        str | None,
        typer.Option("--port", metavar="DEV|socket://HOST:PORT", help="A serial port, or a socket that leads to one."),
    ] = None,
    baud: Annotated[int, typer.Option(min=1, help="Bits a second of a serial port.")] = 115_200,
    seconds: Annotated[float, typer.Option(min=0.1, help="How long the device may take to answer.")] = 5,
) -> None:
    """Talk to a device; keys lie in the data folder."""
    context.obj = Connection(port, baud, data, seconds)


@group.command("pair")
def pair(context: typer.Context, json: JsonOption = False) -> None:
    """Make a new key with a device whose button was pressed within the last minute; an older key is void."""
    from peephole.device.keys import key_id, place_for_key

    data = connection_of(context).data
    with place_for_key(data) as keep, opened_session(context) as session:
        old = _key_in_use(session, data)
        key = session.pair()
        path = keep(key)
    if old is not None:
        old.unlink(missing_ok=True)
    if json:
        print_json({"key": key_id(key).hex(), "file": str(path)})
    else:
        print(plain(f"paired; the key is in {path}: whoever has that file owns the device"))


def _key_in_use(session: "Session", data: Path) -> Path | None:
    """The file of the key that the device proves to have, and that a new one makes void; None where it has no other."""
    from peephole.device.client import Device
    from peephole.device.errors import WrongKeyError
    from peephole.device.keys import key_file, read_key

    used: list[bytes] = []

    def find_key(identity: bytes) -> bytes:
        used.append(identity)
        return read_key(data, identity)

    try:
        Device(session, find_key)
    except WrongKeyError:
        return None
    return key_file(data, used[-1])


@group.command("info")
def info(context: typer.Context, json: JsonOption = False) -> None:
    """Tell which model the device has, and how much there is room for."""
    with opened_device(context) as opened:
        told = dataclasses.asdict(opened.info) | {"model": f"{opened.model:08x}"}
    if json:
        print_json(told)
    else:
        print_table(("", ""), [(name.replace("_", " "), str(value)) for name, value in told.items()])


@group.command("events")
def events(
    context: typer.Context,
    follow: Annotated[bool, typer.Option("--follow", help="Go on with those to come, until interrupted.")] = False,
    json: JsonOption = False,
) -> None:
    """Print what the device has seen and done since it was switched on, as far as it remembers.

    A distance of 1.00 is the bar for known with the people that there are now, and less is more alike; with `--json`
    distances are squared.
    """
    from peephole.device.events import followed_events, past_events

    with opened_device(context) as opened:
        names = {person.id: person.name for person in opened.people()}
        known = None if json else opened.settings()[1].get("known")
        latest = 0
        for event in past_events(opened):
            _print_event(event, names, known, json)
            latest = event.sequence
        for news in followed_events(opened, latest) if follow else ():
            if news is not None:
                _print_event(news, names, known, json)


def _print_event(event: "DeviceEvent", names: dict[int, str], known: int | None, json: bool) -> None:
    """Print one event. known: the squared distance that distances are told as shares of; None: they are left out."""
    from peephole.doorbell.policy import share_of

    person = event.details.get("person")
    if json:
        name = {} if person is None else {"name": names.get(person)}
        print_json(dataclasses.asdict(event) | name)
        return
    shown = {key: value for key, value in event.details.items() if not key.endswith("_seen")}
    if person is not None:
        shown["person"] = names.get(person, person)
    for measure in ("distance", "margin"):
        if shown.get(measure) is not None:
            shown[measure] = None if known is None else share_of(shown[measure], known)
    words = ", ".join(f"{key.replace('_', ' ')} {_word(value)}" for key, value in shown.items() if value is not None)
    print(
        plain(f"{local_time(event.time, seconds=True)}  {event.kind.replace('_', ' ')}{': ' if words else ''}{words}"),
        flush=True,
    )


def _word(value: Any) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value).replace("_", " ")


@group.command("settings")
def settings(
    context: typer.Context,
    changes: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME=NUMBER...]", help="Changes, all of them or none.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Print the settings, or change some; times in milliseconds, rates in 1e-9, shares in thousandths."""
    wanted = _changes(changes or ())
    with opened_device(context) as opened:
        every, thresholds = opened.settings()
        if wanted:
            _check_changes(wanted, every)
            opened.change(wanted)
            every, thresholds = opened.settings()
    if json:
        print_json(
            {
                "settings": {name: dataclasses.asdict(setting) for name, setting in every.items()},
                "thresholds": thresholds,
            }
        )
        return
    shown = [(name, one) for name, one in every.items() if not wanted or name in wanted]
    print_table(
        ("setting", "value", "usually", "at least", "at most"),
        [(name, one.value, one.default, one.least, one.most) for name, one in shown],
    )
    if thresholds and not wanted:
        print()
        print_table(("threshold", "squared distance"), list(thresholds.items()))


def _changes(texts: Sequence[str]) -> dict[str, int]:
    wanted: dict[str, int] = {}
    for text in texts:
        name, _, number = text.partition("=")
        if name in wanted:
            raise typer.BadParameter(f"{name!r} is named twice; give it one number")
        try:
            wanted[name] = int(number)
        except ValueError:
            raise typer.BadParameter(f"{text!r} is not NAME=NUMBER, such as gap=3000") from None
    return wanted


def _check_changes(wanted: dict[str, int], every: "dict[str, Setting]") -> None:
    """Say which number cannot be, and what could; the device tells the name alone."""
    for name, number in wanted.items():
        setting = every.get(name)
        if setting is None:
            raise ValueError(f"{name}: the device has no such setting; see: peephole device settings")
        if not setting.least <= number <= setting.most:
            raise ValueError(f"{name}={number}: must be from {setting.least} to {setting.most}; nothing was changed")


@group.command("statistics")
def statistics(context: typer.Context, json: JsonOption = False) -> None:
    """Print what the device counts; times in milliseconds."""
    with opened_device(context) as opened:
        counted = opened.statistics()
    if json:
        print_json(counted)
    else:
        print_table(("", ""), [(name.replace("_", " "), count) for name, count in counted.items()])


@group.command("backup")
def backup(
    context: typer.Context,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="The file to write.")],
    force: ForceOption = False,
    json: JsonOption = False,
) -> None:
    """Write people, strangers and settings, but no key, to a file that only its owner may read."""
    from peephole.device.backup import take_backup, to_file

    check_folder_of(output)
    check_new(output, force)
    with opened_device(context) as opened:
        content = to_file(take_backup(opened))
    write_whole(output, lambda stream: stream.write(content), mode=0o600)
    if json:
        print_json({"file": str(output), "bytes": len(content)})
    else:
        print(f"{plain(str(output))}: {len(content)} bytes")


@group.command("restore")
def restore(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Of peephole device backup.")],
    json: JsonOption = False,
) -> None:
    """Replace people, strangers and settings by those of a backup: all of it, or nothing."""
    from peephole.device.backup import from_file
    from peephole.device.backup import restore as restore_all

    if not file.is_file():
        what = "not a file" if file.exists() else "no such backup"
        raise FileNotFoundError(f"{file}: {what}; name one that peephole device backup has written")
    if file.stat().st_size > _MOST:
        raise ValueError(f"{file}: larger than any device's memory; name a file of peephole device backup")
    try:
        content = from_file(file.read_bytes())
    except ValueError as error:
        raise ValueError(f"{file}: {error}") from error
    with opened_device(context) as opened:
        restore_all(opened, content)
    if json:
        print_json({"file": str(file), "records": len(content.records)})
    else:
        print(plain(f"{file}: restored"))
