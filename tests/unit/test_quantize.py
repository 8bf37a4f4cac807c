"""The quantizer: same function, proved sums, formats that agree, and clear refusals."""

import dataclasses
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peephole.fixedpoint import reference
from peephole.fixedpoint.averages import mean_factor
from peephole.fixedpoint.equalise import equalise
from peephole.fixedpoint.float_layers import FloatConv2d
from peephole.fixedpoint.float_network import FloatNetwork, fold_input
from peephole.fixedpoint.formats import to_float
from peephole.fixedpoint.interpreter import run
from peephole.fixedpoint.layers import Conv2d
from peephole.fixedpoint.network_formats import TensorFormat
from peephole.fixedpoint.program import LANDMARKS, NETWORK
from peephole.fixedpoint.proof import fits_32_bits, value_ranges
from peephole.fixedpoint.quantize import QuantizationOptions, quantize
from peephole.fixedpoint.ranges import calibrate
from peephole.fixedpoint.report import measure
from peephole.fixedpoint.rounding import ConvRounding, quantize_conv, weight_bits
from programs import smooth_images, tiny_network

IMAGES = smooth_images(16, 17)


def edited(network: FloatNetwork, layer: str, **changes: Any) -> FloatNetwork:
    layers = tuple(dataclasses.replace(old, **changes) if old.name == layer else old for old in network.layers)
    return dataclasses.replace(network, layers=layers)


def conv(network: FloatNetwork, name: str) -> FloatConv2d:
    layer = next(layer for layer in network.layers if layer.name == name)
    assert isinstance(layer, FloatConv2d)
    return layer


@settings(max_examples=10)
@given(st.integers(0, 10**6))
def test_every_layer_is_near_the_float_network(seed: int) -> None:
    program, report = quantize(tiny_network(seed), IMAGES)
    assert report.output_snr_db > 55
    assert [layer.name for layer in report.layers] == [layer.name for layer in program.layers]
    assert all(layer.snr_db > 55 and layer.clipped == 0 for layer in report.layers)
    assert all(0.2 < layer.range_used < 0.26 for layer in report.layers if layer.name in ("conv1", "squeeze"))


@settings(max_examples=10)
@given(st.integers(0, 10**6))
def test_every_32_bit_accumulator_is_proved(seed: int) -> None:
    program, report = quantize(tiny_network(seed), IMAGES, QuantizationOptions(wide_share=0))
    ranges = value_ranges("image", 128, program.layers)
    convs = [layer for layer in program.layers if isinstance(layer, Conv2d)]
    assert all(layer.accumulator_bits == 32 and fits_32_bits(layer, ranges[layer.input]) for layer in convs)
    assert max(layer.bits_given_up for layer in report.layers) > 0
    assert all(layer.headroom_bits >= 0 for layer in report.layers if layer.headroom_bits is not None)


def test_a_descriptor_of_length_one_stays_near_the_float_network() -> None:
    network = tiny_network(unit_length=True)
    images = smooth_images(8, 17)
    program, report = quantize(network, images)
    descriptors = np.stack([run(program, image)["unit"].reshape(-1) for image in images])
    assert np.abs(np.linalg.norm(descriptors.astype(float), axis=1) - 2**14).max() < 3
    assert np.abs(descriptors / 2**14 - network.descriptors(images)).max() < 0.01
    assert report.layers[-1].name == "unit"


def test_bits_are_kept_in_64_bits_on_request() -> None:
    program, report = quantize(tiny_network(), IMAGES, QuantizationOptions(wide_share=1))
    given_up = {layer.name: layer.bits_given_up for layer in report.layers}
    wide = [layer.name for layer in program.layers if isinstance(layer, Conv2d) and layer.accumulator_bits == 64]
    assert "expand3" in wide
    assert set(given_up.values()) == {0}


def test_one_format_a_layer_on_request() -> None:
    program, _ = quantize(tiny_network(), IMAGES, QuantizationOptions(weights_per="layer"))
    convs = [layer for layer in program.layers if isinstance(layer, Conv2d)]
    assert all(len(set(layer.weight_frac_bits.tolist())) == 1 for layer in convs)


def test_ranges_leave_the_margin() -> None:
    for margin in (1.0, 1.5, 2.0):
        _, report = quantize(tiny_network(), IMAGES, QuantizationOptions(margin=margin, report_images=16))
        used = {layer.name: layer.range_used for layer in report.layers}
        assert used["conv1"] == pytest.approx(1 / margin, rel=0.01)


def test_a_pool_that_drops_the_largest_values_keeps_the_format() -> None:
    images = (IMAGES // 16 + 120).astype(np.uint8)
    images[:, 14:, 14:] = IMAGES[:, 14:, 14:] // 2 * 2  # seen by the last row of conv1, which the pool leaves out
    network = tiny_network()
    maxima, _ = calibrate(network, images)
    assert maxima["pool"].max() < maxima["conv1"].max() / 2
    for equal in (False, True):
        program, _ = quantize(network, images, QuantizationOptions(equalise=equal))
        assert program.tensor("pool").frac_bits == program.tensor("conv1").frac_bits


def test_equalising_keeps_the_function() -> None:
    network = tiny_network()
    maxima, _ = calibrate(network, IMAGES)
    scaled, factors = equalise(network, maxima, 1.0)
    np.testing.assert_allclose(scaled.descriptors(IMAGES), network.descriptors(IMAGES), rtol=1e-4, atol=1e-5)
    assert np.ptp(factors["conv1"]) > 0.1  # it did something
    after, _ = calibrate(scaled, IMAGES)
    alive = maxima["squeeze"] > maxima["squeeze"].max() / 64
    assert np.ptp(after["squeeze"][alive]) < 1e-3 * after["squeeze"].max()
    np.testing.assert_array_equal(factors["conv1"], factors["pool"])
    np.testing.assert_array_equal(factors["fire"], factors["mean"])


@settings(max_examples=25)
@given(st.integers(0, 10**6))
def test_bias_correction_takes_the_mean_error_away(seed: int) -> None:
    rng = np.random.default_rng(seed)
    weight = rng.normal(0, 1, (3, 1, 1, 300)).astype(np.float32)
    layer = FloatConv2d("c", "x", "y", 0, 1, 0, True, weight, rng.normal(0, 1, 3))
    mean = rng.uniform(0, 4, 300)
    plain, given_up = quantize_conv(layer, TensorFormat(16, 12), 8, (0, 32767), ConvRounding())
    corrected, _ = quantize_conv(layer, TensorFormat(16, 12), 8, (0, 32767), ConvRounding(mean=mean))
    assert given_up.min() > 0
    exact = weight[:, 0, 0].astype(np.float64) @ mean + layer.bias

    def error(conv: Conv2d) -> Any:
        bits = conv.weight_frac_bits.astype(int)
        made = to_float(conv.weight[:, 0, 0], bits[:, None]) @ mean + to_float(conv.bias, bits + 12)
        return np.abs(made - exact)

    assert (error(corrected) <= 2.0 ** -(corrected.weight_frac_bits.astype(float) + 12)).all()
    assert error(plain).max() > error(corrected).max()


def test_the_smallest_weights_get_30_fraction_bits_and_no_shift_is_above_30() -> None:
    weight = np.full((3, 1, 1, 6), 1e-12, np.float32)
    layer = FloatConv2d("c", "x", "y", 0, 1, 0, True, weight, np.zeros(3))
    assert weight_bits(layer, 16).tolist() == [30] * 3
    made, _ = quantize_conv(layer, TensorFormat(16, 12), 8, (0, 32767), ConvRounding())
    assert made.norm.tolist() == [30] * 3


def test_a_dead_channel_and_a_large_bias_are_no_trouble() -> None:
    network = tiny_network()
    weight = conv(network, "squeeze").weight.copy()
    weight[1] = 0
    weight[2] *= 1e-9
    bias = conv(network, "squeeze").bias.copy()
    bias[1], bias[2] = 3.0, -3.0
    program, report = quantize(edited(network, "squeeze", weight=weight, bias=bias), IMAGES)
    assert report.output_snr_db > 50
    assert program.identity == report.identity


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_that_are_not_finite(value: float) -> None:
    network = tiny_network()
    weight = conv(network, "squeeze").weight.copy()
    weight[0, 0, 0, 0] = value
    with pytest.raises(ValueError, match="layer squeeze: weights hold NaN or infinity"):
        edited(network, "squeeze", weight=weight)


def test_a_network_that_sees_nothing_is_refused_by_its_layer() -> None:
    weight = conv(tiny_network(), "conv1").weight
    with pytest.raises(
        ValueError, match="layer conv1: its weights are all 0, so that the output is the same for every"
    ):
        quantize(edited(tiny_network(), "conv1", weight=0 * weight, bias=np.ones(6)), IMAGES)
    one_of_two = conv(tiny_network(), "expand1").weight
    quantize(edited(tiny_network(), "expand1", weight=0 * one_of_two), IMAGES)


def test_calibration_on_nothing() -> None:
    with pytest.raises(ValueError, match="there is nothing to calibrate on"):
        quantize(tiny_network(), IMAGES[:0])
    network = tiny_network()
    dark = edited(network, "conv1", bias=np.full(6, -50.0))
    with pytest.raises(ValueError, match=r"layer conv1: gives 0 for every sample"):
        quantize(dark, IMAGES)


def test_images_of_another_size() -> None:
    with pytest.raises(ValueError, match=r"the network takes grey uint8 \[N,17,17\]"):
        quantize(tiny_network(), smooth_images(2, 16))


def test_other_widths_are_refused() -> None:
    with pytest.raises(ValueError, match="12 bits are not supported; use 8 or 16"):
        quantize(tiny_network(), IMAGES, bits=12)


def test_input_scale_and_offset_fold_into_the_first_layer() -> None:
    network = dataclasses.replace(tiny_network(), offset=127.5, scale=127.5)
    folded = fold_input(network, 128, 128)
    assert (folded.offset, folded.scale) == (128, 128)
    np.testing.assert_allclose(folded.descriptors(IMAGES), network.descriptors(IMAGES), rtol=1e-4, atol=1e-5)
    with pytest.raises(ValueError, match="layer conv1: the input's offset cannot be folded in"):
        fold_input(edited(network, "conv1", padding=1), 128, 128)


@settings(max_examples=200)
@given(st.integers(1, 70), st.integers(1, 70), st.integers(0, 4), st.integers(0, 2**32 - 1))
def test_a_mean_errs_by_half_a_step_at_most(height: int, width: int, finer: int, seed: int) -> None:
    factor, shift = mean_factor(height * width, finer)
    rng = np.random.default_rng(seed)
    x = rng.integers(-32768 >> finer, 32767 >> finer, (height, width, 8), np.int16, endpoint=True)
    x[..., 0], x[..., 1] = 32767 >> finer, -32768 >> finer
    out = np.zeros((1, 1, 8), np.int16)
    reference.global_average_pool_s16(x, factor, shift, out, 0)
    exact = x.sum((0, 1), dtype=np.int64) * 2.0**finer / (height * width)
    assert (np.abs(out[0, 0] - exact) <= 0.5).all()


@pytest.mark.parametrize("count", [2, 6, 48, 100, 4096])
def test_halves_of_a_mean_round_up(count: int) -> None:
    x = np.zeros((count, 1, 3), np.int16)
    x[: count // 2] = (1, 3, 32767)  # means of 0.5, 1.5 and 16383.5
    out = np.zeros((1, 1, 3), np.int16)
    reference.global_average_pool_s16(x, *mean_factor(count), out, 0)
    assert out[0, 0].tolist() == [1, 2, 16384]


def test_the_report_as_table_and_json() -> None:
    program, report = quantize(tiny_network(), IMAGES)
    table = report.table()
    assert all(layer.name in table for layer in program.layers)
    assert f"descriptor: {report.output_snr_db:.1f} dB" in table
    landmarks = quantize(tiny_network(), IMAGES, QuantizationOptions(task=LANDMARKS))[1]
    assert f"points: {landmarks.output_snr_db:.1f} dB" in landmarks.table()
    plain = report.as_json()
    assert plain["output"] == "descriptor"
    assert plain["identity"] == program.identity
    assert len(plain["layers"]) == len(program.layers)


def test_the_noise_of_an_output_that_several_layers_write_is_that_of_all_its_channels() -> None:
    whole = tiny_network()
    network = dataclasses.replace(whole, tensors=whole.tensors[:4], layers=whole.layers[:5], output="fire")
    program, report = quantize(network, IMAGES[:3], QuantizationOptions(task=NETWORK, report_images=3))
    exact = network.outputs(IMAGES[:3]).astype(np.float64)
    made = np.stack(
        [np.concatenate([run(program, image)[n] for n in ("expand1", "expand3")], 2) for image in IMAGES[:3]]
    )
    noise = exact - to_float(made, program.tensor("fire").frac_bits)
    assert report.output_snr_db == pytest.approx(10 * np.log10((exact**2).sum() / (noise**2).sum()), abs=0.01)
    assert all(abs(layer.snr_db - report.output_snr_db) > 0.1 for layer in report.layers[3:])


def test_clipped_values_are_counted() -> None:
    options = QuantizationOptions(margin=1.0, equalise=False)
    _, calm = quantize(tiny_network(), IMAGES, options)
    assert sum(layer.clipped for layer in calm.layers) == 0
    dim = (IMAGES // 4 + 96).astype(np.uint8)
    program, _ = quantize(tiny_network(), dim, options)
    loud = measure(program, tiny_network(), IMAGES, {})
    assert sum(layer.clipped for layer in loud.layers) > 0


def test_the_share_of_clipped_values_is_that_of_all_values() -> None:
    tight = QuantizationOptions.of(8, report_images=16, ranges="maximum", margin=0.5)
    program, report = quantize(tiny_network(), IMAGES, tight, bits=8)
    made = program.tensor("conv1")
    conv1 = report.layers[0]
    assert conv1.clipped_share == conv1.clipped / (16 * made.height * made.width * made.channels)
    assert 0 < conv1.clipped_share < 0.2
