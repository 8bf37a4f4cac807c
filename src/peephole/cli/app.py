"""The `peephole` command."""

import os
import sys
from collections.abc import Sequence
from typing import Annotated, get_args, get_type_hints

import typer
from typer.models import ParameterInfo

from peephole import __version__
from peephole.cli import (
    accounts,
    bench,
    cameras,
    device,
    door,
    doors,
    evaluate,
    firmware,
    notify,
    people,
    settings,
    strangers,
    visits,
)
from peephole.cli.backup import backup, restore
from peephole.cli.compile import compile_program
from peephole.cli.correct import correct
from peephole.cli.describe import describe
from peephole.cli.embed import embed
from peephole.cli.errors import guarded
from peephole.cli.identify import identify
from peephole.cli.introduce import introduce
from peephole.cli.plan import plan
from peephole.cli.quantize import quantize
from peephole.cli.run import run
from peephole.cli.train import train

app = typer.Typer(
    name="peephole",
    help="An offline face-recognition doorbell, and the tools that train, quantize and measure its network.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"peephole {__version__}")
        raise typer.Exit


@app.callback()
def _everywhere(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_show_version, help="Print the version and leave.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    if debug:
        os.environ["PEEPHOLE_DEBUG"] = "1"


app.command("run")(run)
app.command("identify")(identify)
people.group.command("introduce")(introduce)
visits.group.command("correct")(correct)
app.add_typer(people.group, name="people")
app.add_typer(strangers.group, name="strangers")
app.add_typer(visits.group, name="visits")
app.command("backup")(backup)
app.command("restore")(restore)
app.add_typer(door.group, name="door")
app.add_typer(doors.group, name="doors")
app.add_typer(accounts.group, name="accounts")
app.add_typer(settings.group, name="settings")
app.add_typer(cameras.group, name="cameras")
app.add_typer(notify.group, name="notify")
app.command("embed")(embed)
app.command("train")(train)
app.add_typer(evaluate.group, name="evaluate")
app.command("quantize")(quantize)
app.command("describe")(describe)
app.command("plan")(plan)
app.command("compile")(compile_program)
app.add_typer(firmware.group, name="firmware")
app.add_typer(device.group, name="device")
app.add_typer(bench.group, name="bench")


def _settle(group: typer.Typer) -> None:
    """Leave it to the command to find out that a file may not be read, and a flag without a type in the help.

    Typer would call the first wrong usage, where a file that is missing is a failure; and show the second as <bool>.
    """
    callbacks = [command.callback for command in group.registered_commands]
    if group.registered_callback is not None:
        callbacks.append(group.registered_callback.callback)
    for callback in callbacks:
        if callback is not None:
            for hint in get_type_hints(callback, include_extras=True).values():
                for info in getattr(hint, "__metadata__", ()):
                    if isinstance(info, ParameterInfo):
                        info.readable = False
                        if get_args(hint)[0] is bool and info.metavar is None:
                            info.metavar = ""
    for inner in group.registered_groups:
        if inner.typer_instance is not None:
            _settle(inner.typer_instance)


_settle(app)


def invoke(arguments: Sequence[str] | None = None) -> int:
    """Run one command line (the process's own, if none is given) and return its exit code."""
    return guarded(lambda: app(args=arguments, prog_name="peephole", standalone_mode=False))


def main() -> None:
    """Run the process's command line and leave with its exit code."""
    sys.exit(invoke())


if __name__ == "__main__":
    main()
