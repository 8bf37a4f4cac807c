"""What the commands of `peephole device` share: the line that the options name, with a session on it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from peephole.cli.errors import complain
from peephole.cli.output import plain

if TYPE_CHECKING:
    from peephole.device.client import Device
    from peephole.device.line import Line
    from peephole.device.session import Session


@dataclass(frozen=True)
class Connection:
    """Where the device is, and whose keys are used. seconds: how long an answer may take."""

    port: str | None
    baud: int
    data: Path
    seconds: float


def connection_of(context: typer.Context) -> Connection:
    """Return what the options of `peephole device` say."""
    connection = context.find_object(Connection)
    assert connection is not None  # the group's callback made it  # noqa: S101
    return connection


def line_of(connection: Connection) -> "tuple[str, Callable[[], AbstractContextManager[Line]]]":
    """Return the port that the options name, and what opens it."""
    from peephole.device.line import opened_line

    if connection.port is None:
        raise typer.BadParameter("say where the device is with --port DEV or socket://HOST:PORT, before the command")
    return connection.port, partial(opened_line, connection.port, connection.baud)


@contextmanager
def opened_session(context: typer.Context) -> Iterator["Session"]:
    """Open the line that the options name."""
    from peephole.device.session import Session

    connection = connection_of(context)
    _, open_line = line_of(connection)
    with open_line() as line:
        yield Session(line, connection.seconds)


@contextmanager
def opened_device(context: typer.Context) -> Iterator["Device"]:
    """Open the line and begin a session, with the key that was made when the device was paired."""
    from peephole.device.client import Device

    with opened_session(context) as session:
        yield Device(session, partial(_find_key, connection_of(context).data))


def _find_key(data: Path, identity: bytes) -> bytes:
    from peephole.device.keys import is_open_to_others, key_file, read_key

    key = read_key(data, identity)
    path = key_file(data, identity)
    if is_open_to_others(path):
        complain(plain(f"{path}: others may read this key, and whoever has it owns the device; chmod 600 it"))
    return key
