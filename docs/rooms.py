"""Draws which rooms of `src/peephole` know which, from their imports: `python docs/rooms.py docs/images/rooms.svg`.

A room stands one row above the highest room that it knows. An arrow is left out where a way of other arrows leads to
the same room (the transitive reduction), so that what is drawn is what cannot be left out.
"""

import ast
import sys
from html import escape
from pathlib import Path

SOURCE = Path(__file__).parents[1] / "src" / "peephole"
WIDTH, BOX, HIGH, ROW = 1040, 116, 38, 96
STYLE = """
svg { font-family: system-ui, sans-serif; color: #1d2430; }
rect { fill: #f4f6f9; stroke: #8a94a5; }
.acts rect { fill: #fdf0e3; } .learns rect { fill: #e9f3ea; } .computes rect { fill: #e6eefb; }
path { fill: none; stroke: #8a94a5; stroke-width: 1.2; }
marker path { fill: #8a94a5; stroke: none; }
text { fill: #1d2430; text-anchor: middle; font-size: 15px; }
.key { font-size: 13px; text-anchor: start; }
@media (prefers-color-scheme: dark) {
  rect { fill: #262d38; } text { fill: #e8ebf0; }
  .acts rect { fill: #4a3620; } .learns rect { fill: #21402a; } .computes rect { fill: #233a5e; }
}
"""
KINDS = {
    "computes": ("fixedpoint", "vision", "compiler", "firmware", "weights", "liveness"),
    "learns": ("models", "training", "evaluation"),
    "acts": ("bell", "notify", "mqtt", "door", "operations", "sync"),
}
KEY = (("computes", "integers, pictures, C"), ("learns", "training and accuracy"), ("acts", "acts or tells"))


def read_rooms() -> dict[str, set[str]]:
    """Return the other rooms that each room imports, within functions too."""
    names = {path.parent.name for path in SOURCE.glob("*/__init__.py")}
    return {room: {known for known in _imports(SOURCE / room) if known in names - {room}} for room in names}


def _imports(folder: Path) -> set[str]:
    found: list[str] = []
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                found.append(node.module or "")
            elif isinstance(node, ast.Import):
                found += [alias.name for alias in node.names]
    return {name.split(".")[1] for name in found if name.startswith("peephole.")}


def reduced(rooms: dict[str, set[str]]) -> dict[str, list[str]]:
    """Return the arrows that no way of other arrows replaces."""

    def reached(room: str) -> set[str]:
        return set().union(*({one} | reached(one) for one in rooms[room]))

    return {
        room: sorted(one for one in known if not any(one in reached(other) for other in known - {one}))
        for room, known in sorted(rooms.items())
    }


def rows_of(rooms: dict[str, set[str]], arrows: dict[str, list[str]]) -> list[list[str]]:
    """Return the rooms by rows, the lowest first, each row in the order of the middle of what it knows."""

    def level(room: str) -> int:
        return 1 + max((level(one) for one in rooms[room]), default=-1)

    rows: list[list[str]] = [[] for _ in range(1 + max(map(level, rooms)))]
    for room in sorted(rooms):
        rows[level(room)].append(room)
    for _ in range(8):  # to and fro, until neighbours stand near each other
        for row in (*rows, *reversed(rows)):
            places = {room: (index + 0.5) / len(one) for one in rows for index, room in enumerate(one)}
            row.sort(key=lambda room, places=places: (_middle(room, arrows, places), room))  # type: ignore[misc]
    return rows


def _middle(room: str, arrows: dict[str, list[str]], places: dict[str, float]) -> float:
    near = [places[one] for one in arrows[room]] + [places[one] for one, known in arrows.items() if room in known]
    return round(sum(near) / len(near), 6) if near else places[room]


def draw(rooms: dict[str, set[str]]) -> str:
    """Return the picture, an SVG."""
    arrows = reduced(rooms)
    rows = rows_of(rooms, arrows)
    height = ROW * len(rows) + 20
    middle = {
        room: (round(WIDTH * (index + 0.5) / len(row)), height - 50 - ROW * number)
        for number, row in enumerate(rows)
        for index, room in enumerate(row)
    }
    lines = [_arrow(middle[room], middle[one]) for room, known in arrows.items() for one in known]
    boxes = [_box(room, *middle[room]) for room in sorted(rooms)]
    label = "The rooms of peephole; arrows lead from a room to those that it knows"
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{label}">',
            f"<style>{STYLE}</style>",
            '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
            '<path d="M0 0L8 4L0 8z"/></marker></defs>',
            *lines,
            *boxes,
            *_key(),
            "</svg>\n",
        )
    )


def _arrow(start: tuple[int, int], end: tuple[int, int]) -> str:
    (x, y), (u, v) = (start[0], start[1] + HIGH // 2), (end[0], end[1] - HIGH // 2)
    bend = max(30, (v - y) // 2)
    return f'<path d="M{x} {y}C{x} {y + bend} {u} {v - bend} {u} {v}" marker-end="url(#tip)"/>'


def _box(room: str, x: int, y: int) -> str:
    kind = next((kind for kind, rooms in KINDS.items() if room in rooms), "")
    words = ast.get_docstring(ast.parse((SOURCE / room / "__init__.py").read_text(encoding="utf-8"))) or ""
    return (
        f'<g class="{kind}"><title>{escape(words.partition(chr(10))[0])}</title>'
        f'<rect x="{x - BOX // 2}" y="{y - HIGH // 2}" width="{BOX}" height="{HIGH}" rx="7"/>'
        f'<text x="{x}" y="{y + 5}">{room}</text></g>'
    )


def _key() -> list[str]:
    return [
        f'<g class="{kind}"><rect x="16" y="{14 + 24 * row}" width="16" height="16" rx="4"/>'
        f'<text class="key" x="40" y="{27 + 24 * row}">{words}</text></g>'
        for row, (kind, words) in enumerate(KEY)
    ]


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(draw(read_rooms()), encoding="utf-8")
