"""Every network of ours that can be imported, small and with random weights: its C computes the simulator's bits."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from emitted import compiled_kernels, input_of, self_test
from programs import smooth_images

torch = pytest.importorskip("torch", reason="needs the train extra")

from peephole import _core  # noqa: E402
from peephole.compiler.executor import execute  # noqa: E402
from peephole.compiler.planner import place  # noqa: E402
from peephole.compiler.schedule import lower  # noqa: E402
from peephole.fixedpoint import interpreter  # noqa: E402
from peephole.fixedpoint.importer import import_network  # noqa: E402
from peephole.fixedpoint.program import IntegerProgram  # noqa: E402
from peephole.fixedpoint.quantize import quantize  # noqa: E402
from peephole.models import build  # noqa: E402

pytestmark = [pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc"), pytest.mark.slow]

SIDE = 48
OPTIONS = {"squeezenet1_1": {"bypass": True}}
NETWORKS = ("squeezenet1_0", "squeezenet1_1", "squeezeface", "mobilenet_v1", "mobilenet_v2")


def small(name: str, bits: int) -> IntegerProgram:
    torch.manual_seed(0)
    network = build(name, 16, width=0.25, size=SIDE, **OPTIONS.get(name, {})).eval()
    if hasattr(network, "fit"):
        network.fit(SIDE)
    program, _ = quantize(import_network(network, name, (SIDE, SIDE)), smooth_images(2, SIDE), bits=bits)
    return program


@pytest.fixture(scope="module")
def kernels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compiled_kernels(tmp_path_factory.mktemp("kernels"))


@pytest.mark.parametrize("bits", [16, 8])
@pytest.mark.parametrize("name", NETWORKS)
def test_interpreter_executor_and_emitted_c_agree(name: str, bits: int, kernels: Path, tmp_path: Path) -> None:
    program = small(name, bits)
    schedule = lower(program)
    wanted = interpreter.run(program, input_of(program))
    got = execute(program, schedule, place(schedule.buffers), input_of(program), _core)
    assert all(np.array_equal(w.values[w.made], wanted[n][w.made]) for n, w in got.layers.items())
    done = self_test(program, tmp_path / "made", kernels)
    assert (done.returncode, done.stderr) == (0, "")
