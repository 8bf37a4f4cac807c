"""Every network of `peephole.models`, small and with random weights: interpreter, kernels, plan and emitted C agree."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from emitted import Built, differing, input_of, inputs_of, project_of
from programs import smooth_images

torch = pytest.importorskip("torch", reason="needs the train extra")

from peephole.fixedpoint.importer import import_network  # noqa: E402
from peephole.fixedpoint.program import IntegerProgram  # noqa: E402
from peephole.fixedpoint.quantize import quantize  # noqa: E402
from peephole.models import ARCHITECTURES, build  # noqa: E402
from peephole.models.landmarks import SIDE as LANDMARK_SIDE  # noqa: E402
from peephole.models.landmarks import LandmarkNet  # noqa: E402

pytestmark = [pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc"), pytest.mark.slow]

SIDE = 48
OTHER_OPTIONS: dict[str, dict[str, Any]] = {
    "squeezenet1_1": {"bypass": True, "batch_norm": False},
    "mobilenet_v1": {"pooling": "depthwise"},
    "mobilenet_v2": {"pooling": "depthwise"},
    "shufflenet_v1": {"groups": 8},
    "shufflenet_v2": {"pooling": "depthwise"},
}
BOTH_WIDTHS = [(name, {}, bits) for name in (*sorted(ARCHITECTURES), "landmarks") for bits in (16, 8)]
NETWORKS = BOTH_WIDTHS + [(name, options, 16) for name, options in OTHER_OPTIONS.items()]


def with_statistics(network: Any, side: int) -> Any:
    """Batch norms of so deep a network without statistics would let its values fade to nothing."""
    network.train()(torch.from_numpy(smooth_images(4, side)[:, None] / np.float32(128) - 1))
    return network.eval()


def small(name: str, options: dict[str, Any], bits: int) -> IntegerProgram:
    torch.manual_seed(0)
    side = SIDE
    if name == "landmarks":
        network, side = LandmarkNet((4, 8, 12, 8)), LANDMARK_SIDE
    else:
        network = build(name, 16, width=0.25, size=SIDE, **options)
        network.unit_length = bool(options)
    if hasattr(network, "fit"):
        network.fit(side)
    imported = import_network(with_statistics(network, side), name, (side, side))
    return quantize(imported, smooth_images(2, side), bits=bits)[0]


@pytest.mark.parametrize(
    ("name", "options", "bits"), NETWORKS, ids=[f"{n}-{'-'.join([*o, f'{b}'])}" for n, o, b in NETWORKS]
)
def test_interpreter_kernels_plan_and_emitted_c_agree(
    name: str, options: dict[str, Any], bits: int, kernels: Path, tmp_path: Path
) -> None:
    project = project_of(small(name, options, bits))
    inputs = [input_of(project.program), inputs_of(project.program)["noise"]]
    made = Built(project, tmp_path / "made", kernels).run(inputs)
    assert len(np.unique(made["output"])) > 4
    assert differing(project, made, inputs) == []
