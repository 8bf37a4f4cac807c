"""A plan as a picture: memory over time, a rectangle a buffer (SVG), and a page with the tables beside it (HTML).

Both stand alone, fetch nothing, and follow the reader's light or dark theme.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files

import jinja2

from peephole.compiler.memory import MAIN, Buffer, LevelPlan, Placement
from peephole.compiler.tables import Table, alive_bytes

HEIGHT, LEFT, TOP, RIGHT = 440, 70, 64, 16
WIDEST, NARROWEST, WIDE = 140, 16, 1120
LETTER, LINE = 6.2, 13  # pixels of a letter and of a line of text, about
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
STYLE = """
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
.plan .view rect.buffer { fill: none; stroke: var(--ink); stroke-dasharray: 3 2; stroke-opacity: .6; }
.plan .alive { fill: none; stroke: var(--ink); stroke-width: 1.2; stroke-opacity: .55; stroke-dasharray: 1 3;
  stroke-linecap: round; }
.plan .limit { stroke: var(--line); stroke-width: 1.2; } .plan .limit-name { fill: var(--line); }
.plan g.b:hover rect.buffer { stroke: var(--ink); stroke-width: 2; }
""" + "\n".join(f".plan .{kind} rect.buffer, .plan rect.{kind} {{ fill: var(--{kind}); }}" for kind in KINDS)


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


def svg(placement: Placement, steps: Sequence[str], title: str, level: str = MAIN) -> str:
    """Draw one level: steps from left to right, addresses upwards, and dotted what is alive at each step.

    Raises `ValueError` where the plan has no such level.
    """
    plan = next((plan for plan in placement.levels if plan.level == level), None)
    if plan is None:
        raise ValueError(f"the plan has no level {level} to draw")
    column = min(WIDEST, max(NARROWEST, WIDE / len(steps)))
    top = plan.peak_bytes
    if plan.capacity_bytes is not None and plan.capacity_bytes < 1.5 * top:
        top = plan.capacity_bytes
    frame = _Frame(len(steps), column, round(max(top, plan.peak_bytes) * 1.04))
    buffers = [b for b in placement.buffers if b.level == level]
    longest = max(len(name) for name in steps)
    below = 18 if _labels_fit(steps, column) else 14 + longest * LETTER * 0.87
    height = TOP + HEIGHT + below + 34
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="plan" viewBox="0 0 {frame.width:.0f} {height:.0f}" '
        f'width="{frame.width:.0f}" height="{height:.0f}" role="img" aria-label="{escape(title)}">',
        f"<style>{STYLE}</style>",
        f'<rect class="back" width="{frame.width:.0f}" height="{height:.0f}"/>',
        f'<text class="title" x="{LEFT}" y="24">{escape(title)}</text>',
        f'<text class="soft" x="{LEFT}" y="42">{escape(_verdict(plan))}</text>',
        *_axes(frame, steps),
        *(_buffer(frame, b, steps) for b in sorted(buffers, key=lambda b: b.alias_of is not None)),
        _alive(frame, alive_bytes(placement, len(steps), level)),
        *_limits(frame, plan),
        *_legend(buffers, height - 14),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _verdict(plan: LevelPlan) -> str:
    there = "" if plan.capacity_bytes is None else f" of {plan.capacity_bytes:,}"
    proof = "the least possible" if plan.optimal else f"{100 * plan.gap:.1f} % above the lower bound"
    return (
        f"{plan.level}: peak {plan.peak_bytes:,}{there} bytes, lower bound {plan.lower_bound_bytes:,}: {proof} "
        f"({plan.method})"
    )


def _labels_fit(steps: Sequence[str], column: float) -> bool:
    return max(len(name) for name in steps) * LETTER < column - 4


def _axes(frame: _Frame, steps: Sequence[str]) -> list[str]:
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
    flat = _labels_fit(steps, frame.column)
    for step, name in enumerate(steps):
        x, y = frame.x(step + 0.5), TOP + HEIGHT + 14
        turn = "" if flat else f' transform="rotate(-60 {x + 4:.1f} {y - 2:.1f})"'
        anchor = "middle" if flat else "end"
        parts.append(f'<text class="soft" x="{x:.1f}" y="{y}" text-anchor="{anchor}"{turn}>{escape(name)}</text>')
    return parts


def _buffer(frame: _Frame, b: Buffer, steps: Sequence[str]) -> str:
    offset = b.offset or 0
    x, width = frame.x(b.first_use), (b.last_use - b.first_use + 1) * frame.column
    y, height = frame.y(offset + b.bytes), frame.y(offset) - frame.y(offset + b.bytes)
    view = "" if b.alias_of is None else f", a view of {b.alias_of}"
    told = (
        f"{b.name}: {b.bytes:,} bytes at 0x{offset:05x} .. 0x{offset + b.bytes - 1:05x}, "
        f"steps {b.first_use} ({steps[b.first_use]}) to {b.last_use} ({steps[b.last_use]}){view}"
    )
    kind = b.holds if b.holds in KINDS else "scratch"
    return (
        f'<g class="b {kind}{" view" if view else ""}"><title>{escape(told)}</title>'
        f'<rect class="buffer" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{max(height, 0.5):.1f}"/>'
        f"{'' if view else _name(b, x, y, width, height)}</g>"
    )


def _name(b: Buffer, x: float, y: float, width: float, height: float) -> str:
    """Write a name, and its size where there is room, into a rectangle; upright where it is taller than wide."""
    size = f"{b.bytes:,}"
    middle, centre = x + width / 2, y + height / 2
    wide, tall = width / LETTER - 1, height / LETTER - 1
    if height >= LINE - 2 and len(b.name) <= wide:
        both = len(b.name) + 2 + len(size) <= wide
        if not both and height >= 2 * LINE + 4 and len(size) <= wide:
            return (
                f'<text x="{middle:.1f}" y="{centre - 2:.1f}" text-anchor="middle">{escape(b.name)}</text>'
                f'<text class="soft" x="{middle:.1f}" y="{centre + 11:.1f}" text-anchor="middle">{size}</text>'
            )
        rest = f'<tspan class="soft" dx="6">{size}</tspan>' if both else ""
        return f'<text x="{middle:.1f}" y="{centre + 4:.1f}" text-anchor="middle">{escape(b.name)}{rest}</text>'
    if width >= LINE and len(b.name) <= tall:
        rest = f'<tspan class="soft" dx="6">{size}</tspan>' if len(b.name) + 2 + len(size) <= tall else ""
        turn = f'transform="rotate(-90 {middle:.1f} {centre:.1f})"'
        return f'<text x="{middle:.1f}" y="{centre + 4:.1f}" text-anchor="middle" {turn}>{escape(b.name)}{rest}</text>'
    if height >= LINE - 2 and len(size) <= wide:
        return f'<text class="soft" x="{middle:.1f}" y="{centre + 4:.1f}" text-anchor="middle">{size}</text>'
    return ""


def _alive(frame: _Frame, alive: Sequence[int]) -> str:
    points = []
    for step, count in enumerate(alive):
        y = frame.y(count)
        points += [f"{frame.x(step):.1f},{y:.1f}", f"{frame.x(step + 1):.1f},{y:.1f}"]
    return f'<polyline class="alive" points="{" ".join(points)}"><title>bytes alive at each step</title></polyline>'


def _limits(frame: _Frame, plan: LevelPlan) -> list[str]:
    marks = [(plan.peak_bytes, "peak")]
    if plan.capacity_bytes is not None and plan.capacity_bytes <= frame.top_bytes:
        marks.append((plan.capacity_bytes, "capacity"))
    end, parts = frame.x(frame.steps), []
    for count, name in marks:
        y = frame.y(count)
        parts.append(f'<line class="limit" x1="{LEFT}" y1="{y:.1f}" x2="{end:.1f}" y2="{y:.1f}"/>')
        label = f"{name} {count:,}"
        parts.append(f'<text class="limit-name" x="{end:.1f}" y="{y - 4:.1f}" text-anchor="end">{label}</text>')
    return parts


def _legend(buffers: Sequence[Buffer], y: float) -> list[str]:
    parts, x = [], float(LEFT)
    there = {b.holds for b in buffers}
    for kind, name in KINDS.items():
        if kind in there:
            parts.append(f'<rect class="{kind}" x="{x:.1f}" y="{y - 9:.1f}" width="11" height="11" rx="2"/>')
            parts.append(f'<text class="soft" x="{x + 16:.1f}" y="{y:.1f}">{name}</text>')
            x += 34 + len(name) * LETTER
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
        pictures=[svg(placement, steps, title, placement.main.level), *_scratchpad(placement, steps, title)],
        tables=tables,
    )


def _scratchpad(placement: Placement, steps: Sequence[str], title: str) -> list[str]:
    """Draw L1 too, where it is planned beside the level of the activations."""
    there = any(plan.level == "L1" for plan in placement.levels if plan is not placement.main)
    return [svg(placement, steps, f"{title}: L1", "L1")] if there else []
