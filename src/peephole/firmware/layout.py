"""Where everything in a device's RAM lies: the plan of the whole device, less what the linker places, as a C header."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from peephole.alignment import LANDMARK_WINDOW_DOWN, LANDMARK_WINDOW_SIDE
from peephole.compiler.device import PHASES, STEP, Device, plan_device
from peephole.compiler.memory import MAIN, Buffer, Placement
from peephole.compiler.planner import place
from peephole.firmware.frames import FRAMES_MAGIC
from peephole.fixedpoint.program import IntegerProgram
from peephole.vision.crop import template_q8
from peephole.vision.detector import MIN_DEVIATION, Detector

RAM_BYTES = 512 * 1024
# What the linker places, and does not have to guess: code and tables lie in flash, the stack at the lower end of RAM.
LINKED = ("code", "stacks")
# What is read for longer than the plan of the device says: faces are cut one after the other, and told at the end.
READ_LATER = {"hits": "match", "points": "match", "frame": "match"}
RESIDENT = ("gallery", "serial")


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

    @property
    def memory_bytes(self) -> int:
        """The whole block."""
        return self.placement.peak_bytes

    @property
    def gallery_bytes(self) -> int:
        """Users and strangers."""
        return sum(b.bytes for b in self.placement.buffers if b.holds == "gallery")

    @property
    def resident_bytes(self) -> int:
        """What stays all the time: the galleries, and what is sent and received."""
        return sum(b.bytes for b in self.placement.buffers if b.holds in RESIDENT)


def plan_layout(
    recogniser: IntegerProgram,
    landmarks: IntegerProgram,
    arenas: Mapping[str, int],
    stack_bytes: int,
    device: Device | None = None,
) -> Layout:
    """Plan the RAM of a device beside its stack; weights stay in flash.

    arenas: bytes of activations of both emitted programs, by role. Raises `ValueError` with one sentence where it does
    not fit.
    """
    device = device or Device(stacks_bytes_estimate=stack_bytes)
    whole = plan_device(recogniser, landmarks, device)
    ours = [
        replace(
            b,
            offset=None,
            bytes=arenas.get(b.name, b.bytes),
            last_use=STEP[READ_LATER.get(b.name, PHASES[b.last_use])],
        )
        for b in whole.placement.buffers
        if b.level == MAIN and b.holds not in LINKED
    ]
    placement = place(ours, RAM_BYTES - stack_bytes, device.alignment, steps=PHASES)
    return Layout(device, placement, recogniser, landmarks, arenas)


def memory_header(layout: Layout) -> str:
    """Return device_memory.h: sizes, offsets in the one block of memory, the search for faces, and where faces aim."""
    device, detector = layout.device, Detector(min_size=layout.device.smallest_face)
    search = detector.search
    points = layout.landmarks.tensor(layout.landmarks.output)
    numbers: Mapping[str, tuple[int, str]] = {
        "FRAME_WIDTH": (device.width, "pixels"),
        "FRAME_HEIGHT": (device.height, ""),
        "FRAMES_MAGIC": (FRAMES_MAGIC, "how frames.bin begins"),
        "FACES": (device.faces, "of one frame that are looked at"),
        "HITS": (device.hits, "windows that the detector may report"),
        "SMALLEST_FACE": (search.min_size, "pixels"),
        "LARGEST_FACE": (search.max_size, ""),
        "SCALE": (search.scale, "Q16"),
        "MIN_DEVIATION": (MIN_DEVIATION, "grey levels"),
        "MIN_NEIGHBOURS": (search.min_neighbours, ""),
        "LANDMARKS_FRAC_BITS": (points.frac_bits, "of a point, in half sides of the window"),
        "MEMORY_BYTES": (layout.memory_bytes, "the one block in which everything below lies"),
    }
    lines = [
        "/* What this device is built for, and its plan of RAM. Written by `peephole firmware build`. */",
        "#ifndef DEVICE_MEMORY_H",
        "#define DEVICE_MEMORY_H",
        "",
        "#include <stdint.h>",
        "",
        *(_define(name, value, told) for name, (value, told) in numbers.items()),
        "",
        *(_place(buffer) for buffer in layout.placement.buffers),
        "",
        *_points(
            "device_landmark_template",
            template_q8(layout.landmarks.input.height, LANDMARK_WINDOW_SIDE, LANDMARK_WINDOW_DOWN).reshape(-1).tolist(),
        ),
        *_points("device_face_template", template_q8(layout.recogniser.input.height).reshape(-1).tolist()),
        "",
        "#endif",
    ]
    return "\n".join(lines) + "\n"


def _define(name: str, value: int, told: str) -> str:
    return f"#define DEVICE_{name} {value}" + (f" /* {told} */" if told else "")


def _place(buffer: Buffer) -> str:
    name = buffer.name.upper().replace(" ", "_")
    phases = f"{PHASES[buffer.first_use]} to {PHASES[buffer.last_use]}"
    return f"#define DEVICE_{name}_AT {buffer.offset} /* {buffer.bytes} bytes, {phases} */"


def _points(name: str, values: list[int]) -> list[str]:
    return [f"static const int32_t {name}[{len(values)}] = {{{', '.join(map(str, values))}}}; /* [5,2] Q8 pixels */"]
