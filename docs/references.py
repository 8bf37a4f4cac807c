"""Writes the pages that list all there is: `python docs/references.py docs` writes commands.md and api.md.

Commands come from the command line's own definition, routes from the OpenAPI list that the page gives out.
"""

import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer
from api_words import FIELDS, answer_of

from peephole.accounts.accounts import Accounts
from peephole.cli.app import app
from peephole.doorbell.assembly import make_recogniser
from peephole.doorbell.doorbell import Doorbell
from peephole.fixedpoint.program import IntegerProgram
from peephole.live import LiveDoorbell
from peephole.store.store import Store
from peephole.web.app import create_app
from peephole.web.door import Door
from peephole.web.streams import Streams
from peephole.weights import default_program

COMMANDS = """# Commands

Every command of `peephole`, as `--help` tells of it. Whatever reads has `--json`. A command that fails says why \
in one sentence and ends with 1, one that was used wrongly with 2, one that was interrupted with 130. Written by \
`python docs/references.py docs`; a test compares.
"""
API = """# The page's interface for programs

What the page gives and takes, besides its HTML. A program signs in as a browser does (`POST /login` with `name` \
and `password`, and keeps the cookie `peephole_session`), and sends forms; it gets JSON unless it asks for \
`text/html`. A refusal is a status from 400 and `{"error": ".."}` with one sentence. \
What a POST has done can often be taken back: its answer has a number then, `undo`. A viewer may only read. Times \
are seconds since 1970, distances squared. The list itself is at \
`/api/openapi.json`. Not told here: the forms below `/settings`, and `/metrics` \
([operations.md](operations.md)). Written by `python docs/references.py docs`; a test compares.
"""


def command_page() -> str:
    """Return commands.md."""
    root = typer.main.get_command(app)
    return COMMANDS + "".join(_commands(root, "peephole"))


def _commands(command: Any, name: str) -> Iterator[str]:
    if command.hidden:
        return
    inner = getattr(command, "commands", None)
    if inner is None:
        yield f"\n### `{_usage(command, name)}`\n\n{_text(command.help)}\n"
        context = typer.Context(command, info_name=name)
        records = [one.get_help_record(context) for one in command.params if "--help" not in one.opts]
        if rows := [f"| `{_cell(one[0])}` | {_cell(_text(one[1]))} |\n" for one in records if one is not None]:
            yield "\n| | |\n|---|---|\n" + "".join(rows)
        return
    if name != "peephole":
        yield f"\n## `{name}`\n\n{_text(command.help)}\n"
    single = [one for one in inner if not hasattr(inner[one], "commands")]
    groups = [one for one in inner if hasattr(inner[one], "commands")]
    for one in (*single, *groups):
        yield from _commands(inner[one], f"{name} {one}")


def _usage(command: Any, name: str) -> str:
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    shown = [one.metavar or one.name.upper() for one in arguments]
    return " ".join(
        (name, *(word if one.required else f"[{word}]" for one, word in zip(arguments, shown, strict=True)))
    )


def api_page() -> str:
    """Return api.md."""
    listed = _household_app().openapi()
    lines = [API]
    for path, methods in sorted(listed["paths"].items()):
        for method, route in methods.items():
            lines.append(f"\n### `{method.upper()} {path}`\n\n{_text(route.get('description'))}\n")
            rows = "".join(_field(one["name"], one["schema"], one.get("description")) for one in _asked(route))
            lines.append("\n| | |\n|---|---|\n" + rows if rows else "")
            lines.append(_form(route, listed))
            lines.append(f"\nAnswers: {answer_of(method.upper(), path)}\n")
    return "".join(lines)


def _household_app() -> Any:
    """Return the page's application as a household has it, over a store that is thrown away."""
    recogniser = make_recogniser(IntegerProgram.load(default_program()))
    with tempfile.TemporaryDirectory() as folder, Store(Path(folder)) as store:
        doorbell = Doorbell(store, recogniser)
        live = LiveDoorbell(doorbell)
        door = Door(household=doorbell, source="", memory=doorbell)
        return create_app(door, live, Streams(live), accounts=Accounts(store.accounts))


def _asked(route: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for one in route.get("parameters", []) if one["in"] in ("path", "query")]


def _form(route: dict[str, Any], listed: dict[str, Any]) -> str:
    content = route.get("requestBody", {}).get("content", {})
    rows = []
    for kind, body in content.items():
        schema = listed["components"]["schemas"][body["schema"]["$ref"].rpartition("/")[2]] if body["schema"] else {}
        for name, field in schema.get("properties", {}).items():
            rows.append(_field(name, field, field.get("description"), needed=name in schema.get("required", ())))
        head = f"\nAs `{kind}`:\n\n| | |\n|---|---|\n"
        return head + "".join(rows) if rows else ""
    return ""


def _field(name: str, schema: dict[str, Any], words: str | None, needed: bool = False) -> str:
    words = words or FIELDS[name]
    default = schema.get("default")
    usual = f" Default: {default}." if default not in (None, "", False) else ""
    return f"| `{name}` | {_cell(_text(words))}{usual}{' Needed.' if needed else ''} |\n"


def _text(words: str | None) -> str:
    return re.sub(r"\s*\n\s*(?!\n)", " ", (words or "").strip())


def _cell(words: str) -> str:
    return words.replace("|", "\\|")


if __name__ == "__main__":
    target = Path(sys.argv[1])
    (target / "commands.md").write_text(command_page(), encoding="utf-8")
    (target / "api.md").write_text(api_page(), encoding="utf-8")
