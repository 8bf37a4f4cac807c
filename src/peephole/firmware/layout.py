"""Where everything in a device's RAM lies, but for code, variables and the stack, which the linker places."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from peephole.alignment import LANDMARK_WINDOW_DOWN, LANDMARK_WINDOW_SIDE
from peephole.compiler.device import GROUP_BYTES, HIT_BYTES, LOOK_BYTES, PERSON_BYTES, STRANGER_BYTES, Device
from peephole.compiler.memory import MAIN, Buffer, Placement
from peephole.compiler.planner import place
from peephole.doorbell.policy import whole_points
from peephole.firmware.frames import FRAMES_MAGIC
from peephole.fixedpoint.program import IntegerProgram
from peephole.vision.crop import template_q8
from peephole.vision.detector import GLANCE, MIN_DEVIATION, Detector

RAM_BYTES = 512 * 1024

# Of one face after the other, from `turn` on. What a phase leaves is there in the next one only where a buffer says so.
PHASES = ("capture", "detect", "turn", "landmarks", "describe", "decide")

# Structures of csrc/app on a 32-bit machine; the firmware refuses to start where there is too little.
SEEN_BYTES, BOX_BYTES, POINTER_BYTES = 16, 8, 4
LOOK_OF_WALK_BYTES, WALK_BYTES, PORTRAIT_BYTES = 48, 128, 12
PATCH_SIDE, TILT_FACES = 192, 48
SHARPNESS_SCRATCH = 64 * 64
INTRODUCED_LOOKS = 16  # of a person whom the device knows from the start, at most

Scratch = Callable[[Detector, int, int], int]


@dataclass(frozen=True)
class Room:
    """How much a doorbell has room for, beside what `Device` says.

    walks: people in view or out of it for a moment. faces: of one frame. looks: kept of a walk. thumbnail: pixels of a
    stranger's picture, on either side. slot_bytes: of settings, keys and the like, each. door_open, idle_after:
    milliseconds that the door is unlocked for somebody known, and without a face until it sleeps. camera_bytes: of the
    camera's picture, if that is more than the frame which it becomes.
    """

    walks: int = 6
    faces: int = 16
    looks: int = 12
    thumbnail: int = 48
    slot_bytes: int = 256
    door_open: int = 3000
    idle_after: int = 10_000
    camera_bytes: int = 0


@dataclass(frozen=True)
class Layout:
    """A plan of RAM, and the networks that it is for.

    placement: offsets from the start of one block of memory. arenas: bytes of activations, by the network's role.
    """

    device: Device
    placement: Placement
    recogniser: IntegerProgram
    landmarks: IntegerProgram
    arenas: Mapping[str, int]
    detector: Detector = field(default_factory=Detector)
    room: Room = field(default_factory=Room)

    @property
    def memory_bytes(self) -> int:
        """The whole block."""
        return self.placement.peak_bytes

    @property
    def gallery_bytes(self) -> int:
        """Users and strangers."""
        return sum(b.bytes for b in self.placement.buffers if b.holds == "gallery")


def plan_layout(
    recogniser: IntegerProgram,
    landmarks: IntegerProgram,
    arenas: Mapping[str, int],
    stack_bytes: int,
    device: Device | None = None,
    room: Room | None = None,
    scratch_bytes: Scratch = Detector.scratch_bytes,
    table_bytes: int = 0,
) -> Layout:
    """Plan the RAM of a device beside its stack, and what else is in RAM; weights stay in flash.

    arenas: bytes of activations of both emitted programs, by role. scratch_bytes: what the detector takes of RAM for a
    picture of so many rows and columns; table_bytes: of its table, where that is brought to RAM for it. Raises
    `ValueError` with one sentence where it does not fit.
    """
    device, room = device or Device(looks=5), room or Room()
    detector = Detector(min_size=device.smallest_face, glance=GLANCE)
    scratch = partial(scratch_bytes, detector)
    buffers = _buffers(device, room, scratch, recogniser, landmarks, arenas)
    if table_bytes:
        buffers.append(_buffer("table", table_bytes, "detect", "turn", "scratch"))
    placement = place(buffers, RAM_BYTES - stack_bytes, device.alignment, steps=PHASES)
    return Layout(device, placement, recogniser, landmarks, arenas, detector, room)


def gallery_bytes(device: Device, values: int) -> int:
    """Return what `ph_gallery_ram_bytes` says: people and strangers, and their descriptors of so many values."""
    references = device.users * device.references + device.strangers * device.looks
    rows = device.users * PERSON_BYTES + device.strangers * STRANGER_BYTES
    return rows + references * (2 * values + LOOK_BYTES)


def doorbell_bytes(room: Room, owners: int, values: int) -> int:
    """Return what `PH_DOORBELL_RAM_BYTES` says, on a 32-bit machine."""
    pairs = room.looks * (room.looks - 1) // 2
    walk = room.looks * (LOOK_OF_WALK_BYTES + 2 * values) + WALK_BYTES + 2 * POINTER_BYTES
    frame = room.faces * (SEEN_BYTES + BOX_BYTES + 3 * POINTER_BYTES) + 2 * values
    portraits = (room.walks + 1) * (PORTRAIT_BYTES + room.thumbnail**2)
    voting = 8 * (owners + max(owners * room.looks, pairs)) + 8 * room.looks
    return room.walks * walk + frame + portraits + voting + 11 * 8


def _looks_bytes(count: int, values: int) -> int:
    return count * (LOOK_OF_WALK_BYTES + 2 * values)


def _buffers(
    device: Device,
    room: Room,
    scratch: Callable[[int, int], int],
    recogniser: IntegerProgram,
    landmarks: IntegerProgram,
    arenas: Mapping[str, int],
) -> list[Buffer]:
    values, owners = recogniser.descriptor_size, max(device.users, device.strangers)
    crop = max(program.input.height * program.input.width for program in (recogniser, landmarks))
    joining = device.hits * GROUP_BYTES
    small = max(scratch(PATCH_SIDE, PATCH_SIDE), joining)
    small += -small % device.alignment
    tilt = PATCH_SIDE**2 + TILT_FACES * (HIT_BYTES + SEEN_BYTES)
    search = max(scratch(device.height, device.width), small + tilt)
    # Looks that come over the line are put into `serial`, those at the door or introduced into `recogniser`.
    serial = max(device.serial_bytes, _looks_bytes(device.references, values))
    describing = max(arenas["recogniser"], _looks_bytes(max(room.looks, INTRODUCED_LOOKS), values))
    return [
        _buffer("gallery", gallery_bytes(device, values), "capture", "decide", "gallery"),
        _buffer("doorbell", doorbell_bytes(room, owners, values), "capture", "decide", "visits"),
        _buffer("serial", serial, "capture", "decide", "serial"),
        _buffer("frame", max(device.width * device.height, room.camera_bytes), "capture", "decide", "image"),
        _buffer("faces", room.faces * HIT_BYTES, "detect", "decide", "faces"),
        _buffer("hits", device.hits * HIT_BYTES, "detect", "turn", "scratch"),
        _buffer("detector scratch", search, "detect", "turn", "scratch"),
        # What the detector leaves free when it looks at a turned copy, which is smaller than a frame.
        replace(_buffer("tilt", tilt, "turn", "turn", "scratch"), alias_of="detector scratch", alias_offset=small),
        _buffer("crop", crop + SHARPNESS_SCRATCH, "landmarks", "describe", "image"),
        _buffer("landmarks", arenas["landmarks"], "landmarks", "landmarks", "network"),
        _buffer("recogniser", describing, "describe", "describe", "network"),
    ]


def _buffer(name: str, count: int, first: str, last: str, holds: str) -> Buffer:
    return Buffer(name, MAIN, count, PHASES.index(first), PHASES.index(last), holds=holds)


def memory_header(layout: Layout, more: Mapping[str, int] | None = None) -> str:
    """Return device_memory.h: sizes, offsets in the one block of memory, the search for faces, and where faces aim.

    more: numbers of one target alone, by their names in C without `DEVICE_`.
    """
    told = _numbers(layout) | dict(more or {})
    numbers = "\n".join(f"#define DEVICE_{name} {value}" for name, value in told.items())
    places = "\n".join(_place(buffer) for buffer in layout.placement.buffers)
    second = template_q8(layout.landmarks.input.height, LANDMARK_WINDOW_SIDE, LANDMARK_WINDOW_DOWN)
    aligned = template_q8(layout.recogniser.input.height)
    program = layout.recogniser
    rates, distances = whole_points(program.thresholds(program.crop))
    points = [f"{{{rate}u, {distance}u}}" for rate, distance in zip(rates.tolist(), distances.tolist(), strict=True)]
    return f"""\
/* What this device is built for, and its plan of RAM. Written by `peephole firmware build`. */
#ifndef DEVICE_MEMORY_H
#define DEVICE_MEMORY_H

/* Faces in pixels, SCALE and GLANCE_SCALE in Q16, AWAY and TIMES in Q8, MIN_DEVIATION in grey levels, fraction bits of
   half sides of the window, DOOR_OPEN and IDLE_AFTER in milliseconds; OWNERS: people or strangers, whichever are more.
 */
{numbers}

/* In the one block of memory: where each part begins, its bytes, and while it is in use. */
{places}

/* Where five points lie in the second look of the landmark network, and in an aligned crop: [5,2] Q8 pixels. */
#define DEVICE_LANDMARK_TEMPLATE {_braced(second.reshape(-1).tolist())}
#define DEVICE_FACE_TEMPLATE {_braced(aligned.reshape(-1).tolist())}

/* Which share (1e-9) of pairs of different people is nearer than a squared distance; whose descriptors these are. */
#define DEVICE_CALIBRATION {_braced(points)}
#define DEVICE_MODEL 0x{_model_number(layout.recogniser)}u

#endif
"""


def _numbers(layout: Layout) -> dict[str, int]:
    device, room, search = layout.device, layout.room, layout.detector.search
    return {
        "FRAMES_MAGIC": FRAMES_MAGIC,
        "FRAME_WIDTH": device.width,
        "FRAME_HEIGHT": device.height,
        "MOST_FACES": room.faces,
        "WALKS": room.walks,
        "WALK_LOOKS": room.looks,
        "OWNERS": max(device.users, device.strangers),
        "THUMBNAIL": room.thumbnail,
        "SLOT_BYTES": room.slot_bytes,
        "INTRODUCED_LOOKS": INTRODUCED_LOOKS,
        "DOOR_OPEN": room.door_open,
        "IDLE_AFTER": room.idle_after,
        "MOST_HITS": device.hits,
        "SMALLEST_FACE": search.min_size,
        "LARGEST_FACE": search.max_size,
        "SCALE": search.scale,
        "MIN_DEVIATION": MIN_DEVIATION,
        "MIN_NEIGHBOURS": search.min_neighbours,
        "GLANCE_SIZE": search.glance_size,
        "GLANCE_SCALE": search.glance_scale,
        "AWAY": search.away,
        "TIMES": search.times,
        "LANDMARK_FRAC_BITS": layout.landmarks.tensor(layout.landmarks.output).frac_bits,
        "ALIGNED": int(layout.recogniser.crop == "aligned"),
        "PEOPLE": device.users,
        "REFERENCES": device.references,
        "STRANGERS": device.strangers,
        "STRANGER_LOOKS": device.looks,
        "MEMORY_BYTES": layout.memory_bytes,
    }


def _place(buffer: Buffer) -> str:
    name = "DEVICE_" + buffer.name.upper().replace(" ", "_")
    phases = f"{PHASES[buffer.first_use]} to {PHASES[buffer.last_use]}"
    return f"#define {name}_AT {buffer.offset} /* {phases} */\n#define {name}_BYTES {buffer.bytes}"


def _model_number(program: IntegerProgram) -> str:
    """The first 32 bits of a model's id, in hexadecimal digits: that is what a device goes by."""
    return program.model_id[:8]


def _braced(values: Sequence[object]) -> str:
    return f"{{{', '.join(map(str, values))}}}"
