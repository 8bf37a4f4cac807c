"""The memory of the whole device while it looks at one frame, planned as one: what is over makes room for what comes.

The frame is needed until the faces are cut out of it; then its memory, and the detector's, becomes the network's. A
network is one buffer here, with its own plan of activations and of the weights at hand inside.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property

from peephole.compiler.memory import ACTIVATIONS, MAIN, STORED, Buffer, Memory, Placement
from peephole.compiler.planner import place, place_arena
from peephole.compiler.schedule import IMAGE, WEIGHTS, Passes, lower
from peephole.fixedpoint.program import LANDMARKS, RECOGNISE, IntegerProgram
from peephole.vision.cascade_table import load_cascade
from peephole.vision.detector import SMALLEST_FACE, Detector

NETWORK = "network"
PHASES = ("capture", "detect", "group", "cut", "landmarks", "warp", "describe", "match")
STEP = {phase: step for step, phase in enumerate(PHASES)}

# The structures of csrc/include/peephole/cascade.h and csrc/kernels/cascade_group.c, and those of csrc/app/gallery.h.
HIT_BYTES = 12
GROUP_BYTES = 44  # for a hit that is to be grouped
POINTS_BYTES = 5 * 2 * 4
PERSON_BYTES = 64
STRANGER_BYTES = 32
LOOK_BYTES = 16 + 2  # beside a descriptor: time, quality and source; whose
DISTANCE_BYTES = 8


@dataclass(frozen=True)
class Device:
    """What the device is built for, in counts and bytes.

    faces: cut out of one frame at most. references: descriptors a user; looks: descriptors a stranger. hits: windows
    that the detector may report. Those that end in `_estimate` are no sums of parts: code, with constants other
    than the cascade's and the weights (which stay in L3), and the stacks' depth; docs/emulator.md has those of a linked
    image. alignment suits every scratch.
    """

    width: int = 320
    height: int = 240
    faces: int = 2
    users: int = 20
    references: int = 5
    strangers: int = 20
    looks: int = 3
    smallest_face: int = SMALLEST_FACE
    hits: int = 1024
    serial_bytes: int = 4096
    stacks_bytes_estimate: int = 16 * 1024
    code_and_constants_bytes_estimate: int = 100 * 1024  # the firmware for RV32, without the cascade
    alignment: int = 16

    def __post_init__(self) -> None:
        """Refuse counts that are none. Raises `ValueError`."""
        for field in fields(self):
            if getattr(self, field.name) < 1:
                raise ValueError(f"a device's {field.name} must be at least 1, not {getattr(self, field.name)}")


@dataclass(frozen=True)
class DevicePlan:
    """The plan of a device over the steps `PHASES`. networks: the plan inside each network's buffer, by its name."""

    placement: Placement
    networks: Mapping[str, Placement]
    device: Device

    @cached_property
    def arena_bytes(self) -> int:
        """What the recogniser's activations take."""
        return self.networks["recogniser"].extent(ACTIVATIONS)


def plan_device(
    recogniser: IntegerProgram,
    landmarks: IntegerProgram,
    device: Device | None = None,
    capacity: Memory | int | None = None,
    passes: Passes | None = None,
) -> DevicePlan:
    """Plan the memory of a device that describes faces by `recogniser`, aligned by `landmarks`.

    passes: of both networks; all, where none are given.
    Raises `ValueError` where it does not fit, see `planner.place`, and for programs of another task.
    """
    recogniser.expect_task(RECOGNISE)
    landmarks.expect_task(LANDMARKS)
    device = device or Device()
    given = {"recogniser": recogniser, "landmarks": landmarks}
    networks = {role: _plan_inside(program, passes) for role, program in given.items()}
    peaks = {name: plan.peak_bytes for name, plan in networks.items()}
    buffers = [
        *_resident(device, recogniser.descriptor_size),
        *_detector(device),
        *_faces(device, recogniser, landmarks, peaks),
        *_stored(recogniser, landmarks),
    ]
    return DevicePlan(place(buffers, capacity, device.alignment, steps=PHASES), networks, device)


def _plan_inside(program: IntegerProgram, passes: Passes | None) -> Placement:
    """Plan what a network needs of L2 while it runs, but for its image, which is a buffer of the device."""
    alone = [b for b in lower(program, passes).buffers if b.level == MAIN and b.holds != IMAGE]
    return place_arena(alone)


def _buffer(name: str, count: int, first: str, last: str, holds: str) -> Buffer:
    return Buffer(name, MAIN, count, STEP[first], STEP[last], holds=holds)


def _resident(device: Device, values: int) -> list[Buffer]:
    """What stays from the first phase to the last. values: of a descriptor, 16 bits each."""
    table = load_cascade()
    cascade = sum(getattr(table, field.name).nbytes for field in fields(table))
    look = 2 * values + LOOK_BYTES
    sizes = {
        "code and constants (estimate)": (device.code_and_constants_bytes_estimate, "code"),
        "cascade table": (cascade, "code"),
        "stacks (estimate)": (device.stacks_bytes_estimate, "stacks"),
        "serial buffers": (device.serial_bytes, "serial"),
        "users": (device.users * (PERSON_BYTES + device.references * look), "gallery"),
        "strangers": (device.strangers * (STRANGER_BYTES + device.looks * look), "gallery"),
    }
    return [_buffer(name, count, PHASES[0], PHASES[-1], holds) for name, (count, holds) in sizes.items()]


def _detector(device: Device) -> list[Buffer]:
    scratch = Detector(min_size=device.smallest_face).scratch_bytes(device.height, device.width)
    if scratch == 0:
        raise ValueError(
            f"no face of {device.smallest_face} pixels fits into a frame of {device.width}x{device.height}; "
            "give a larger frame or look for smaller faces"
        )
    return [
        _buffer("frame", device.width * device.height, "capture", "warp", "image"),
        _buffer("detector scratch", scratch, "detect", "detect", "scratch"),
        _buffer("hits", device.hits * HIT_BYTES, "detect", "cut", "faces"),
        _buffer("grouping scratch", device.hits * GROUP_BYTES, "group", "group", "scratch"),
    ]


def _faces(
    device: Device, recogniser: IntegerProgram, landmarks: IntegerProgram, peaks: Mapping[str, int]
) -> list[Buffer]:
    """What belongs to the faces of a frame: one after the other up to `warp`, and then one after the other again."""
    values, n = 2 * recogniser.descriptor_size, device.faces
    references = device.users * device.references + device.strangers * device.looks
    window, face = landmarks.input, recogniser.input
    return [
        _buffer("landmark window", window.height * window.width, "cut", "landmarks", "image"),
        _buffer("landmarks", peaks["landmarks"], "landmarks", "landmarks", NETWORK),
        _buffer("points", n * POINTS_BYTES, "landmarks", "warp", "faces"),
        _buffer("faces", n * face.height * face.width, "warp", "describe", "image"),
        _buffer("recogniser", peaks["recogniser"], "describe", "describe", NETWORK),
        _buffer("descriptors", n * values, "describe", "match", "faces"),
        _buffer("distances", references * DISTANCE_BYTES, "match", "match", "scratch"),
    ]


def _stored(recogniser: IntegerProgram, landmarks: IntegerProgram) -> list[Buffer]:
    stored = []
    for role, program in (("recogniser", recogniser), ("landmarks", landmarks)):
        count = sum(b.bytes for b in lower(program).buffers if b.level == STORED)
        stored.append(Buffer(f"{role} weights", STORED, count, 0, len(PHASES) - 1, holds=WEIGHTS))
    return stored
