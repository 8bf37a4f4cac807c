"""What the README and the docs say is true: links lead somewhere, commands work, figures are what is printed."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import cv2
import pytest

from documents import CHECKOUT, DOCUMENTS, commands
from peephole.weights import default_program

CARDS = "src/peephole/weights/"
COMMANDS = [(shown.document, shown.command) for document in DOCUMENTS for shown in commands(document)]


OWNERS = [(document, command) for document, command in COMMANDS if document == "owner.md" and command[:4] == "peep"]


def started(*arguments: str, cwd: Path, timeout: float = 120) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own."""
    command = [sys.executable, "-m", "peephole.cli.app", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd, timeout=timeout)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_links_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", document.read_text()):
        if not target.startswith("http"):
            assert (document.parent / target).exists(), f"{document.name} links to {target}"


@pytest.mark.parametrize("page", ["owner.md", "firmware.md", "researcher.md"])
def test_each_tutorial_says_how_the_command_gets_onto_the_path(page: str) -> None:
    of_page = [command for document, command in COMMANDS if document == page and not command.startswith("make ")]
    assert of_page[0] == "source .venv/bin/activate"


def test_what_is_made_has_a_rule() -> None:
    rules = (CHECKOUT / "Makefile").read_text()
    for _, command in COMMANDS:
        program, first, *_ = shlex.split(command)
        assert program in {"make", "peephole", "python", "source"}
        assert program != "make" or first == "-C" or re.search(rf"^{first}:", rules, re.MULTILINE), command


def test_the_owners_commands_do_what_the_guide_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    demo = pytest.importorskip("peephole.vision.sources.demo")
    for name in ("mary-1.jpg", "mary-2.jpg", "at-the-door.jpg"):
        cv2.imwrite(str(tmp_path / name), demo.head_of(demo.EILEEN))
    monkeypatch.setenv("PEEPHOLE_DATA", str(tmp_path / "data"))
    said = [started(*shlex.split(c)[1:], cwd=tmp_path) for _, c in OWNERS]
    assert [result.returncode for result in said] == [0] * 6, [result.stderr for result in said]
    assert "Aunt Mary" in said[1].stdout
    assert "Aunt Mary" in said[2].stdout
    assert re.search(r"person +Aunt Mary +- +same", said[4].stdout)


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


FIGURES = [
    # bits, crop, the README's words before the figure, the page and the row that say where it was measured
    (16, "aligned", r"our detector and our landmarks \| \*\*", "docs/accuracy.md", r"\| aligned \| l2 \| "),
    (8, "detect", r"An 8-bit program ships too: ", CARDS + "recogniser-int8.md", r"\| our detector \| "),
    (8, "aligned", r"ships too: 0\.\d{4} and ", CARDS + "recogniser-int8.md", r"\| our detector and our landmarks \| "),
]


@pytest.mark.parametrize(("bits", "crop", "before", "page", "row"), FIGURES)
def test_the_other_accuracies_were_measured_on_the_programs_that_ship(
    bits: int, crop: str, before: str, page: str, row: str
) -> None:
    """A program with other bits is another model, and its page and the README must be measured anew."""
    from peephole.fixedpoint.program import IntegerProgram

    figure = re.search(rf"{before}(0\.\d{{4}})", (CHECKOUT / "README.md").read_text())
    assert figure is not None
    measured = (CHECKOUT / page).read_text()
    assert re.search(row + re.escape(figure[1]), measured), f"{crop}: {page} has another figure"
    assert f"`{IntegerProgram.load(default_program(bits)).model_id}`" in measured


@pytest.mark.slow
@pytest.mark.skipif("PEEPHOLE_ACCURACY" not in os.environ, reason="minutes; asked for by PEEPHOLE_ACCURACY=1")
@pytest.mark.parametrize(("bits", "crop", "before", "page", "row"), FIGURES)
def test_the_other_accuracies_are_what_the_command_prints(
    bits: int, crop: str, before: str, page: str, row: str, research_data: Path
) -> None:
    """The whole protocol again, behind the landmarks and with 8 bits."""
    figure = re.search(rf"{before}(0\.\d{{4}})", (CHECKOUT / "README.md").read_text())
    lfw = research_data / "lfw"
    words = ("evaluate", "lfw", "--images", lfw / "lfw.tar", "--pairs", lfw / "pairs.txt", "--json")
    chosen = ("--model", default_program(bits), "--arithmetic", f"int{bits}", "--crop", crop)
    done = started(*map(str, (*words, *chosen)), cwd=CHECKOUT, timeout=1200)
    assert done.returncode == 0, done.stderr
    assert figure is not None
    assert json.loads(done.stdout)["accuracy"] == pytest.approx(float(figure[1]), abs=5e-5)


def test_the_8_bit_program_has_half_the_size() -> None:
    assert default_program(8).stat().st_size / default_program(16).stat().st_size == pytest.approx(0.5, abs=0.015)


def test_the_shipped_program_is_small_enough_and_can_decide() -> None:
    from peephole.fixedpoint.program import IntegerProgram

    path = default_program()
    assert path.stat().st_size <= 1_600_000
    program = IntegerProgram.load(path)
    assert program.calibration is not None
    assert program.calibration.distance_at(0.001) > 0
    assert path.with_suffix(".md").read_text().count(program.model_id) == 1


HOW_TO = sorted((CHECKOUT / "docs").glob("add-a-*.md"))


@pytest.mark.parametrize("document", HOW_TO, ids=lambda document: document.name)
def test_what_the_how_tos_show_works(document: Path, tmp_path: Path) -> None:
    """Their Python runs from top to bottom, their C compiles."""
    blocks = re.findall(r"^( *)```(python|c)\n(.*?)^ *```", document.read_text(), re.DOTALL | re.MULTILINE)
    assert blocks
    shown = {"python": "", "c": ""}
    for indent, language, block in blocks:
        shown[language] += "".join(line.removeprefix(indent) for line in block.splitlines(keepends=True))
    exec(compile(shown["python"], document.name, "exec"), {"__name__": document.stem})  # noqa: S102 - our own pages
    (tmp_path / "shown.c").write_text(shown["c"])
    strict = ["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only"]
    folders = [f"-I{CHECKOUT / 'csrc'}", f"-I{CHECKOUT / 'csrc' / 'include'}"]
    if shown["c"]:
        subprocess.run(["cc", *strict, *folders, str(tmp_path / "shown.c")], check=True)


@pytest.mark.parametrize("page", ["commands.md", "api.md"])
def test_the_lists_are_those_of_the_program(page: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("references")
    subprocess.run([sys.executable, "docs/references.py", str(folder)], cwd=CHECKOUT, check=True)
    assert (folder / page).read_text() == (CHECKOUT / "docs" / page).read_text(), "python docs/references.py docs"
