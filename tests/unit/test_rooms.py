"""Which packages know which: what trains and measures knows the integer programs, and nothing knows in circles."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import peephole

ROOT = Path(peephole.__file__).parent
CHECKOUT = Path(__file__).parents[2]
README = CHECKOUT / "README.md"


def _known(package: str) -> set[str]:
    """The packages whose modules a package imports, within functions too."""
    found = set()
    for path in (ROOT / package).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            found |= {name.split(".")[1] for name in names if name.startswith("peephole.")}
    return found


@pytest.mark.parametrize(
    ("package", "strangers"),
    [
        ("evaluation", {"training", "cli", "web"}),
        ("training", {"cli", "web", "doorbell"}),
        ("fixedpoint", {"evaluation", "training", "compiler", "cli", "web", "doorbell"}),
        ("models", {"evaluation", "training", "cli", "web", "doorbell"}),
        ("doorbell", {"evaluation", "training", "models", "cli", "web"}),
    ],
)
def test_a_package_does_not_know_those_that_know_it(package: str, strangers: set[str]) -> None:
    assert not _known(package) & strangers


def test_a_package_knows_those_alone_that_stand_above_it_in_the_readme() -> None:
    house = README.read_text(encoding="utf-8").partition("\nsrc/peephole/\n")[2].partition("```")[0]
    order = [name for name in re.findall(r"(\w+)/(?:\s|$)", house) if name != "weights"]  # which is data
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"weights"}
    assert set(order) == packages
    below = {room: set(order[place + 1 :]) & _known(room) for place, room in enumerate(order)}
    assert not any(below.values()), below


def test_the_picture_of_the_rooms_is_that_of_the_imports(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "docs/rooms.py", str(tmp_path / "rooms.svg")], cwd=CHECKOUT, check=True)
    drawn = (tmp_path / "rooms.svg").read_text(encoding="utf-8")
    kept = (CHECKOUT / "docs" / "images" / "rooms.svg").read_text(encoding="utf-8")
    assert drawn == kept, "draw it again: python docs/rooms.py docs/images/rooms.svg"
