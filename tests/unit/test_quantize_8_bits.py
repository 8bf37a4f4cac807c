"""Eight bits: everything that a convolution reads is narrow, ranges lose least, and channels are evened out."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peephole.fixedpoint.equalise import equalise
from peephole.fixedpoint.float_layers import FloatConv2d
from peephole.fixedpoint.float_network import FloatNetwork
from peephole.fixedpoint.formats import fraction_bits
from peephole.fixedpoint.layers import Conv2d
from peephole.fixedpoint.quantize import QuantizationOptions, quantize
from peephole.fixedpoint.ranges import calibrate, least_squares_bits, percentile_bits, sample_values
from programs import smooth_images, tiny_network

IMAGES = smooth_images(16, 17)
OPTIONS = QuantizationOptions.of(8, report_images=4)


@settings(max_examples=10)
@given(st.integers(0, 10**6), st.booleans())
def test_every_layer_is_near_the_float_network(seed: int, unit_length: bool) -> None:
    program, report = quantize(tiny_network(seed, unit_length=unit_length), IMAGES, OPTIONS, 8)
    assert report.output_snr_db > 18
    assert all(layer.snr_db > 18 for layer in report.layers)
    convs = [layer for layer in program.layers if isinstance(layer, Conv2d)]
    assert all(layer.weight.dtype == np.int8 and layer.accumulator_bits == 32 for layer in convs)


def test_only_what_no_convolution_reads_is_wide() -> None:
    program, _ = quantize(tiny_network(unit_length=True), IMAGES, OPTIONS, 8)
    wide = {tensor.name for tensor in (program.input, *program.tensors) if tensor.bits == 16}
    assert wide == {"descriptor", "unit"}


def test_wide_descriptors_have_no_finer_steps_than_their_sums() -> None:
    network = tiny_network()
    layers = tuple(
        dataclasses.replace(layer, weight=layer.weight * 100, bias=layer.bias * 100)
        if isinstance(layer, FloatConv2d) and layer.name == "squeeze"
        else layer
        for layer in network.layers
    )
    loud = dataclasses.replace(network, layers=layers)  # large activations, so few fraction bits before the descriptor
    program, report = quantize(loud, IMAGES, OPTIONS, 8)
    assert min(int(layer.norm.min()) for layer in program.layers if isinstance(layer, Conv2d)) >= 0
    assert report.output_snr_db > 18


def test_least_squares_clips_a_far_outlier_and_keeps_a_flat_range() -> None:
    rng = np.random.default_rng(0)
    flat = rng.uniform(-1, 1, 100_000).astype(np.float32)
    assert least_squares_bits(flat, 1.0, 8) == fraction_bits(1.0, 8) + 1  # 1.0 itself asks for a bit that it wastes
    assert least_squares_bits(np.append(flat, 1.9).astype(np.float32), 1.9, 8) == fraction_bits(1.9, 8) + 1
    assert least_squares_bits(flat, 0.99, 8) == fraction_bits(0.99, 8)


def test_a_percentile_leaves_the_rest_out() -> None:
    values = np.append(np.linspace(0, 0.9, 999), 100).astype(np.float32)
    assert percentile_bits(values, 99.0, 100.0, 8) == fraction_bits(0.9, 8)
    assert percentile_bits(values, 100.0, 100.0, 8) == fraction_bits(100.0, 8)
    assert percentile_bits(np.zeros(10, np.float32), 99.0, 3.0, 8) == fraction_bits(3.0, 8)


def test_samples_are_the_tensors_own_values() -> None:
    network = tiny_network()
    samples = sample_values(network, IMAGES)
    made = network.activations(IMAGES)
    assert samples.keys() == made.keys()
    for name, values in samples.items():
        assert np.isin(values, made[name]).all()


def uneven(network: FloatNetwork) -> FloatNetwork:
    """The same function with one squeezed channel 50 times too large, as batch norm leaves them."""
    factor = np.array([50.0, 1, 1, 1], np.float32)
    layers = []
    for layer in network.layers:
        if isinstance(layer, FloatConv2d) and layer.output == "squeeze":
            weight = layer.weight * factor[:, None, None, None]
            layer = dataclasses.replace(layer, weight=weight, bias=layer.bias * factor)
        elif isinstance(layer, FloatConv2d) and layer.input == "squeeze":
            layer = dataclasses.replace(layer, weight=(layer.weight / factor).astype(np.float32))
        layers.append(layer)
    return dataclasses.replace(network, layers=tuple(layers))


def test_equalising_keeps_the_function_and_rescues_uneven_channels() -> None:
    network = uneven(tiny_network())
    maxima, _ = calibrate(network, IMAGES)
    scaled, _ = equalise(network, maxima, 1.0, 8)
    np.testing.assert_allclose(scaled.descriptors(IMAGES), network.descriptors(IMAGES), rtol=1e-4, atol=1e-5)

    def decibels(equal: bool) -> float:
        return quantize(network, IMAGES, dataclasses.replace(OPTIONS, equalise=equal), 8)[1].output_snr_db

    assert decibels(True) > decibels(False) + 3


def test_unknown_rules_and_widths_are_refused() -> None:
    with pytest.raises(ValueError, match="ranges 'median' must be one of maximum, percentile, least_squares"):
        QuantizationOptions(ranges="median")
    with pytest.raises(ValueError, match="12 bits are not supported; use 8 or 16"):
        QuantizationOptions.of(12)
