"""`peephole notify`: who is told of what, and a message to try it."""

import time
from typing import TYPE_CHECKING, Annotated

import typer

from peephole.cli.errors import DONE, FAILED, complain, describe
from peephole.cli.options import ConfigOption, JsonOption
from peephole.cli.output import plain, print_json, print_table

if TYPE_CHECKING:
    from peephole.notify.settings import Target

group = typer.Typer(help="Messages to the owner: who is told of what.", no_args_is_help=True)


@group.command("list")
def list_targets(config: ConfigOption = None, json: JsonOption = False) -> None:
    """List the targets of the settings; sends nothing."""
    from peephole.settings.reading import read_settings

    targets = [(one, _where(one)) for one in read_settings(config).settings.notify.targets]
    if json:
        rows = [{**one.model_dump(include={"name", "service", "events", "pictures"}), "where": w} for one, w in targets]
        print_json(rows)
    elif targets:
        print_table(
            ("target", "where", "events", "pictures"),
            [(one.name, where, ", ".join(one.events), "yes" if one.pictures else "no") for one, where in targets],
        )
    else:
        print("nobody is told of anything; name a target in [[notify.targets]] of the settings")


@group.command()
def test(
    target: Annotated[
        str | None, typer.Option(metavar="NAME", show_default="all", help="The target to send to.")
    ] = None,
    config: ConfigOption = None,
) -> int:
    """Send a test message, without a picture, and say what became of it."""
    from peephole.notify.senders import NotSent, sender_of
    from peephole.notify.words import trial
    from peephole.settings.reading import read_settings

    settings = read_settings(config).settings.notify
    chosen = [one for one in settings.targets if target is None or one.name.casefold() == target.casefold()]
    if not chosen:
        which = "there is no such target" if target is None else f"{target}: no such target"
        raise ValueError(f"{which}; name one in [[notify.targets]] of the settings")
    code = DONE
    for one in chosen:
        try:
            sender_of(one).send(trial(time.time(), settings.link))
        except NotSent as error:
            code = FAILED
            complain(f"notify target {one.name}: {error}")
        except (OSError, ValueError, ImportError) as error:
            code = FAILED
            complain(describe(error))
        else:
            print(plain(f"{one.name}: sent"))
    return code


def _where(target: "Target") -> str:
    """Return where the messages of a target go, or why they go nowhere."""
    from peephole.notify.senders import sender_of

    try:
        return str(sender_of(target).peer)
    except (OSError, ValueError, ImportError) as error:
        return describe(error)
