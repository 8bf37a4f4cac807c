"""The plan of the whole device: everything has its place in 512 KiB, and the frame's memory is used twice."""

import dataclasses

import pytest

from peephole import _core
from peephole.compiler.device import PHASES, STEP, Device, DevicePlan, plan_device
from peephole.compiler.memory import Memory, check_placement
from peephole.compiler.tables import alive_bytes, phase_table
from peephole.fixedpoint.program import IntegerProgram
from peephole.vision.cascade_table import load_cascade
from peephole.vision.detector import Detector
from peephole.weights import default_program, landmark_program

L2 = Memory(l2=512 * 1024)


@pytest.fixture(scope="module")
def programs() -> tuple[IntegerProgram, IntegerProgram]:
    return IntegerProgram.load(default_program()), IntegerProgram.load(landmark_program())


@pytest.fixture(scope="module")
def plan(programs: tuple[IntegerProgram, IntegerProgram]) -> DevicePlan:
    return plan_device(*programs, capacity=L2)


def test_twenty_users_and_twenty_strangers_fit_into_512_kib(plan: DevicePlan) -> None:
    assert (plan.device.users, plan.device.strangers) == (20, 20)
    assert plan.placement.peak_bytes <= 512 * 1024
    assert plan.placement.peak_bytes == plan.placement.lower_bound_bytes
    check_placement(plan.placement.buffers, plan.device.alignment, L2)


def test_everything_has_its_true_size(plan: DevicePlan, programs: tuple[IntegerProgram, IntegerProgram]) -> None:
    size = {b.name: b.bytes for b in plan.placement.buffers}
    assert size["frame"] == 320 * 240
    assert size["detector scratch"] == Detector(min_size=40).scratch_bytes(240, 320)
    assert size["cascade table"] == sum(array.nbytes for array in vars(load_cascade()).values())
    assert size["users"] == 20 * (64 + 5 * (2 * 128 + 18))
    assert size["strangers"] == 20 * (32 + 3 * (2 * 128 + 18))
    # The same as the C code says, see csrc/app/gallery.h; thumbnails and settings take no RAM.
    assert size["users"] + size["strangers"] == _core.gallery_ram_bytes((128, 20, 5, 20, 3, 0, 32))
    side = programs[0].input.height
    assert size["faces"] == 2 * side * side
    assert size["distances"] == 8 * (20 * 5 + 20 * 3)
    assert size["recogniser"] == plan.networks["recogniser"].peak_bytes >= plan.arena_bytes


def test_what_stays_lies_below_what_comes_and_goes(plan: DevicePlan) -> None:
    stays = [b for b in plan.placement.buffers if b.level == "L2" and b.last_use - b.first_use == len(PHASES) - 1]
    assert {b.name for b in stays} >= {"users", "strangers", "stacks (estimate)", "code and constants (estimate)"}
    above = min(plan.placement.offset(b.name) for b in plan.placement.buffers if b.level == "L2" and b not in stays)
    assert max(plan.placement.offset(b.name) + b.bytes for b in stays) <= above


def test_the_frame_s_memory_becomes_the_network_s(programs: tuple[IntegerProgram, IntegerProgram]) -> None:
    built = Device(smallest_face=80, width=640, height=480)  # a frame that would never fit beside the rest
    plan = plan_device(*programs, device=built)
    frame, network = (next(b for b in plan.placement.buffers if b.name == name) for name in ("frame", "recogniser"))
    assert frame.last_use < network.first_use == STEP["describe"]
    start = plan.placement.offset("frame")
    assert plan.placement.offset("recogniser") < start + frame.bytes
    apart = sum(b.bytes for b in plan.placement.buffers if b.level == "L2")
    assert plan.placement.peak_bytes < apart - network.bytes


def test_phases_are_told_with_what_is_alive(plan: DevicePlan) -> None:
    table = phase_table(plan.placement, PHASES)
    alive = alive_bytes(plan.placement, len(PHASES))
    assert [row[1:3] for row in table.rows] == list(zip(PHASES, alive, strict=True))
    assert max(alive) == plan.placement.lower_bound_bytes


def test_what_does_not_fit_is_named_with_its_phase(programs: tuple[IntegerProgram, IntegerProgram]) -> None:
    with pytest.raises(ValueError, match=r"level L2: .* at step \d \((detect|describe)\), where .* are alive together"):
        plan_device(*programs, capacity=200 * 1024)
    with pytest.raises(ValueError, match="no face of 300 pixels fits into a frame of 320x240"):
        plan_device(*programs, device=Device(smallest_face=300))
    with pytest.raises(ValueError, match="a device's users must be at least 1, not 0"):
        dataclasses.replace(Device(), users=0)
    with pytest.raises(ValueError, match="is for the task recognise, not landmarks"):
        plan_device(programs[0], programs[0])
