"""What somebody who is introduced at the camera is asked to do next, from what is measured of one frame."""

from dataclasses import dataclass
from typing import Literal

from peephole.doorbell.policy import Policy

Turn = Literal["straight", "left", "right", "up", "down"]

TURNS: dict[Turn, str] = {
    "straight": "Look straight into the camera.",
    "left": "Turn your head a little to your left.",
    "right": "Turn your head a little to your right.",
    "up": "Lift your chin a little.",
    "down": "Lower your chin a little.",
}
"""The looks that are wanted, in the order in which they are asked for."""

FRONTAL = 15.0
"""Degrees aside up to which a face counts as looking straight."""
ASIDE = 13.0
"""Degrees beside the first look from which a face counts as turned."""
TILTED = 9.0
"""Degrees above or below the first look from which a chin counts as lifted or lowered."""
DARK = 60
"""Mean grey level under which a face that stands out too little is said to be in the dark."""


@dataclass(frozen=True)
class Measured:
    """One frame, as far as guidance needs it.

    Attributes:
        faces: Faces that might be meant: the largest, and whoever is more than half as large.
        width: Width of the largest in pixels of the frame.
        fault: Why a look at it is of no use (`quality.FAULTS`); empty where it is of use.
        brightness: Mean grey level of the face.
        yaw: Degrees by which it is turned to the right of the picture, which is the person's left.
        pitch: Degrees by which the chin is lifted.
    """

    faces: int
    width: int = 0
    fault: str = ""
    brightness: int = 128
    yaw: float = 0.0
    pitch: float = 0.0


@dataclass(frozen=True)
class Instruction:
    """One thing to do. slug: for programs. turn: the wanted look that this frame shows, to be kept; None: none."""

    slug: str
    text: str
    turn: Turn | None = None


NOBODY = Instruction("nobody", "Step in front of the camera.")
_CROWD = Instruction("crowd", "One at a time, please: there is more than one face.")
_FAR = Instruction("far", "Come nearer.")
_DARK = Instruction("dark", "It is too dark. Put on a light, or step into the light.")
_FAULTS = {
    "too_small": _FAR,
    "blurred": Instruction("blurred", "Hold still."),
    "flat": Instruction("flat", "The face hardly stands out. Keep the light in front of you, not behind."),
    "glaring": Instruction("glaring", "The light on the face is too hard. Step out of it."),
    "turned": Instruction("turned", "That is too far. Turn back a little."),
    "unaligned": Instruction("unaligned", "Look into the camera, with eyes, nose and mouth uncovered."),
}
COMPLETE = Instruction("complete", "Thank you, that is all. Save the looks below.")


def guide(seen: Measured, wanted: tuple[Turn, ...], first: Measured | None, policy: Policy) -> Instruction:
    """Return what to do about one frame.

    wanted: looks that are missing, in the order of TURNS. first: what was measured of the first look that was kept;
    whether a head is turned is told beside it, for no camera hangs exactly before a face. None: there is none yet.
    """
    if not wanted:
        return COMPLETE
    if seen.faces == 0:
        return NOBODY
    if seen.faces > 1:
        return _CROWD
    if seen.width < nearest_width(policy):
        return _FAR
    if seen.fault:
        dark = seen.fault == "flat" and seen.brightness < DARK
        return _DARK if dark else _FAULTS.get(seen.fault, _FAULTS["unaligned"])
    turn = turn_of(seen, first)
    if turn in wanted:
        return Instruction("kept", "Good.", turn)
    return Instruction(wanted[0], TURNS[wanted[0]])


def turn_of(seen: Measured, first: Measured | None) -> Turn | None:
    """Return which of the wanted looks a face shows; None where it is between two of them."""
    if first is None:
        return "straight" if abs(seen.yaw) <= FRONTAL else None
    yaw, pitch = seen.yaw - first.yaw, seen.pitch - first.pitch
    if abs(yaw) >= ASIDE:
        return "left" if yaw > 0 else "right"
    if abs(pitch) >= TILTED:
        return "up" if pitch > 0 else "down"
    return "straight"


def nearest_width(policy: Policy) -> int:
    """Return how wide a face has to be to be introduced by, in pixels: half as much again as to be recognised."""
    return policy.min_width * 3 // 2
