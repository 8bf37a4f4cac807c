"""Every network of ours that can be imported today: its plan reaches the lower bound, or is proved the least."""

import pytest

torch = pytest.importorskip("torch", reason="needs the train extra")

from peephole.compiler.memory import check_placement  # noqa: E402
from peephole.compiler.planner import place_arena  # noqa: E402
from peephole.compiler.schedule import Passes, lower  # noqa: E402
from peephole.fixedpoint.importer import import_network  # noqa: E402
from peephole.fixedpoint.program import IntegerProgram  # noqa: E402
from peephole.fixedpoint.quantize import quantize  # noqa: E402
from peephole.models import build  # noqa: E402
from peephole.weights import default_program, landmark_program  # noqa: E402
from programs import smooth_images  # noqa: E402

SIDE = 64
OPTIONS = {"squeezenet1_1": {"bypass": True}}
NETWORKS = ("squeezenet1_0", "squeezenet1_1", "squeezeface", "mobilenet_v1", "mobilenet_v2")
PASSES = {"plain": Passes(streaming=False, in_place=False), "all passes": Passes()}


def check_plan(program: IntegerProgram, passes: Passes) -> None:
    schedule = lower(program, passes)
    placement = place_arena(schedule.buffers, steps=schedule.step_names)
    check_placement(placement.buffers)
    assert placement.optimal
    assert all(plan.peak_bytes == plan.lower_bound_bytes for plan in placement.levels)


@pytest.mark.parametrize("passes", PASSES.values(), ids=PASSES)
@pytest.mark.parametrize("path", [default_program(), landmark_program()], ids=lambda path: path.stem)
def test_shipped_programs(path: object, passes: Passes) -> None:
    check_plan(IntegerProgram.load(str(path)), passes)


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_backbones(name: str) -> None:
    torch.manual_seed(0)
    network = build(name, 32, width=0.25, size=SIDE, **OPTIONS.get(name, {})).eval()
    if hasattr(network, "fit"):
        network.fit(SIDE)
    program, _ = quantize(import_network(network, name, (SIDE, SIDE)), smooth_images(2, SIDE))
    for passes in PASSES.values():
        check_plan(program, passes)
