"""How long GAP8's cluster works on a frame and on a face: predicted for the networks, estimated for the rest."""

from dataclasses import dataclass, fields

from peephole.compiler.cost import Target
from peephole.compiler.schedule import lower
from peephole.compiler.tiled_schedule import tile
from peephole.fixedpoint.program import LANDMARKS, RECOGNISE, IntegerProgram

L1_BYTES = 64 * 1024
MOST = 1e12  # of anything counted here
LANDMARK_LOOKS = 2  # at a face, each one after the first by the points of the one before

# Counted on rv32-virt, at most, see docs/emulator.md. No figure of GAP8 is known for these.
EMPTY_FRAME_INSTRUCTIONS = 11_821_034
FACE_FRAME_INSTRUCTIONS = 85_446_454
CUTTING_INSTRUCTIONS = 2_402_634

# A dot product of 2,048 values in plain C has 14,355 instructions. On a cycle-approximate simulator of GAP8 it takes
# 20,524 cycles on one core: loads are waited for, and so are branches that are taken. On eight cores it takes 2,628.
CYCLES_AN_INSTRUCTION = 20_524 / 14_355
SPEED_UP = 20_524 / 2_628


@dataclass(frozen=True)
class Cycles:
    """Cycles of the cluster, all cores at work.

    empty_frame, face_frame: of the detector, in a frame without a face and with one. cutting: of a face, with judging
    it. landmarks, descriptor: of a face. reading: of those two, the cycles in which weights come from L3.
    """

    empty_frame: float
    face_frame: float
    cutting: float
    landmarks: float
    descriptor: float
    reading: float
    clock_hz: float = 175e6

    def __post_init__(self) -> None:
        """Refuse counts that are none. Raises `ValueError`."""
        for field in fields(self):
            value = getattr(self, field.name)
            if not 0 <= value <= MOST**2 or (field.name == "clock_hz" and value == 0):
                raise ValueError(f"cycles of {field.name.replace('_', ' ')}: {value} is no count of them")

    @property
    def look(self) -> float:
        """Of a face that is looked at: cut, aligned and described."""
        return self.cutting + self.landmarks + self.descriptor

    def seconds(self, cycles: float) -> float:
        """Return the time of so many cycles."""
        return cycles / self.clock_hz


def estimated_cycles(instructions: float, an_instruction: float = CYCLES_AN_INSTRUCTION) -> float:
    """Estimate the cycles of the cluster for a stage of which only the instructions on rv32-virt are known.

    an_instruction: cycles that one core takes for one of them. The cores are taken to share the work as well as they
    share a dot product. That is a rule from one loop: no stage that it is used for was measured on GAP8. Raises
    `ValueError` for numbers that are none.
    """
    for what, value in (("instructions of a stage", instructions), ("cycles of an instruction", an_instruction)):
        if not 0 <= value <= MOST:
            raise ValueError(f"{what} must be a number from 0 to {MOST:g}, not {value}")
    return instructions * an_instruction / SPEED_UP


def cycles_of(
    recogniser: IntegerProgram,
    landmarks: IntegerProgram,
    empty_frame_instructions: float = EMPTY_FRAME_INSTRUCTIONS,
    face_frame_instructions: float = FACE_FRAME_INSTRUCTIONS,
    an_instruction: float = CYCLES_AN_INSTRUCTION,
) -> Cycles:
    """Return the cycles of a doorbell with these networks, as the compiler's cost model predicts them for GAP8.

    Raises `ValueError` for programs of another task, or that do not fit into L1.
    """
    recogniser.expect_task(RECOGNISE)
    landmarks.expect_task(LANDMARKS)
    target = Target()
    describe, find = (tile(lower(program), L1_BYTES).cost for program in (recogniser, landmarks))
    return Cycles(
        empty_frame=estimated_cycles(empty_frame_instructions, an_instruction),
        face_frame=estimated_cycles(face_frame_instructions, an_instruction),
        cutting=estimated_cycles(CUTTING_INSTRUCTIONS, an_instruction),
        landmarks=LANDMARK_LOOKS * find.cycles,
        descriptor=describe.cycles,
        reading=LANDMARK_LOOKS * find.stored + describe.stored,
        clock_hz=target.clock_hz,
    )
