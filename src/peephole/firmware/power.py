"""Energy of a doorbell on a battery, by state, and how long the battery lasts.

Energy is power by time: each part's power (`power_budget`) by the time that the doorbell is in a state, or that the
cores compute or read in it (`power_cycles`). Everything is an estimate; docs/power.md says what it rests on.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from itertools import chain

from peephole.doorbell.policy import Policy
from peephole.firmware.layout import Room
from peephole.firmware.power_budget import BUDGET, During, Figure, State, with_figures
from peephole.firmware.power_cycles import Cycles

DAY_SECONDS = 86_400
DAYS_A_MONTH = 30
MOST = 1e9  # of anything given
SHARES = ("faces", "known", "usable", "loss_a_month", "efficiency")
POSITIVE = ("frames_a_second", "milliamp_hours", "volts", "usable", "efficiency")


def _check(of: object, what: str) -> None:
    """Refuse numbers that are none. Raises `ValueError`, naming the first."""
    for one in fields(of):  # type: ignore[arg-type]
        value, name = getattr(of, one.name), one.name.replace("_", " ")
        if not 0 <= value <= MOST:
            raise ValueError(f"{what}: {name} must be a number from 0 to {MOST:g}, not {value}")
        if one.name in SHARES and value > 1:
            raise ValueError(f"{what}: {name} must be a share from 0 to 1, not {value}")
        if one.name in POSITIVE and value == 0:
            raise ValueError(f"{what}: {name} must be more than 0")


@dataclass(frozen=True)
class Use:
    """What a doorbell sees in a day, and how it watches.

    events: times a day that motion wakes it. faces: share of them with a face. known: share of those for whom the door
    is opened. frames_a_second: at most; fewer where the detector takes longer. face_seconds: how long a face is there.
    looks: at most so many of it are described. idle_seconds: without a face until it sleeps. wake_seconds: from the
    motion to the first frame. tell_seconds: of radio for a visit. door_seconds: that the door is open.
    """

    events: float = 20
    faces: float = 0.5
    known: float = 0.5
    frames_a_second: float = 5
    face_seconds: float = 6
    looks: int = field(default_factory=lambda: Policy().keep_looks)
    idle_seconds: float = Room().idle_after / 1000
    wake_seconds: float = 0.5
    tell_seconds: float = 2
    door_seconds: float = Room().door_open / 1000

    def __post_init__(self) -> None:
        """Refuse what is no use. Raises `ValueError`."""
        _check(self, "use")


@dataclass(frozen=True)
class Battery:
    """A battery and its converter.

    usable: share of the capacity before it is too empty, cold days included. loss_a_month: share that it loses by
    itself in 30 days. efficiency: of the converter between it and the parts. All but the capacity are assumed.
    """

    milliamp_hours: float = 2000
    volts: float = 3.7
    usable: float = 0.8
    loss_a_month: float = 0.03
    efficiency: float = 0.85

    def __post_init__(self) -> None:
        """Refuse what is no battery. Raises `ValueError`."""
        _check(self, "battery")

    def milliamps(self, milliwatts: float) -> float:
        """Return the current that is drawn for so much power at the parts."""
        return milliwatts / (self.volts * self.efficiency)

    def charge(self, millijoules: float) -> float:
        """Return the milliampere-hours that are drawn for so much energy at the parts."""
        return self.milliamps(millijoules / 3600)

    @property
    def loss_a_day(self) -> float:
        """Milliampere-hours that it loses by itself a day: as many on the last day as on the first."""
        return self.milliamp_hours * self.loss_a_month / DAYS_A_MONTH

    def days(self, charge_a_day: float) -> float:
        """Return how long it lasts at so many milliampere-hours a day; for ever, where it loses nothing either."""
        drawn = charge_a_day + self.loss_a_day
        return self.milliamp_hours * self.usable / drawn if drawn > 0 else math.inf


@dataclass(frozen=True)
class Load:
    """Seconds in a state, and of them those in which the cores compute, and those in which weights come from L3."""

    seconds: float = 0
    computing: float = 0
    reading: float = 0

    def __add__(self, other: "Load") -> "Load":
        """One after the other."""
        return Load(self.seconds + other.seconds, self.computing + other.computing, self.reading + other.reading)

    def __mul__(self, times: float) -> "Load":
        """So many times."""
        return Load(times * self.seconds, times * self.computing, times * self.reading)

    def during(self, which: During) -> float:
        """Return the seconds that a figure counts for."""
        return {During.ALL: self.seconds, During.COMPUTING: self.computing, During.READING: self.reading}[which]


Loads = Mapping[State, Load]
Energies = Mapping[State, float]


@dataclass(frozen=True)
class Visit:
    """What an event takes. frames: with a face and without; looks: faces described; loads: times, asleep left out."""

    face_frames: int
    empty_frames: int
    looks: int
    loads: Loads

    @property
    def awake_seconds(self) -> float:
        """Until it sleeps again; telling and the door go on beside it."""
        return self.loads[State.WATCHING].seconds + self.loads[State.RECOGNISING].seconds


def _frames(seconds: float, each: float) -> int:
    return math.floor(seconds / each + 1e-9)  # 2 s are ten frames of 0.2 s, whatever their binary fractions say


def empty_visit(use: Use, cycles: Cycles) -> Visit:
    """Return an event without a face: it wakes up, looks for one, finds none and sleeps again."""
    computing = cycles.seconds(cycles.empty_frame)
    frames = _frames(use.idle_seconds, max(1 / use.frames_a_second, computing))
    watching = Load(use.wake_seconds + use.idle_seconds, frames * computing)
    return Visit(0, frames, 0, dict.fromkeys(State, Load()) | {State.WATCHING: watching})


def face_visit(use: Use, cycles: Cycles) -> Visit:
    """Return an event with a face.

    While the face is there, the first frames each end in a look, one after the other, until all looks are made or the
    face is gone; frames wait for them. After it the doorbell watches on as in an event without one.
    """
    found, look = cycles.seconds(cycles.face_frame), cycles.seconds(cycles.look)
    period = 1 / use.frames_a_second
    looks = min(use.looks, _frames(use.face_seconds, max(period, found + look)))
    left = max(0.0, use.face_seconds - looks * max(period, found + look))
    frames = looks + _frames(left, max(period, found))
    after = empty_visit(use, cycles)
    watching = Load(use.face_seconds - looks * look, frames * found) + after.loads[State.WATCHING]
    loads = {
        State.ASLEEP: Load(),
        State.WATCHING: watching,
        State.RECOGNISING: Load(looks * look, looks * look, looks * cycles.seconds(cycles.reading)),
        State.TELLING: Load(use.tell_seconds),
        State.DOOR: Load(use.known * use.door_seconds),
    }
    return Visit(frames, after.empty_frames, looks, loads)


def day_loads(use: Use, face: Visit, empty: Visit) -> Loads:
    """Return the times of a day. Raises `ValueError` where the events do not fit into one."""
    with_face, without = use.events * use.faces, use.events * (1 - use.faces)
    loads = {state: face.loads[state] * with_face + empty.loads[state] * without for state in State}
    awake = loads[State.WATCHING].seconds + loads[State.RECOGNISING].seconds
    if awake > DAY_SECONDS:
        raise ValueError(
            f"{use.events:g} events would keep it awake for {awake:,.0f} seconds, and a day has {DAY_SECONDS:,}; "
            "give fewer events, or less time without a face until it sleeps"
        )
    return loads | {State.ASLEEP: Load(DAY_SECONDS - awake)}


def energy(budget: tuple[Figure, ...], loads: Loads) -> Energies:
    """Return the millijoules at the parts, by state: each figure's power by the seconds that it counts for."""
    return {
        state: sum(f.milliwatts * loads[state].during(f.during) for f in budget if state in f.states) for state in State
    }


@dataclass(frozen=True)
class Plan:
    """All that an estimate rests on."""

    cycles: Cycles
    use: Use = field(default_factory=Use)
    battery: Battery = field(default_factory=Battery)
    budget: tuple[Figure, ...] = BUDGET


@dataclass(frozen=True)
class Estimate:
    """What it comes to. Energies are millijoules at the parts, by state; charges are of the battery, in mAh a day."""

    plan: Plan
    face: Visit
    empty: Visit
    loads: Loads
    face_energy: Energies
    empty_energy: Energies
    day_energy: Energies

    @property
    def charge_a_day(self) -> float:
        """What the doorbell draws, the battery's own loss left out."""
        return self.plan.battery.charge(sum(self.day_energy.values()))

    @property
    def average_milliamps(self) -> float:
        """The same as a current."""
        return self.charge_a_day / 24

    @property
    def days(self) -> float:
        """How long the battery lasts."""
        return self.plan.battery.days(self.charge_a_day)


def estimate(plan: Plan) -> Estimate:
    """Return what a plan comes to. Raises `ValueError` where its events do not fit into a day."""
    face, empty = face_visit(plan.use, plan.cycles), empty_visit(plan.use, plan.cycles)
    loads = day_loads(plan.use, face, empty)
    energies = (energy(plan.budget, each) for each in (face.loads, empty.loads, loads))
    return Estimate(plan, face, empty, loads, *energies)


def inference_energy(plan: Plan) -> float:
    """Return the millijoules of one descriptor alone, the cluster's power by its time: the old system's 22 mJ."""
    cluster = next(figure.milliwatts for figure in plan.budget if figure.name == "cluster")
    return cluster * plan.cycles.seconds(plan.cycles.descriptor)


def changes(plan: Plan) -> list[tuple[str, float]]:
    """Return what would change most: one assumption after the other changed alone, and how many days it lasts then.

    The largest change comes first. What cannot be, as more events than a day has time for, is left out.
    """
    use, cycles = plan.use, plan.cycles
    faster = replace(cycles, empty_frame=cycles.empty_frame / 2, face_frame=cycles.face_frame / 2)
    others = [
        ("twice as many events", replace(plan, use=replace(use, events=2 * use.events))),
        (
            "half the time without a face until it sleeps",
            replace(plan, use=replace(use, idle_seconds=use.idle_seconds / 2)),
        ),
        ("half the frames a second", replace(plan, use=replace(use, frames_a_second=use.frames_a_second / 2))),
        ("half the looks", replace(plan, use=replace(use, looks=use.looks // 2))),
        ("a detector of half the instructions", replace(plan, cycles=faster)),
        ("a battery that loses nothing by itself", replace(plan, battery=replace(plan.battery, loss_a_month=0))),
    ]
    doubled = (
        (f"{f.name} draws twice as much", replace(plan, budget=with_figures(plan.budget, {f.name: 2 * f.milliwatts})))
        for f in plan.budget
    )
    days, found = estimate(plan).days, []
    for what, other in chain(others, doubled):
        try:
            found.append((what, estimate(other).days))
        except ValueError:
            continue
    return sorted(found, key=lambda one: -abs(math.log(one[1] / days)) if 0 < one[1] < math.inf else -math.inf)
