"""Which packages know which: what trains and measures knows the integer programs, and nothing knows in circles."""

import ast
from pathlib import Path

import pytest

import peephole

ROOT = Path(peephole.__file__).parent


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
