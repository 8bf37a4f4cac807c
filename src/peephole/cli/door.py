"""`peephole door`: whether it may open, what its log says, and opening it by hand."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from peephole.cli.options import ConfigOption, ConfiguredDataOption, DataOption, JsonOption
from peephole.cli.output import local_time, print_json, print_table

if TYPE_CHECKING:
    from peephole.door.opener import DoorOpener
    from peephole.doorbell.candidates import Candidate
    from peephole.people.records import Rules

group = typer.Typer(no_args_is_help=True, help="The door: how it is set, what opened it, and opening it by hand.")

_DONE = {"not_known": "not known", "done": "opened", "failed": "failed", "not_tried": "-"}


@group.command("status")
def status(data: ConfiguredDataOption = None, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Show how the door is set, and whether anything keeps it shut."""
    from peephole.door.assembly import in_force

    with _opener(data, config) as opener:
        now = opener.status()
        _, held = in_force(opener.settings, opener.dry_run_seen)
    if json:
        print_json({**{name: value for name, value in vars(now).items() if name != "state"}, "held": held})
        return
    print(f"mode {now.mode}, actuator {now.actuator}, liveness {now.liveness}, challenge {now.challenge}")
    if held is not None:
        print(held)
    print(f"opened {now.openings} of at most {now.most_openings} times within the last hour")
    if now.locked_until is not None:
        print(f"locked out until {local_time(now.locked_until)}: too many suspicious refusals")


@group.command("log")
def log(
    data: DataOption,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many rows.")] = 30,
    json: JsonOption = False,
) -> None:
    """List openings and refusals, the newest first."""
    from peephole.cli.gallery import opened_store
    from peephole.door.log import entry_json, reason_text

    with opened_store(data) as store:
        entries = store.door.recent(limit)
    if json:
        print_json([entry_json(entry) for entry in entries])
    elif entries:
        rows = [
            (
                local_time(entry.time),
                entry.verdict,
                entry.by if entry.account is None else f"{entry.by} ({entry.account})",
                entry.person_name or "-",
                reason_text(entry),
                entry.mode,
                _DONE[entry.done],
            )
            for entry in entries
        ]
        print_table(("when", "verdict", "by", "person", "because", "mode", "became of it"), rows)
    else:
        print("nothing yet")


@group.command("open")
def open_door(data: ConfiguredDataOption = None, config: ConfigOption = None) -> None:
    """Open the door by hand, under the same limit and with the same log; not while a running doorbell has the line."""
    with _opener(data, config) as opener, opener:
        answer = opener.open("owner")
    if not answer.opened and opener.settings.mode != "dry-run":
        raise ValueError(answer.text)
    print(f"the door: {answer.text}")


@contextmanager
def _opener(data: Path | None, config: Path | None) -> "Iterator[DoorOpener]":
    """Return the door of a data folder, without anybody who looks at it."""
    from peephole.cli.gallery import in_force, opened_store
    from peephole.door.assembly import make_actuator
    from peephole.door.opener import DoorOpener
    from peephole.live import Announcer

    read, folder = in_force(config, data)
    settings = read.settings.door
    with opened_store(folder, read.settings.storage) as store:
        lock = make_actuator(settings, read.settings.mqtt)
        first = read.settings.cameras[0].name if read.settings.cameras else ""
        yield DoorOpener(settings, _Nobody(), store.door, lock, Announcer(), camera=settings.camera or first)


class _Nobody:
    """A household without a camera."""

    def candidates(self, rate: float) -> tuple["Candidate", ...]:
        """See nobody."""
        return ()

    def rules(self, key: str) -> "Rules":
        """Know nobody."""
        raise ValueError(f"{key}: nobody is looked for here")
