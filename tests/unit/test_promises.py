"""Every promise that docs/promises.md quotes is still made, and a test that is collected keeps it."""

import ast
import functools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from peephole.cli.app import app

CHECKOUT = Path(__file__).resolve().parents[2]
PROMISES = CHECKOUT / "docs/promises.md"
ROWS = [
    tuple(cell.strip() for cell in row.strip("|").split(" | "))
    for row in PROMISES.read_text().splitlines()
    if row.startswith("| ") and "::" in row
]


def plain(markdown: str) -> str:
    """The words alone, without the marks of links, of code and of emphasis."""
    return " ".join(re.sub(r"[`*]", "", re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", markdown)).split())


@functools.cache
def collected(file: Path) -> frozenset[str]:
    """The tests of a file, as pytest finds them: functions whose names begin with test_ in files that do."""
    if not (file.is_file() and file.name.startswith("test_")):
        return frozenset()
    tree = ast.parse(file.read_text())
    return frozenset(n.name for n in tree.body if isinstance(n, ast.FunctionDef) and n.name.startswith("test_"))


def leaves(command: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Every command of a tree of Typer's, by its words."""
    if not hasattr(command, "commands"):
        yield name, command
        return
    for word, below in command.commands.items():
        yield from leaves(below, f"{name} {word}".strip())


@pytest.mark.parametrize("row", [row for row in ROWS if row[1].endswith(".md")], ids=lambda row: row[0][:60])
def test_a_promise_is_still_made_in_these_words(row: tuple[str, ...]) -> None:
    words, document, _ = row
    assert plain(words) in plain((CHECKOUT / document).read_text())


@pytest.mark.parametrize("test", sorted(set(re.findall(r"[\w/]+\.py::\w+", PROMISES.read_text()))))
def test_the_test_that_keeps_a_promise_is_there(test: str) -> None:
    file, name = test.split("::")
    assert name in collected(CHECKOUT / "tests" / file)


@pytest.mark.parametrize("test", sorted(set(re.findall(r"csrc/tests/\w+\.c", PROMISES.read_text()))))
def test_the_test_in_c_that_keeps_a_promise_is_there(test: str) -> None:
    assert test.endswith("_test.c") and (CHECKOUT / test).is_file()


def test_every_row_is_read() -> None:
    assert len(ROWS) > 50 and {len(row) for row in ROWS} <= {2, 3}


FLOATS = re.compile(r"\b(float|double)\b|math\.h|<cmath>")
HEAP = re.compile(r"\b(\w*alloc|free) *\(|stdlib\.h")
STDIO = re.compile(r"printf|\bputs *\(|stdio\.h|assert\.h|<iostream>")


def code_of(file: Path) -> str:
    """Without comments."""
    return re.sub(r"/\*.*?\*/|//[^\n]*", "", file.read_text(), flags=re.DOTALL)


@pytest.mark.parametrize("folder", ["app", "arch", "firmware", "host", "include", "kernels"])
def test_no_heap_no_stdio_and_no_floating_point(folder: str) -> None:
    files = sorted((CHECKOUT / "csrc" / folder).rglob("*.[ch]"))
    assert files
    for file in files:
        for forbidden in (FLOATS, HEAP, STDIO):
            assert not (found := forbidden.search(code_of(file))), f"{file.name}: {found[0]}"


def test_nothing_in_c_computes_in_floats_and_few_files_print_or_ask_for_memory() -> None:
    """All of csrc, with ports, what Python calls, and the C tests."""
    files = [file for file in (CHECKOUT / "csrc").rglob("*.*") if file.suffix in {".c", ".cpp", ".h"}]
    assert not [file for file in files if FLOATS.search(code_of(file))]
    on_a_device = [file for file in files if not {"tests", "python", "stub"} & set(file.parts)]
    assert {file.name for file in on_a_device if HEAP.search(code_of(file))} == {"gap8.c"}
    assert {file.name for file in on_a_device if STDIO.search(code_of(file))} == {"doorbell_console.c", "main.c"}


def test_no_test_names_an_address_of_somebody() -> None:
    """Names of this machine, of no top-level domain, of a household's, or reserved for examples; but for two."""
    shown_alone = {"discord.com", "www.w3.org"}  # in a text that is compared, and in the name of a file's format
    private = r"(127|10)(\.\d+){3}|192\.168\.\d+\.\d+|192\.0\.2\.\d+"
    ours = re.compile(rf"[\w-]*|{private}|.*[\\*\[].*|.*\.(lan|local|example|test|invalid|example\.\w+)")
    for file in sorted((CHECKOUT / "tests").rglob("*.py")):
        for host in re.findall(r"(?:https?|rtsp|ftp)://(?:[^\s\"'/@]*@)?([^\s\"'/:?}<>`]*)", file.read_text()):
            assert ours.fullmatch(host) or host in shown_alone, f"{file.name}: {host}"


def test_every_command_that_reads_has_json() -> None:
    """Those without it write a file, change what is kept or print a text that is one already."""
    without = {
        name for name, command in leaves(get_command(app)) if not any("--json" in p.opts for p in command.params)
    }
    assert without <= {
        *("backup", "restore", "people export", "doors export", "train"),
        *("accounts add", "accounts password", "accounts remove", "settings forget", "door open", "notify test"),
        *("settings check", "settings reference", "settings schema", "bench resident"),
    }
