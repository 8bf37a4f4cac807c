"""The pages of the README and the docs, and the commands that they show."""

import re
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
DOCUMENTS = sorted([CHECKOUT / "README.md", *(CHECKOUT / "docs").glob("*.md"), *(CHECKOUT / "src").rglob("*.md")])


@dataclass(frozen=True)
class Shown:
    """A command line as a page shows it, and what the page says behind `#`: of one that takes long, how long."""

    document: str
    command: str
    note: str

    @property
    def takes_long(self) -> bool:
        """Whether the page says so, in which case no test runs it as it stands."""
        return re.match(r"(minutes|half an hour|hours|after )", self.note) is not None


def blocks(document: Path, language: str) -> list[str]:
    """What the page shows in that language, block by block."""
    return re.findall(rf"```{language}\n(.*?)```", document.read_text(encoding="utf-8"), re.DOTALL)


def commands(document: Path) -> list[Shown]:
    """What a reader is to type, in its order."""
    lines = [line for block in blocks(document, "console") for line in block.splitlines() if line.startswith("$ ")]
    cut = (line[2:].partition("  #") for line in lines)
    return [Shown(document.name, command.strip(), note.strip()) for command, _, note in cut]
