"""Drawn programs: interpreter, kernels, plan and emitted C agree, layer by layer; all that there is gets drawn."""

import itertools
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emitted import KERNELS, SANITIZED, Project, disagreements, kernels_of, project_of
from graphs import graphs, random_graph, random_network
from peephole.compiler.emit.layers import HEADERS
from peephole.compiler.emit.sources import source_folder
from peephole.compiler.schedule import Passes
from peephole.fixedpoint.layers import AveragePool, Clipped, Conv2d, Convolution, Layer, channels_written
from peephole.fixedpoint.program import IntegerProgram
from peephole.fixedpoint.window import Windowed
from programs import programs

pytestmark = pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc")

SEEDS, EXAMPLES = 40, 80
PASSES = [Passes(*chosen) for chosen in itertools.product((True, False), repeat=3)]

OF_LAYERS = {
    *("stride", "padding", "groups", "rounded down", "rounded up", "counts padding", "leaves it out"),
    *("relu", "ceiling", "floor", "slice", "per_channel", "32-bit sums", "64-bit sums"),
}
DILATED = {
    f"{kind} of dilated {what}"
    for kind in ("conv2d", "depthwise_conv2d", "max_pool", "average_pool")
    for what in ("rows", "columns")
}
OF_PROGRAMS = {
    *("image", "tensor", "one pass", "mirrored", "16 bits", "8 bits", "both widths"),
    *("rows streamed", "in place", "copies of slices"),
}


def test_every_layer_that_there_is_has_c() -> None:
    kinds = {layer.kind for layer in get_args(Layer)}
    assert kinds == set(HEADERS)
    assert kinds == {kernel.partition("_s8")[0].partition("_s16")[0] for kernel in KERNELS}
    sources = {path.stem for path in (source_folder() / "kernels").glob("*.c")}
    assert {kernel for kernel in sources if kernel.partition("_s8")[0].partition("_s16")[0] in kinds} == KERNELS


def seen_in_layer(layer: Layer, program: IntegerProgram) -> set[str]:
    source, out = program.tensor_table[layer.input], program.tensor_table[layer.output]
    seen = {"slice": channels_written(layer, source.channels) < out.channels}
    if isinstance(layer, Windowed):
        window = layer.window
        least, most = window.fitting(source.height, source.width), window.beginning(source.height, source.width)
        seen |= {
            "stride": max(window.stride) > 1,
            "padding": max(window.padding) > 0,
            f"{layer.kind} of dilated rows": window.dilation[0] > 1,
            f"{layer.kind} of dilated columns": window.dilation[1] > 1,
            "rounded down": least != most and out.shape[:2] == least,
            "rounded up": least != most and out.shape[:2] != least,
        }
    if isinstance(layer, AveragePool):
        padded = max(layer.window.padding) > 0
        seen |= {
            "counts padding": padded and layer.counts_padding,
            "leaves it out": padded and not layer.counts_padding,
        }
    if isinstance(layer, Clipped):
        seen |= {"relu": layer.relu, "ceiling": layer.ceiling is not None, "floor": layer.floor is not None}
    if isinstance(layer, Convolution):
        wide = layer.accumulator_bits == 64
        seen |= {"per_channel": layer.accumulation == "per_channel", "64-bit sums": wide, "32-bit sums": not wide}
    if isinstance(layer, Conv2d):
        seen["groups"] = layer.groups > 1
    return {what for what, there in seen.items() if there}


def seen_in(project: Project) -> set[str]:
    """What there is to see in a program, its layers and its plan."""
    program, schedule = project.program, project.schedule
    widths = {tensor.bits for tensor in program.tensor_table.values()}
    seen = {
        program.input_kind: True,
        "mirrored" if program.mirrored else "one pass": True,
        "both widths" if len(widths) > 1 else f"{widths.pop()} bits": True,
        "rows streamed": any(step.segment.streamed for step in schedule.steps),
        "in place": any(buffer.alias_of is not None for buffer in schedule.buffers),
    }
    there = {what for what, is_there in seen.items() if is_there}
    return there.union(kernels_of(program), *(seen_in_layer(layer, program) for layer in program.layers))


def of_seed(seed: int) -> IntegerProgram:
    """The same on every machine, with whatever version of Hypothesis."""
    bits, blocks, side = (16, 8)[seed % 2], 1 + seed % 5, 9 + seed % 4
    if seed % 4 > 1:
        return random_network(seed, bits, blocks, side, varied=True)
    return random_graph(seed, bits, blocks, side, mirrored=seed % 3 == 0, varied=True)


def test_interpreter_kernels_plan_and_emitted_c_agree(kernels: Path) -> None:
    """On inputs of every kind, whatever passes are left out; what is listed above is among the programs."""
    seen: Counter[str] = Counter()

    def agree(program: IntegerProgram, passes: Passes) -> None:
        project = project_of(program, passes=passes)
        seen.update({"programs", *seen_in(project)} | ({"copies of slices"} if project.program != program else set()))
        with tempfile.TemporaryDirectory() as folder:
            assert disagreements(project, Path(folder) / "made", kernels) == []

    for seed in range(SEEDS):
        agree(of_seed(seed), PASSES[seed % len(PASSES)])
    settings(max_examples=EXAMPLES)(given(programs() | graphs(), st.sampled_from(PASSES))(agree))()
    assert seen["programs"] >= SEEDS + EXAMPLES
    assert set(seen) >= KERNELS | OF_LAYERS | DILATED | OF_PROGRAMS


@pytest.mark.parametrize("bits", [16, 8])
@pytest.mark.parametrize("make", [random_graph, random_network])
def test_sanitizers_find_nothing(
    make: Callable[..., IntegerProgram], bits: int, sanitized_kernels: Path, tmp_path: Path
) -> None:
    """In memory of exactly the bytes that are promised, which begins no better than promised."""
    for seed in range(3):
        project = project_of(make(seed, bits, blocks=5, varied=True))
        folder = tmp_path / f"made{seed}"
        assert disagreements(project, folder, sanitized_kernels, *SANITIZED, "-O0") == []
