"""The list of the page's routes says of every field what it is, and of every route what it answers."""

from pathlib import Path

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "api.md").read_text()


def test_every_field_has_words() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| `")]
    assert len(rows) > 80
    assert not [row for row in rows if row.split("|")[2].strip() in ("", "Needed.") or "|  Default" in row]


def test_every_route_says_what_it_answers() -> None:
    _, *routes = PAGE.split("\n### ")
    assert len(routes) > 40
    assert not [route.splitlines()[0] for route in routes if route.count("\nAnswers: ") != 1]
