"""A plan as a picture: memory over time, a rectangle a buffer (SVG), and a page with the tables beside it (HTML).

Both stand alone, fetch nothing, and follow the reader's light or dark theme.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files

import jinja2

from peephole.compiler.memory import L1, MAIN, Buffer, LevelPlan, Placement
from peephole.compiler.tables import Table, alive_bytes

HEIGHT, LEFT, TOP, RIGHT = 440, 70, 64, 16
WIDEST, NARROWEST, WIDE = 140, 16, 1120
LETTER, LINE = 6.2, 13  # pixels of a letter and of a line of text, about
LONGEST_NAME = 24  # letters of a step's name under the picture; all of it is told where the pointer rests
KINDS = {
    "activations": "activations",
    "network": "networks, weights at hand too",
    "weights": "weights",
    "image": "images",
    "faces": "faces and results",
    "scratch": "scratch",
    "gallery": "galleries",
    "code": "code and constants",
    "stacks": "stacks",
    "serial": "serial",
}
KIND_STYLE = "\n".join(
    f".plan .{kind} rect.buffer, .plan rect.{kind} {{ fill: var(--{kind}); }}\n"
    f".plan text.{kind} {{ stroke: var(--{kind}); }}"
    for kind in KINDS
)
# Views come behind the kinds, whose fill they take away.
STYLE = (
    f"\n{KIND_STYLE}"
    + """
.plan { --ink: #1d2430; --soft: #5d6878; --grid: #e3e7ed; --paper: #fff; --edge: #ffffff; --line: #c0392b;
  --activations: #a9c9f2; --network: #a9c9f2; --weights: #f5d491; --image: #b4dfb0; --faces: #9fdccb;
  --scratch: #d2d6dc; --gallery: #d9c2f0; --code: #c3cbd9; --stacks: #f3bfcb; --serial: #b9e0ea;
  font: 11px system-ui, sans-serif; }
@media (prefers-color-scheme: dark) { .plan { --ink: #e8ecf2; --soft: #9aa6b6; --grid: #2c333e; --paper: #14181f;
  --edge: #14181f; --line: #ff7b6b; --activations: #2f5585; --network: #2f5585; --weights: #7d5c1b;
  --image: #2f6a35; --faces: #1f6757; --scratch: #4a515c; --gallery: #5b3f7d; --code: #414c60;
  --stacks: #7c3a4a; --serial: #24606e; } }
.plan text { fill: var(--ink); } .plan .soft { fill: var(--soft); } .plan .title { font-size: 15px; font-weight: 600; }
.plan .grid { stroke: var(--grid); } .plan .back { fill: var(--paper); }
.plan rect.buffer { stroke: var(--edge); stroke-width: 1; }
.plan .alive { fill: none; stroke: var(--ink); stroke-width: 1.4; stroke-opacity: .6; stroke-dasharray: 1 3;
  stroke-linecap: round; }
.plan .name { pointer-events: none; paint-order: stroke; stroke-width: 3px; stroke-linejoin: round; }
.plan .limit { stroke: var(--line); stroke-width: 1.2; } .plan .limit-name { fill: var(--line); }
.plan g.b:hover rect.buffer { stroke: var(--ink); stroke-width: 2; }
.plan .view rect.buffer { stroke: var(--ink); stroke-dasharray: 3 2; stroke-opacity: .6; }
.plan .same rect.buffer, .plan rect.same { fill: transparent; }
.plan rect.same { stroke: var(--ink); stroke-dasharray: 3 2; stroke-opacity: .6; }
"""
)


@dataclass(frozen=True)
class _Frame:
    """From steps and bytes to pixels."""

    steps: int
    column: float
    top_bytes: int

    @property
    def width(self) -> float:
        return LEFT + self.steps * self.column + RIGHT

    def x(self, step: float) -> float:
        return LEFT + step * self.column

    def y(self, count: float) -> float:
        return TOP + HEIGHT * (1 - count / self.top_bytes)


def svg(placement: Placement, steps: Sequence[str], title: str = "", level: str = MAIN) -> str:
    """Draw one level: steps from left to right, addresses upwards, and dotted what is alive at each step.

    title: above the picture; where there is none, the level alone. Raises `ValueError` where the plan has no such
    level.
    """
    plan = next((plan for plan in placement.levels if plan.level == level), None)
    if plan is None:
        raise ValueError(f"the plan has no level {level} to draw")
    column = min(WIDEST, max(NARROWEST, WIDE / len(steps)))
    top = plan.peak_bytes
    if plan.capacity_bytes is not None and plan.capacity_bytes < 1.5 * top:
        top = plan.capacity_bytes
    frame = _Frame(len(steps), column, round(max(top, plan.peak_bytes) * 1.04))
    buffers = sorted((b for b in placement.buffers if b.level == level), key=lambda b: b.alias_of is not None)
    holds = {b.name: b.holds for b in buffers}
    flat = _labels_fit(steps, column)
    below = 18 if flat else 14 + max(len(name) for name in _ticks(steps, flat)) * LETTER * 0.87
    height = TOP + HEIGHT + below + 34
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="plan" viewBox="0 0 {frame.width:.0f} {height:.0f}" '
        f'width="{frame.width:.0f}" height="{height:.0f}" role="img" aria-label="{escape(title or _verdict(plan))}">',
        f"<style>{STYLE}</style>",
        f'<rect class="back" width="{frame.width:.0f}" height="{height:.0f}"/>',
        f'<text class="title" x="{LEFT}" y="24">{escape(title or level)}</text>',
        f'<text class="soft" x="{LEFT}" y="42">{escape(_verdict(plan)) if title else ""}</text>',
        *_axes(frame, steps, flat),
        *(_buffer(frame, b, steps, holds) for b in buffers),
        _alive(frame, alive_bytes(placement, len(steps), level)),
        *_names(frame, buffers),
        *_limits(frame, plan),
        *_legend(buffers, height - 14),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _verdict(plan: LevelPlan) -> str:
    if plan.capacity_bytes is None:
        return f"{plan.level}: {plan.peak_bytes:,} bytes of weights"
    proof = "the least possible" if plan.optimal else f"{100 * plan.gap:.1f} % above the lower bound"
    used = f"{plan.level}: peak {plan.peak_bytes:,} of {plan.capacity_bytes:,} bytes"
    return f"{used}, lower bound {plan.lower_bound_bytes:,}: {proof} ({plan.method})"


def _labels_fit(steps: Sequence[str], column: float) -> bool:
    return max(len(name) for name in steps) * LETTER < column - 4


def _ticks(steps: Sequence[str], flat: bool) -> list[str]:
    """Return the names under the picture: as they are, or with their numbers and, if long, without the middle."""
    if flat:
        return list(steps)
    short = [name if len(name) <= LONGEST_NAME else _without_middle(name) for name in steps]
    return [f"{number} {name}" for number, name in enumerate(short)]


def _without_middle(name: str) -> str:
    first, _, last = name.partition(" .. ")
    if last and len(last) < LONGEST_NAME:
        return f"{first[: max(0, LONGEST_NAME - len(last) - 1)]}\u2026{last}"
    return f"{name[: LONGEST_NAME // 2]}\u2026{name[-LONGEST_NAME // 2 + 1 :]}"


def _axes(frame: _Frame, steps: Sequence[str], flat: bool) -> list[str]:
    parts = []
    unit = 1024
    while frame.top_bytes / unit > 9:
        unit *= 2
    end = frame.x(frame.steps)
    for count in range(0, frame.top_bytes + 1, unit):
        y = frame.y(count)
        name = f"{count // 1024} KiB" if count else "0"
        parts.append(f'<line class="grid" x1="{LEFT}" y1="{y:.1f}" x2="{end:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text class="soft" x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{name}</text>')
    for step, (whole, name) in enumerate(zip(steps, _ticks(steps, flat), strict=True)):
        x, y = frame.x(step + 0.5), TOP + HEIGHT + 14
        turn = "" if flat else f' transform="rotate(-60 {x + 4:.1f} {y - 2:.1f})"'
        anchor = "middle" if flat else "end"
        told = f"<title>{step} {escape(whole)}</title>"
        parts.append(f'<text class="soft" x="{x:.1f}" y="{y}" text-anchor="{anchor}"{turn}>{told}{escape(name)}</text>')
    return parts


def _buffer(frame: _Frame, b: Buffer, steps: Sequence[str], holds: Mapping[str, str]) -> str:
    offset = b.offset or 0
    x, width = frame.x(b.first_use), (b.last_use - b.first_use + 1) * frame.column
    y, height = frame.y(offset + b.bytes), frame.y(offset) - frame.y(offset + b.bytes)
    view = "" if b.alias_of is None else f", a view of {b.alias_of}"
    told = (
        f"{b.name}: {b.bytes:,} bytes at 0x{offset:05x} .. 0x{offset + b.bytes - 1:05x}, "
        f"steps {b.first_use} ({steps[b.first_use]}) to {b.last_use} ({steps[b.last_use]}){view}"
    )
    kind = _kind(b)
    if b.alias_of is not None:
        kind += " view same" if b.holds == holds[b.alias_of] else " view"
    return (
        f'<g class="b {kind}"><title>{escape(told)}</title>'
        f'<rect class="buffer" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{max(height, 0.5):.1f}"/></g>'
    )


def _kind(b: Buffer) -> str:
    return b.holds if b.holds in KINDS else "scratch"


def _names(frame: _Frame, buffers: Sequence[Buffer]) -> list[str]:
    """Write names into rectangles, but never over each other: views first, as those tell more than what holds them."""
    holders = {b.alias_of for b in buffers}
    drawn: list[_Text] = []
    for b in sorted(buffers, key=lambda b: b.name in holders):
        text = _name(b, frame)
        if text is not None and not any(text.meets(other) for other in drawn):
            drawn.append(text)
    return [text.drawn for text in drawn]


@dataclass(frozen=True)
class _Text:
    """A name and perhaps a size around a point, and about the room that it takes."""

    x: float
    y: float
    width: float
    height: float
    drawn: str

    def meets(self, other: "_Text") -> bool:
        return (
            abs(self.x - other.x) < (self.width + other.width) / 2
            and abs(self.y - other.y) < (self.height + other.height) / 2
        )


def _name(b: Buffer, frame: _Frame) -> _Text | None:
    """Return a name, and its size where there is room, for a rectangle; upright where it is taller than wide."""
    offset, size = b.offset or 0, f"{b.bytes:,}"
    x, y = frame.x((b.first_use + b.last_use + 1) / 2), frame.y(offset + b.bytes / 2)
    width, height = (b.last_use - b.first_use + 1) * frame.column, frame.y(0) - frame.y(b.bytes)
    wide, tall = width / LETTER - 1, height / LETTER - 1
    both = f'{escape(b.name)}<tspan class="soft" dx="6">{size}</tspan>'
    letters = len(b.name) + 2 + len(size)
    if height >= LINE - 2 and letters <= wide:
        return _text(b, x, y, letters, both)
    if height >= 2 * LINE + 4 and max(len(b.name), len(size)) <= wide:
        lines = (
            f'<tspan x="{x:.1f}" dy="-6">{escape(b.name)}</tspan><tspan class="soft" x="{x:.1f}" dy="13">{size}</tspan>'
        )
        return _text(b, x, y, max(len(b.name), len(size)), lines, lines=2)
    if height >= LINE - 2 and len(b.name) <= wide:
        return _text(b, x, y, len(b.name), escape(b.name))
    if width >= LINE and len(b.name) <= tall:
        return _text(b, x, y, min(letters, int(tall)), both if letters <= tall else escape(b.name), upright=True)
    if height >= LINE - 2 and len(size) <= wide:
        return _text(b, x, y, len(size), f'<tspan class="soft">{size}</tspan>')
    return None


def _text(b: Buffer, x: float, y: float, letters: int, inner: str, lines: int = 1, upright: bool = False) -> _Text:
    turn = f' transform="rotate(-90 {x:.1f} {y:.1f})"' if upright else ""
    drawn = f'<text class="name {_kind(b)}" x="{x:.1f}" y="{y + 4:.1f}" text-anchor="middle"{turn}>{inner}</text>'
    width, height = letters * LETTER, float(lines * LINE)
    return _Text(x, y, height, width, drawn) if upright else _Text(x, y, width, height, drawn)


def _alive(frame: _Frame, alive: Sequence[int]) -> str:
    marks = " ".join(f"M{frame.x(step):.1f} {frame.y(n):.1f}h{frame.column:.1f}" for step, n in enumerate(alive))
    return f'<path class="alive" d="{marks}"><title>bytes alive at each step</title></path>'


def _limits(frame: _Frame, plan: LevelPlan) -> list[str]:
    """Draw peak and capacity, named at opposite ends, or both at once where one name would lie on the other's line."""
    end, capacity = frame.x(frame.steps), plan.capacity_bytes
    peak = f"peak {plan.peak_bytes:,}"
    if capacity is None or capacity > frame.top_bytes:
        marks = [(plan.peak_bytes, peak, LEFT + 2.0, "start")]
    elif frame.y(plan.peak_bytes) - frame.y(capacity) > LINE:
        marks = [(plan.peak_bytes, peak, LEFT + 2.0, "start"), (capacity, f"capacity {capacity:,}", end, "end")]
    else:
        marks = [(plan.peak_bytes, "", end, "end"), (capacity, f"capacity {capacity:,}, {peak}", end, "end")]
    parts = []
    for count, label, x, anchor in marks:
        y = frame.y(count)
        parts.append(f'<line class="limit" x1="{LEFT}" y1="{y:.1f}" x2="{end:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text class="limit-name" x="{x:.1f}" y="{y - 4:.1f}" text-anchor="{anchor}">{label}</text>')
    return parts


def _legend(buffers: Sequence[Buffer], y: float) -> list[str]:
    parts, x = [], float(LEFT)
    there = {b.holds for b in buffers}
    for kind, name in KINDS.items():
        if kind in there:
            parts.append(f'<rect class="{kind}" x="{x:.1f}" y="{y - 9:.1f}" width="11" height="11" rx="2"/>')
            parts.append(f'<text class="soft" x="{x + 16:.1f}" y="{y:.1f}">{name}</text>')
            x += 34 + len(name) * LETTER
    if any(b.alias_of is not None for b in buffers):
        parts.append(f'<rect class="same" x="{x:.1f}" y="{y - 9:.1f}" width="11" height="11"/>')
        parts.append(f'<text class="soft" x="{x + 16:.1f}" y="{y:.1f}">part of a buffer</text>')
        x += 34 + len("part of a buffer") * LETTER
    parts.append(f'<line class="alive" x1="{x:.1f}" y1="{y - 4:.1f}" x2="{x + 20:.1f}" y2="{y - 4:.1f}"/>')
    parts.append(f'<text class="soft" x="{x + 26:.1f}" y="{y:.1f}">alive at a step</text>')
    return parts


def page(placement: Placement, steps: Sequence[str], title: str, tables: Sequence[Table]) -> str:
    """Return one self-contained HTML page: the verdict of every level, a picture of L2 and L1, and the tables."""
    source = files("peephole.compiler").joinpath("plan.html.jinja").read_text("utf-8")
    template = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined).from_string(source)
    return template.render(
        title=title,
        verdicts=[_verdict(plan) for plan in placement.levels],
        pictures=[svg(placement, steps, level=level) for level in (placement.main.level, *_scratchpad(placement))],
        tables=tables,
    )


def _scratchpad(placement: Placement) -> list[str]:
    """L1 too, where it is planned beside the level of the activations."""
    return [L1] if any(plan.level == L1 for plan in placement.levels if plan is not placement.main) else []
