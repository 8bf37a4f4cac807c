"""`peephole firmware power`: what a visit takes of a battery, and how long the battery lasts."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from peephole.cli.options import JsonOption, LandmarkProgramOption, RecogniserOption
from peephole.cli.output import plain, print_json, print_table
from peephole.cli.programs import load_program

if TYPE_CHECKING:
    from peephole.firmware.power import Battery, Estimate
    from peephole.firmware.power_budget import Figure
    from peephole.firmware.power_cycles import Cycles

LEAST, MOST = 0.001, 1_000_000_000  # of what may not be nothing, and of anything
MOST_MILLIWATTS = 1_000_000
MOST_CHANGES = 6  # that are printed of what would change most


def power(
    events: Annotated[float, typer.Option(min=0, max=MOST, help="Times a day that motion wakes it.")] = 20,
    faces: Annotated[float, typer.Option(min=0, max=1, help="Share of them with a face.")] = 0.5,
    known: Annotated[float, typer.Option(min=0, max=1, help="Share of those that open the door.")] = 0.5,
    battery: Annotated[float, typer.Option(min=LEAST, max=MOST, metavar="MAH", help="Capacity of the battery.")] = 2000,
    volts: Annotated[float, typer.Option(min=LEAST, max=MOST, help="Its voltage.")] = 3.7,
    usable: Annotated[float, typer.Option(min=LEAST, max=1, help="Share of it that can be used.")] = 0.8,
    loss: Annotated[
        float, typer.Option("--loss", min=0, max=1, help="Share of it that is lost by itself in 30 days.")
    ] = 0.03,
    efficiency: Annotated[float, typer.Option(min=LEAST, max=1, help="Of the converter behind it.")] = 0.85,
    fps: Annotated[float, typer.Option(min=LEAST, max=MOST, help="Frames a second, at most.")] = 5,
    face_seconds: Annotated[float, typer.Option(min=0, max=MOST, help="How long a face is there.")] = 6,
    looks: Annotated[
        int | None, typer.Option(min=0, max=1000, show_default="12", help="Of a face that are described, at most.")
    ] = None,
    idle_seconds: Annotated[
        float | None, typer.Option(min=0, max=MOST, show_default="10", help="Without a face until it sleeps.")
    ] = None,
    empty_frame: Annotated[
        float | None,
        typer.Option(
            min=1,
            max=MOST,
            metavar="N",
            show_default="docs/emulator.md",
            help="Instructions of a frame without a face.",
        ),
    ] = None,
    face_frame: Annotated[
        float | None,
        typer.Option(
            min=1,
            max=MOST,
            metavar="N",
            show_default="docs/emulator.md",
            help="Instructions of the detector with a face.",
        ),
    ] = None,
    cpi: Annotated[
        float | None,
        typer.Option(
            "--cpi",
            min=LEAST,
            max=MOST,
            show_default="1.43",
            help="Cycles of one GAP8 core for one of these instructions.",
        ),
    ] = None,
    figure: Annotated[
        list[str] | None,
        typer.Option("--figure", metavar="NAME=MW", help="Another power for a part of the budget; may be repeated."),
    ] = None,
    recogniser: RecogniserOption = None,
    landmarks: LandmarkProgramOption = None,
    json: JsonOption = False,
) -> None:
    """Estimate the energy of a visit on GAP8 by state, and the life of a battery.

    The networks' cycles are predicted by the compiler, the detector's are estimated from instructions on rv32-virt, and
    the powers are from data sheets, from others' boards or assumed; each says which. Nothing was measured on a board.
    """
    from peephole.firmware.power import Battery, Plan, Use, estimate
    from peephole.firmware.power_budget import BUDGET, with_figures

    budget = with_figures(BUDGET, _figures(figure or [], [part.name for part in BUDGET]))
    given = {"looks": looks, "idle_seconds": idle_seconds}
    use = Use(
        events=events,
        faces=faces,
        known=known,
        frames_a_second=fps,
        face_seconds=face_seconds,
        **{name: value for name, value in given.items() if value is not None},  # type: ignore[arg-type]
    )
    cell = Battery(battery, volts, usable, loss, efficiency)
    stages = {"empty_frame_instructions": empty_frame, "face_frame_instructions": face_frame, "an_instruction": cpi}
    cycles = _cycles(recogniser, landmarks, {name: value for name, value in stages.items() if value is not None})
    made = estimate(Plan(cycles, use, cell, budget))
    if json:
        print_json(_record(made))
    else:
        _print(made)


def _figures(texts: Sequence[str], names: Sequence[str]) -> dict[str, float]:
    given: dict[str, float] = {}
    for text in texts:
        name, _, value = (part.strip() for part in text.partition("="))
        what = f"--figure {plain(text)}"
        if name in given:
            raise typer.BadParameter(f"{what}: {name} is given twice")
        try:
            given[name] = float(value)
        except ValueError:
            raise typer.BadParameter(f"{what}: give a name and milliwatts, as camera=60") from None
        if name not in names:
            raise typer.BadParameter(f"{what}: no part has that name; there are {', '.join(names)}")
        if not 0 <= given[name] <= MOST_MILLIWATTS:
            raise typer.BadParameter(f"{what}: give milliwatts from 0 to {MOST_MILLIWATTS:,}")
    return given


def _cycles(recogniser: Path | None, landmarks: Path | None, stages: dict[str, float]) -> "Cycles":
    from peephole.firmware.power_cycles import cycles_of
    from peephole.weights import landmark_program

    return cycles_of(load_program(recogniser), load_program(landmarks or landmark_program()), **stages)


def _print(made: "Estimate") -> None:
    from peephole.firmware.power import changes, inference_energy
    from peephole.firmware.power_budget import State

    face, empty, cell = made.face_energy, made.empty_energy, made.plan.battery
    rows = [
        (
            state.value,
            f"{made.face.loads[state].seconds:.1f}",
            f"{face[state]:,.0f}",
            f"{empty[state]:,.0f}",
            f"{made.loads[state].seconds:,.0f}",
            f"{made.day_energy[state] / 1000:,.1f}",
            f"{cell.charge(made.day_energy[state]):.2f}",
        )
        for state in State
    ]
    sums = [sum(energies.values()) for energies in (face, empty, made.day_energy)]
    sums_told = (f"{sums[0]:,.0f}", f"{sums[1]:,.0f}", "", f"{sums[2] / 1000:,.1f}", f"{made.charge_a_day:.2f}")
    rows.append(("together", f"{made.face.awake_seconds:.1f}", *sums_told))
    print_table(("", "s a visit", "mJ a visit", "mJ without face", "s a day", "J a day", "mAh a day"), rows)
    print()
    print(
        f"{made.average_milliamps:.3f} mA on average, and {cell.loss_a_day:.2f} mAh a day that the battery loses: "
        f"{_days(made.days)}"
    )
    print()
    _print_visit(made)
    print(f"one descriptor: {inference_energy(made.plan):.1f} mJ of GAP8")
    print()
    print_table(("what would change most", "days"), [(w, _number(d)) for w, d in changes(made.plan)[:MOST_CHANGES]])
    print()
    print_table(("part", "mW", "mA", "in", "known by", "source"), [_budget_row(f, cell) for f in made.plan.budget])


def _budget_row(figure: "Figure", cell: "Battery") -> tuple[str, ...]:
    from peephole.firmware.power_budget import During

    when = "" if figure.during is During.ALL else f", {figure.during.value}"
    drawn = f"{figure.milliwatts:g}", f"{cell.milliamps(figure.milliwatts):.3f}"
    return figure.name, *drawn, ", ".join(figure.states) + when, figure.known.value, figure.source


def _print_visit(made: "Estimate") -> None:
    cycles, use, cell = made.plan.cycles, made.plan.use, made.plan.battery
    millions = [f"{count / 1e6:.1f}" for count in (cycles.empty_frame, cycles.face_frame, cycles.look)]
    print(
        f"a visit: {made.face.face_frames} frames with a face and {made.face.empty_frames} without, "
        f"{made.face.looks} looks described; {use.events:g} events a day, {use.faces:.0%} with a face, "
        f"{use.known:.0%} of these open the door"
    )
    print(
        f"million cycles at {cycles.clock_hz / 1e6:g} MHz: a frame without a face {millions[0]} and with one "
        f"{millions[1]} (estimated from instructions), a look {millions[2]} (predicted, but for the cutting)"
    )
    print(
        f"battery: {cell.milliamp_hours:g} mAh at {cell.volts:g} V, {cell.usable:.0%} of it usable, "
        f"{cell.loss_a_month:.0%} lost in 30 days, converter {cell.efficiency:.0%} (assumed)"
    )


def _number(days: float) -> str:
    return f"{days:,.0f}" if math.isfinite(days) else "for ever"


def _days(days: float) -> str:
    return f"{_number(days)} days" if math.isfinite(days) else "for ever"


def _record(made: "Estimate") -> dict[str, Any]:
    from dataclasses import asdict

    from peephole.firmware.power import changes, inference_energy
    from peephole.firmware.power_budget import State

    plan = made.plan
    return {
        "days": made.days if math.isfinite(made.days) else None,
        "average_milliamps": made.average_milliamps,
        "milliamp_hours_a_day": made.charge_a_day,
        "lost_milliamp_hours_a_day": plan.battery.loss_a_day,
        "descriptor_millijoules": inference_energy(plan),
        "states": {
            state.value: {
                "visit_seconds": made.face.loads[state].seconds,
                "visit_millijoules": made.face_energy[state],
                "without_face_millijoules": made.empty_energy[state],
                "day_seconds": made.loads[state].seconds,
                "day_millijoules": made.day_energy[state],
            }
            for state in State
        },
        "visit": {
            "face_frames": made.face.face_frames,
            "empty_frames": made.face.empty_frames,
            "looks": made.face.looks,
        },
        "changes": {what: days if math.isfinite(days) else None for what, days in changes(plan)},
        "use": asdict(plan.use),
        "battery": asdict(plan.battery),
        "cycles": asdict(plan.cycles),
        "budget": [asdict(figure) for figure in plan.budget],
    }
