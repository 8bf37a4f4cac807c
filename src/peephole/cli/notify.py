"""`peephole notify`: who is told of what, and a message to try it."""

import time
from typing import TYPE_CHECKING, Annotated

import typer

from peephole.cli.errors import DONE, FAILED, complain, describe
from peephole.cli.options import ConfigOption, ConfiguredDataOption, JsonOption
from peephole.cli.output import plain, print_json, print_table

if TYPE_CHECKING:
    from peephole.notify.settings import Target

group = typer.Typer(help="Messages to the owner: who is told of what.", no_args_is_help=True)


@group.command("list")
def list_targets(config: ConfigOption = None, data: ConfiguredDataOption = None, json: JsonOption = False) -> None:
    """List the targets of the settings, as the page has them; sends nothing."""
    from peephole.cli.gallery import in_force

    read, _ = in_force(config, data)
    targets = [(one, _where(one)) for one in read.settings.notify.targets]
    if json:
        told = {"name", "service", "active", "events", "pictures"}
        print_json([{**one.model_dump(include=told), "where": where} for one, where in targets])
    elif targets:
        print_table(
            ("target", "where", "events", "pictures"),
            [
                (one.name, where, ", ".join(one.events) if one.active else "switched off", _yes(one.pictures))
                for one, where in targets
            ],
        )
    else:
        print("nobody is told of anything; name a target on the page, or in [[notify.targets]] of the settings")


@group.command()
def test(
    target: Annotated[
        str | None, typer.Option(metavar="NAME", show_default="all that are not off", help="The target to send to.")
    ] = None,
    config: ConfigOption = None,
    data: ConfiguredDataOption = None,
) -> int:
    """Send a test message, without a picture, and say what became of it."""
    from peephole.cli.gallery import in_force
    from peephole.notify.senders import NotSent, sender_of
    from peephole.notify.words import trial

    read, _ = in_force(config, data)
    settings = read.settings.notify
    if target is None:
        chosen = [one for one in settings.targets if one.active]
    else:
        chosen = [one for one in settings.targets if one.name.casefold() == target.casefold()]
    if not chosen:
        which = "there is no such target" if target is None else f"{target}: no such target"
        raise ValueError(f"{which}; name one on the page, or in [[notify.targets]] of the settings")
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


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _where(target: "Target") -> str:
    """Return where the messages of a target go, or why they go nowhere."""
    from peephole.notify.senders import sender_of

    try:
        return str(sender_of(target).peer)
    except (OSError, ValueError, ImportError) as error:
        return describe(error)
