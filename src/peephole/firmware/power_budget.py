"""What each part of a doorbell with GAP8 draws in each of its states, with where every figure comes from.

None of these figures was measured by this project, which had no board. They are of parts as on the old system's
boards, and of a motion sensor beside them, which those lacked.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

MOST = 1e6  # milliwatts


class State(StrEnum):
    """What a doorbell does: csrc/app/doorbell.h, with its watching told apart by what it is watched for.

    Asleep is `PH_IDLE`. Watching and recognising are both `PH_WATCHING`: frames with the detector, and describing a
    face. Telling the owner and holding the door open go on beside them: they take no time of their own.
    """

    ASLEEP = "asleep"
    WATCHING = "watching"
    RECOGNISING = "recognising"
    TELLING = "telling"
    DOOR = "door"


class During(StrEnum):
    """For which part of a state's time a part draws its power."""

    ALL = "all the time"
    COMPUTING = "while the cores compute"
    READING = "while weights come from L3"


class Known(StrEnum):
    """How a figure is known. Measured: by others, on their boards. Given: by whoever runs the calculation."""

    MEASURED = "measured"
    DATA_SHEET = "data sheet"
    VENDOR = "vendor"
    ASSUMED = "assumed"
    GIVEN = "given"


@dataclass(frozen=True)
class Figure:
    """What one part draws, in milliwatts at the part, in each of some states."""

    name: str
    states: tuple[State, ...]
    milliwatts: float
    known: Known
    source: str
    during: During = During.ALL

    def __post_init__(self) -> None:
        """Refuse a power that is none. Raises `ValueError`."""
        if not 0 <= self.milliwatts <= MOST:
            raise ValueError(f"figure {self.name}: give milliwatts from 0 to {MOST:g}, not {self.milliwatts}")


# Asleep is also what never stops: the sensor and the supply draw their current whatever else goes on.
ALWAYS = (State.ASLEEP, State.WATCHING, State.RECOGNISING)
AWAKE = (State.WATCHING, State.RECOGNISING)

BUDGET = (
    Figure(
        "motion-sensor",
        ALWAYS,
        0.018,
        Known.DATA_SHEET,
        "Panasonic EKMB: 6 uA in standby at 3 V (there are 1 and 2 uA)",
    ),
    Figure(
        "board",
        ALWAYS,
        0.0333,
        Known.VENDOR,
        "GAPoC B's documentation as quoted in gap_sdk #287: 9 uA at 3.7 V, GAP8 off; measured there without its "
        "companion chip: about 5 mA",
    ),
    Figure("radio-asleep", ALWAYS, 0.015, Known.MEASURED, "nRF52832: 1.6 to 5 uA at 3 V (vilimpoc.org, 2017)"),
    Figure(
        "memory-asleep",
        ALWAYS,
        0.036,
        Known.DATA_SHEET,
        "HyperRAM S27KS0641 in deep power-down: at most 20 uA at 1.8 V and 105 C",
    ),
    Figure("memory-standby", AWAKE, 0.54, Known.DATA_SHEET, "HyperRAM S27KS0641: at most 300 uA at 1.8 V and 105 C"),
    Figure("camera", AWAKE, 2.0, Known.VENDOR, "Himax HM01B0: 1 to 2 mW, second-hand (element14, 2021)"),
    Figure("fabric", AWAKE, 10.0, Known.ASSUMED, "GAP8 awake with its cluster off: no figure found"),
    Figure(
        "cluster",
        AWAKE,
        100.0,
        Known.VENDOR,
        "all of GAP8 at most: around 100 mW, its maker in gap_sdk #398",
        During.COMPUTING,
    ),
    Figure(
        "memory-reading",
        (State.RECOGNISING,),
        108.0,
        Known.DATA_SHEET,
        "HyperRAM S27KS0641 in a burst: at most 60 mA at 1.8 V and 166 MHz",
        During.READING,
    ),
    Figure("radio", (State.TELLING,), 27.6, Known.DATA_SHEET, "nRF52832 with core and radio at work: 9.2 mA at 3 V"),
    Figure(
        "door-output",
        (State.DOOR,),
        33.0,
        Known.ASSUMED,
        "10 mA at 3.3 V into a relay driver; the strike has a supply of its own",
    ),
)


def with_figures(budget: tuple[Figure, ...], given: Mapping[str, float]) -> tuple[Figure, ...]:
    """Return the budget with other powers, in milliwatts by name. Raises `ValueError` for unknown names."""
    names = [figure.name for figure in budget]
    for name in given:
        if name not in names:
            raise ValueError(f"no figure is named {name}; there are {', '.join(names)}")
    return tuple(
        replace(figure, milliwatts=given[figure.name], known=Known.GIVEN, source="given for this calculation")
        if figure.name in given
        else figure
        for figure in budget
    )
