"""Tables between markers of a Markdown file, so that a script can measure them anew and leave the prose alone."""

import re
from collections.abc import Sequence
from pathlib import Path


def table(titles: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a table in Markdown."""
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def put(document: Path, marker: str, text: str) -> None:
    """Put text between `<!-- begin MARKER -->` and `<!-- end MARKER -->`. Raises `ValueError` where they are not."""
    begin, end = f"<!-- begin {marker} -->", f"<!-- end {marker} -->"
    old = document.read_text()
    if old.count(begin) != 1 or old.count(end) != 1:
        raise ValueError(f"{document}: has no place for {marker} ({begin} ... {end})")
    found = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    document.write_text(found.sub(lambda _: f"{begin}\n{text}\n{end}", old))
