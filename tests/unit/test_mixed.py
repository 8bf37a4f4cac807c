"""Programs of both widths: what each tensor has, where copies lie, and that every runner computes the same bits."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peephole.fixedpoint.describe import describe, table
from peephole.fixedpoint.float_network import FloatNetwork
from peephole.fixedpoint.layers import Conv2d, Convolution, CopyChannels
from peephole.fixedpoint.mixed import Calibrated, calibrate_mixed, mixed_program, tensor_widths
from peephole.fixedpoint.program import IntegerProgram
from peephole.fixedpoint.proof import headroom_bits
from peephole.fixedpoint.quantize import QuantizationOptions, quantize, trainable
from programs import residual_network, smooth_images, tiny_network
from runners import differing_layers

IMAGES = smooth_images(8, 17)
SMALLER = smooth_images(8, 16)
OPTIONS = {bits: QuantizationOptions.of(bits, report_images=2) for bits in (8, 16)}


def calibrated(network: FloatNetwork) -> Calibrated:
    return calibrate_mixed(network, IMAGES if network.input.height == 17 else SMALLER, OPTIONS)


def widths(program: IntegerProgram) -> dict[str, tuple[int, int]]:
    """Bits that every layer reads and writes."""
    return {la.name: (program.tensor(la.input).bits, program.tensor(la.output).bits) for la in program.layers}


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.data(), st.booleans())
def test_interpreter_kernels_and_planned_memory_agree_on_any_choice(seed: int, data: st.DataObject, deep: bool) -> None:
    network = residual_network(seed) if deep else tiny_network(seed, unit_length=seed % 2 == 0)
    known = calibrated(network)
    narrow = data.draw(st.sets(st.sampled_from(known.convolutions)))
    program = mixed_program(known, narrow)
    made = {layer.name: layer.weight.dtype for layer in program.layers if isinstance(layer, Convolution)}
    assert made == {name: np.int8 if name in narrow else np.int16 for name in known.convolutions}
    assert differing_layers(program, (SMALLER if deep else IMAGES)[0]) == []


@pytest.mark.parametrize("network", [tiny_network(3, unit_length=True), residual_network(3)], ids=["tiny", "residual"])
def test_all_in_8_bits_is_the_8_bit_program(network: FloatNetwork) -> None:
    images = IMAGES if network.input.height == 17 else SMALLER
    known = calibrated(network)
    assert mixed_program(known, known.convolutions).identity == quantize(network, images, OPTIONS[8], 8)[0].identity


def test_convolutions_write_what_their_readers_need_and_one_copy_serves_all_narrow_readers() -> None:
    known = calibrated(tiny_network())
    assert widths(mixed_program(known, {"expand1", "expand3"})) == {
        "conv1": (16, 16),
        "pool": (16, 16),
        "squeeze": (16, 16),
        "squeeze.int8": (16, 8),
        "expand1": (8, 8),
        "expand3": (8, 8),
        "mean": (8, 16),
        "descriptor": (16, 16),
    }
    assert widths(mixed_program(known, {"conv1", "squeeze", "descriptor"})) == {
        "conv1": (8, 8),
        "pool": (8, 8),
        "squeeze": (8, 16),
        "expand1": (16, 16),
        "expand3": (16, 16),
        "mean": (16, 16),
        "mean.int8": (16, 8),
        "descriptor": (8, 16),
    }


def test_a_pool_before_a_narrow_reader_runs_before_the_copy_so_that_less_is_copied() -> None:
    program = mixed_program(calibrated(tiny_network()), {"squeeze"})
    names = [layer.name for layer in program.layers]
    assert names[:4] == ["conv1", "pool", "pool.int8", "squeeze"]
    copy = program.layers[2]
    assert isinstance(copy, CopyChannels)
    assert program.tensor(copy.output).shape == program.tensor("pool").shape


def test_a_concatenation_of_both_widths_is_written_in_16_bits() -> None:
    made = widths(mixed_program(calibrated(tiny_network()), {"expand3"}))
    assert (made["expand1"], made["expand3"]) == ((16, 16), (8, 16))


def test_what_meets_in_an_addition_has_one_width() -> None:
    network = residual_network()
    bits = tensor_widths(network, {"stem", "a2", "b1", "b2", "b3", "b4", "whole", "descriptor"})  # all but a1
    assert [bits[name] for name in ("stem", "a1", "a2", "a")] == [16, 16, 16, 16]
    assert [bits[name] for name in ("b1", "b2", "b3", "b4", "b")] == [8, 8, 8, 8, 8]


def test_a_mirrored_program_of_both_widths() -> None:
    network = dataclasses.replace(tiny_network(2, unit_length=True), mirrored=True)
    program = mixed_program(calibrated(network), {"conv1", "expand3"})
    assert program.mirrored
    assert differing_layers(program, IMAGES[0]) == []


def test_sums_are_proved_in_both_widths_and_described() -> None:
    program = mixed_program(calibrated(tiny_network()), {"expand3"})
    ranges = program.value_ranges()
    assert all(headroom_bits(layer, ranges) >= 0 for layer in program.layers if isinstance(layer, Conv2d))
    described = {layer.name: layer for layer in describe(program).layers}
    assert {name: (layer.input_bits, layer.output_bits) for name, layer in described.items()} == widths(program)
    assert "proved" in described["expand3"].proof
    lines = {line.split()[0]: line for line in table(describe(program)).splitlines()}
    assert " 8>16  32 bits, proved" in lines["expand3"] and " 16>8  rounded" in lines["squeeze.int8"]
    assert " 16  " in lines["expand1"] and ">" not in lines["expand1"]


def test_a_mixed_program_survives_its_file(tmp_path: object) -> None:
    program = mixed_program(calibrated(tiny_network()), {"expand3"})
    path = f"{tmp_path}/mixed.safetensors"
    program.save(path)
    assert IntegerProgram.load(path).identity == program.identity


def test_a_network_trained_in_its_formats_has_no_widths_to_choose() -> None:
    trained = trainable(tiny_network(), IMAGES, OPTIONS[8], 8)
    with pytest.raises(ValueError, match="network tiny: was trained in formats of 8 bits, so there are no widths"):
        calibrate_mixed(trained, IMAGES, OPTIONS)
