"""Which convolutions get 8 bits: the exact knapsack, noises that add up, costs that do not."""

import itertools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peephole import _core
from peephole.fixedpoint.float_network import FloatNetwork
from peephole.fixedpoint.layers import CopyChannels
from peephole.fixedpoint.mixed import Calibrated, calibrate_mixed, mixed_program
from peephole.fixedpoint.program import IntegerProgram
from peephole.fixedpoint.quantize import QuantizationOptions
from peephole.fixedpoint.sensitivity import Budget, least_noise, quantize_mixed, search_widths, weight_bytes_by_layer
from programs import residual_network, smooth_images, tiny_network

OPTIONS = {bits: QuantizationOptions.of(bits, report_images=16) for bits in (8, 16)}


def calibrated(network: FloatNetwork) -> Calibrated:
    return calibrate_mixed(network, smooth_images(16, network.input.height), OPTIONS)


def best(noise: dict[str, float], saved: dict[str, int], required: int) -> float:
    """The least sum of noise of all sets that save enough, tried one by one."""
    sets = itertools.chain.from_iterable(itertools.combinations(noise, n) for n in range(len(noise) + 1))
    return min(
        (sum(noise[n] for n in some) for some in sets if sum(saved[n] for n in some) >= required), default=math.inf
    )


ITEMS = st.lists(st.tuples(st.integers(0, 50), st.integers(-3, 30)), max_size=9)


@settings(max_examples=200)
@given(ITEMS, st.integers(0, 150))
def test_no_other_set_saves_enough_with_less_noise(items: list[tuple[int, int]], required: int) -> None:
    noise = {str(place): float(added) for place, (added, _) in enumerate(items)}
    saved = {str(place): saves for place, (_, saves) in enumerate(items)}
    chosen = least_noise(noise, saved, required)
    wanted = best(noise, saved, required)
    if chosen is None:
        assert wanted == math.inf
        return
    assert sum(saved[name] for name in chosen) >= required
    assert sum(noise[name] for name in chosen) == wanted


def test_two_small_savings_are_taken_before_a_noisy_large_one() -> None:
    noise, saved = {"a": 1.0, "b": 1.0, "c": 5.0, "d": 0.5}, {"a": 40, "b": 60, "c": 100, "d": 30}
    assert least_noise(noise, saved, 100) == {"a", "b"}
    assert least_noise(noise, saved, 101) == {"a", "b", "d"}
    assert least_noise(noise, saved, 0) == frozenset()
    assert least_noise(noise, saved, 231) is None


def halfway(known: Calibrated) -> int:
    whole, least = (
        sum(weight_bytes_by_layer(mixed_program(known, some)).values()) for some in ((), known.convolutions)
    )
    return (whole + least) // 2


@pytest.mark.parametrize("make", [tiny_network, residual_network])
@pytest.mark.parametrize("seed", range(3))
def test_a_choice_keeps_its_budget_lies_between_both_widths_and_is_as_noisy_as_predicted(
    make: object, seed: int
) -> None:
    network: FloatNetwork = make(seed)  # type: ignore[operator]
    images = smooth_images(16, network.input.height)
    limit = halfway(calibrated(network))
    program, report, search = quantize_mixed(
        network, images, OPTIONS, Budget(limit, "bytes", weight_bytes_by_layer), _core
    )
    assert sum(weight_bytes_by_layer(program).values()) == search.cost <= limit < search.cost_16
    assert search.snr_8_db < search.snr_db < search.snr_16_db
    assert abs(search.predicted_db - search.snr_db) < 3
    narrow = {layer.name for layer in search.layers if layer.narrow}
    assert {layer.name: layer.bits for layer in report.layers if layer.name in narrow} == dict.fromkeys(narrow, 8)
    assert report.output_snr_db == pytest.approx(search.snr_db, abs=0.01)


def test_the_kernels_that_measure_do_not_change_the_choice() -> None:
    known = calibrated(tiny_network())
    images = smooth_images(3, 17, seed=1)
    budget = Budget(halfway(known), "bytes", weight_bytes_by_layer)
    assert search_widths(known, images, budget, _core) == search_widths(known, images, budget)


def with_dear_copies(program: IntegerProgram) -> dict[str, int]:
    """Bytes of weights, and as much for every value that is copied between widths, which no layer saves by itself."""
    values = {
        layer.name: layer.count * program.tensor(layer.output).height * program.tensor(layer.output).width
        for layer in program.layers
        if isinstance(layer, CopyChannels)
    }
    return weight_bytes_by_layer(program) | values


@pytest.mark.parametrize("seed", range(4))
def test_costs_that_do_not_add_up_are_met_nevertheless(seed: int) -> None:
    known = calibrated(residual_network(seed))
    images = smooth_images(4, 16, seed=1)
    for limit in (1600, 1900, 2300):
        narrow, search = search_widths(known, images, Budget(limit, "units", with_dear_copies), _core)
        made = with_dear_copies(mixed_program(known, narrow))
        assert sum(made.values()) == search.cost <= limit
        again = [sum(with_dear_copies(mixed_program(known, narrow - {name})).values()) for name in narrow]
        assert min(again) > limit or len(narrow) == len(known.convolutions)  # no layer is narrow for nothing


def test_budgets_out_of_reach_and_without_need_are_told_with_both_numbers() -> None:
    known = calibrated(tiny_network())
    images = smooth_images(2, 17)
    with pytest.raises(
        ValueError, match="a budget of 500 bytes is 45 less than 8 bits throughout need, 545; allow more"
    ):
        search_widths(known, images, Budget(500, "bytes", weight_bytes_by_layer))
    with pytest.raises(
        ValueError, match="a budget of 955 bytes is kept by 16 bits throughout, which need 955; quantize"
    ):
        search_widths(known, images, Budget(955, "bytes", weight_bytes_by_layer))
    narrow, search = search_widths(known, images, Budget(545, "bytes", weight_bytes_by_layer))
    assert narrow == set(known.convolutions) and search.snr_db == search.snr_8_db
