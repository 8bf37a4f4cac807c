"""Every backbone in both widths at once: splits, shuffles, sums and depthwise layers between them."""

import random
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="needs the train extra")

from torch import nn  # noqa: E402

from peephole.fixedpoint.importer import import_module  # noqa: E402
from peephole.fixedpoint.mixed import calibrate_mixed, mixed_program  # noqa: E402
from peephole.fixedpoint.program import NETWORK  # noqa: E402
from peephole.fixedpoint.quantize import QuantizationOptions, quantize  # noqa: E402
from peephole.models import build  # noqa: E402
from programs import smooth_images  # noqa: E402
from runners import differing_layers  # noqa: E402

SIDE = 32
OPTIONS = {bits: QuantizationOptions.of(bits, task=NETWORK, report_images=1) for bits in (8, 16)}
BACKBONES: dict[str, dict[str, Any]] = {
    "squeezenet1_1": {"width": 0.25, "bypass": True},
    "squeezeface": {"width": 0.25},
    "mobilenet_v1": {"width": 0.25},
    "mobilenet_v2": {"width": 0.25},
    "shufflenet_v1": {"width": 0.25, "groups": 4},
    "shufflenet_v2": {"width": 0.5},
}


@pytest.mark.parametrize("name", BACKBONES)
def test_kernels_and_planned_memory_compute_what_the_interpreter_computes(name: str) -> None:
    torch.manual_seed(0)
    network = build(name, 16, size=SIDE, **BACKBONES[name])
    if hasattr(network, "fit"):
        network.fit(SIDE)
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight)  # so that values do not vanish on the way
    images = smooth_images(4, SIDE)
    imported = import_module(network.eval(), name, (1, SIDE, SIDE), "image").network
    known = calibrate_mixed(imported, images, OPTIONS)
    assert mixed_program(known, known.convolutions).identity == quantize(imported, images, OPTIONS[8], 8)[0].identity
    program = mixed_program(known, random.Random(0).sample(known.convolutions, len(known.convolutions) // 2))
    assert differing_layers(program, images[0]) == []
