"""What the README and the docs say is true: links lead somewhere, commands work, figures are what is printed."""

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import pytest

from commands import peephole
from peephole.weights import default_program

CHECKOUT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([CHECKOUT / "README.md", *(CHECKOUT / "docs").glob("*.md"), *(CHECKOUT / "src").rglob("*.md")])


def console_commands(document: Path) -> Iterator[str]:
    for block in re.findall(r"```console\n(.*?)```", document.read_text(), re.DOTALL):
        yield from (line[2:].split("  #")[0].strip() for line in block.splitlines() if line.startswith("$ "))


COMMANDS = [(document.name, command) for document in DOCUMENTS for command in console_commands(document)]


OWNERS = [(document, command) for document, command in COMMANDS if document == "owner.md" and command[:4] == "peep"]


READ_NO_FILE = {("plan", "squeezenet1_1"), ("settings", "check"), ("settings", "show"), ("notify", "list")}


def started(*arguments: str, cwd: Path, timeout: float = 120) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own."""
    command = [sys.executable, "-m", "peephole.cli.app", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd, timeout=timeout)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_links_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", document.read_text()):
        if not target.startswith("http"):
            assert (document.parent / target).exists(), f"{document.name} links to {target}"


@pytest.mark.parametrize(
    ("document", "command"), COMMANDS, ids=[f"{document}: {command[:40]}" for document, command in COMMANDS]
)
def test_commands_are_commands(document: str, command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program, *arguments = shlex.split(command)
    if program == "make":
        assert re.search(rf"^{arguments[0]}:", (CHECKOUT / "Makefile").read_text(), re.MULTILINE)
    elif program == "source":
        assert arguments == [".venv/bin/activate"]
    elif document == "owner.md":
        assert (document, command) in OWNERS  # run below, one after the other
    elif program == "peephole":
        # In an empty folder a right command line fails on its first file (1), a wrong one on its words (2).
        monkeypatch.chdir(tmp_path)
        result = peephole(*arguments)
        if "--backbones" in arguments or tuple(arguments[:2]) in READ_NO_FILE:
            assert result.returncode == 0, result.stderr
            return
        assert result.returncode == 1, result.stderr
        assert re.search(r"no such \w*", result.stderr)
    elif program == "python" and arguments[0] == "benchmarks/learning_curve.py":  # the others take minutes
        *inputs, output = arguments
        made = tmp_path / Path(output).name
        subprocess.run([sys.executable, *inputs, str(made)], cwd=CHECKOUT, check=True)
        assert made.read_text().startswith("<?xml")
        assert (CHECKOUT / output).is_file()
    else:
        pytest.fail(f"{document} shows a command that this test does not know: {program}")


def test_the_owners_commands_do_what_the_guide_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    demo = pytest.importorskip("peephole.vision.sources.demo")
    for name in ("mary-1.jpg", "mary-2.jpg", "at-the-door.jpg"):
        cv2.imwrite(str(tmp_path / name), demo.head_of(demo.EILEEN))
    monkeypatch.setenv("PEEPHOLE_DATA", str(tmp_path / "data"))
    said = [started(*shlex.split(c)[1:], cwd=tmp_path) for _, c in OWNERS]
    assert [result.returncode for result in said] == [0] * 4, [result.stderr for result in said]
    assert "Aunt Mary" in said[1].stdout
    assert "Aunt Mary" in said[2].stdout


def test_the_folders_that_the_readme_names_are_there() -> None:
    named = re.findall(r"(\w+)/", (CHECKOUT / "README.md").read_text().split("```")[-2])
    for room in set(named) - {"src", "peephole", "csrc"}:
        assert any((CHECKOUT / above / room).is_dir() for above in ("src/peephole", "csrc", "")), room


@pytest.mark.slow
def test_the_accuracy_that_the_readme_claims_is_what_the_command_prints(research_data: Path) -> None:
    """The whole protocol, by the command that docs/researcher.md shows."""
    command = next(c for _, c in COMMANDS if c.startswith("peephole evaluate lfw"))
    result = started(*shlex.split(command)[1:], cwd=CHECKOUT, timeout=1200)
    assert result.returncode == 0, result.stderr
    report = json.loads(result.stdout)
    claimed = re.search(
        r"LFW, integers behind our detector \| \*\*(\d\.\d{4})\*\*", (CHECKOUT / "README.md").read_text()
    )
    assert claimed is not None
    assert report["pairs"] == 6000
    assert report["accuracy"] == pytest.approx(float(claimed[1]), abs=5e-5)
    assert report["accuracy"] >= 0.95


def test_the_shipped_program_is_small_enough_and_can_decide() -> None:
    from peephole.fixedpoint.program import IntegerProgram

    path = default_program()
    assert path.stat().st_size <= 1_600_000
    program = IntegerProgram.load(path)
    assert program.calibration is not None
    assert program.calibration.distance_at(0.001) > 0
    assert path.with_suffix(".md").read_text().count(program.model_id) == 1
