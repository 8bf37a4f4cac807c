"""Which convolutions may have 8 bits: those whose noise at the output is smallest for what they save.

Each convolution is put into 8 bits alone, the others having 16, and the noise that this adds at the network's output is
measured. Noises of several layers are taken to add up (Zhou et al., "Adaptive Quantization for Deep Neural Network",
AAAI 2018), so the choice is a knapsack: of all sets that save enough the one whose noises sum to the least. HAWQ-V3
(Yao et al., 2021) chooses widths by the same kind of program, with sensitivities from the Hessian. It is solved exactly
by its undominated sums (Nemhauser and Ullmann, 1969).

What a set saves is known exactly for bytes of weights. For cycles it is not: a copy between widths costs, pools and
sums become cheaper beside narrow layers. So the chosen program is costed, what it misses the budget by is asked for on
top, and where it ends below the budget layers go back to 16 bits, the noisiest first.
"""

import math
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from peephole.fixedpoint import interpreter, reference
from peephole.fixedpoint.float_network import FloatNetwork
from peephole.fixedpoint.formats import BITS, to_float
from peephole.fixedpoint.interpreter import Kernels
from peephole.fixedpoint.layers import Convolution, weight_bytes
from peephole.fixedpoint.mixed import Calibrated, Options, calibrate_mixed, mixed_program, prepare_mixed
from peephole.fixedpoint.program import IntegerProgram
from peephole.fixedpoint.quantize import to_program
from peephole.fixedpoint.ranges import spread
from peephole.fixedpoint.report import QuantizationReport, finite, measure
from peephole.fixedpoint.samples import as_integers

MEASURED_IMAGES = 32
TRIALS = 20  # programs that are costed before all layers become narrow

Cost = Callable[[IntegerProgram], Mapping[str, int]]
"""What every layer of a program costs, by name."""


@dataclass(frozen=True)
class Budget:
    """What a program may cost in all. unit: of the costs, for people."""

    limit: int
    unit: str
    cost: Cost


@dataclass(frozen=True)
class LayerSensitivity:
    """A convolution. saved: of the cost, in 8 bits; snr_db: the output's with only this one in 8; narrow: it has 8."""

    name: str
    saved: int
    snr_db: float
    narrow: bool


@dataclass(frozen=True)
class WidthSearch:
    """What was chosen, and from what.

    unit: of budget and costs. cost_16, cost_8: of the programs of one width. images: how many the noise was measured
    on. snr_16_db, snr_8_db: the output's signal to noise with all layers in that width. predicted_db: with the chosen
    ones in 8 bits, their noises added up; snr_db: as measured.
    """

    unit: str
    budget: int
    cost: int
    cost_16: int
    cost_8: int
    images: int
    snr_16_db: float
    snr_8_db: float
    predicted_db: float
    snr_db: float
    layers: tuple[LayerSensitivity, ...]

    def as_json(self) -> dict[str, Any]:
        """Return plain values for `json.dumps`: null for the decibels of what is exact."""
        return finite(asdict(self))

    def summary(self) -> str:
        """Return the choice as a sentence."""
        narrow = sum(layer.narrow for layer in self.layers)
        return (
            f"{narrow} of {len(self.layers)} convolutions in 8 bits: {self.cost:,} {self.unit} of {self.budget:,} "
            f"({self.cost_16:,} in 16 bits, {self.cost_8:,} in 8); output {self.snr_db:.1f} dB "
            f"({self.predicted_db:.1f} predicted, {self.snr_16_db:.1f} in 16 bits, {self.snr_8_db:.1f} in 8)"
        )


def weight_bytes_by_layer(program: IntegerProgram) -> dict[str, int]:
    """Return the bytes of every convolution's weights, biases and shifts."""
    return {layer.name: weight_bytes(layer) for layer in program.layers if isinstance(layer, Convolution)}


def quantize_mixed(
    network: FloatNetwork,
    images: NDArray[Any],
    options: Options,
    budget: Budget,
    kernels: Kernels = reference,
) -> tuple[IntegerProgram, QuantizationReport, WidthSearch]:
    """Quantize a network to 16 and 8 bits within a budget; images as `quantize` takes them, options by width.

    Raises `ValueError` for a budget below what 8 bits cost or that 16 bits throughout keep, and as `quantize` does.
    """
    calibrated = calibrate_mixed(network, images, options)
    narrow, search = search_widths(calibrated, spread(images, MEASURED_IMAGES), budget, kernels)
    prepared = prepare_mixed(calibrated, narrow)
    program, given_up = to_program(prepared, options[BITS])
    sample = spread(images, options[BITS].report_images)
    return program, measure(program, prepared.network, sample, given_up, len(images)), search


def search_widths(
    calibrated: Calibrated, images: NDArray[Any], budget: Budget, kernels: Kernels = reference
) -> tuple[frozenset[str], WidthSearch]:
    """Return which convolutions get 8 bits, and what was found on the way. Raises `ValueError` as `quantize_mixed`."""
    names = calibrated.convolutions
    whole, least = (dict(budget.cost(mixed_program(calibrated, some))) for some in ((), names))
    _check_budget(budget, sum(whole.values()), sum(least.values()))
    noises = _Noises(calibrated, images, kernels)
    base = noises.of(())
    alone = {name: noises.of([name]) for name in names}
    saved = {name: whole[name] - least[name] for name in names}
    added = {name: max(0.0, alone[name] - base) for name in names}
    narrow, cost = _choose(calibrated, budget, saved, added, sum(whole.values()))
    noise, noise_8 = noises.of(narrow), noises.of(names)
    if noise_8 <= noise:  # where noises do not add up as assumed
        narrow, cost, noise = frozenset(names), sum(least.values()), noise_8
    layers = tuple(LayerSensitivity(n, saved[n], noises.decibels(alone[n]), n in narrow) for n in names)
    return narrow, WidthSearch(
        unit=budget.unit,
        budget=budget.limit,
        cost=cost,
        cost_16=sum(whole.values()),
        cost_8=sum(least.values()),
        images=len(images),
        snr_16_db=noises.decibels(base),
        snr_8_db=noises.decibels(noise_8),
        predicted_db=noises.decibels(base + sum(added[name] for name in narrow)),
        snr_db=noises.decibels(noise),
        layers=layers,
    )


def _check_budget(budget: Budget, whole: int, least: int) -> None:
    unit = budget.unit
    if budget.limit >= whole:
        raise ValueError(
            f"a budget of {budget.limit:,} {unit} is kept by 16 bits throughout, which need {whole:,}; "
            "quantize with --bits 16"
        )
    if budget.limit < least:
        raise ValueError(
            f"a budget of {budget.limit:,} {unit} is {least - budget.limit:,} less than 8 bits throughout need, "
            f"{least:,}; allow more, or make the network smaller"
        )


def _choose(
    calibrated: Calibrated, budget: Budget, saved: Mapping[str, int], added: Mapping[str, float], whole: int
) -> tuple[frozenset[str], int]:
    """Return the chosen convolutions and what their program costs."""

    def cost(narrow: Collection[str]) -> int:
        return sum(budget.cost(mixed_program(calibrated, narrow)).values())

    required = whole - budget.limit
    for _ in range(TRIALS):
        chosen = least_noise(added, saved, required)
        if chosen is None:
            break
        made = cost(chosen)
        if made <= budget.limit:
            return _given_back(chosen, made, budget.limit, saved, added, whole, cost)
        required += made - budget.limit
    return _given_back(frozenset(saved), cost(saved), budget.limit, saved, added, whole, cost)


def _given_back(
    chosen: frozenset[str],
    made: int,
    limit: int,
    saved: Mapping[str, int],
    added: Mapping[str, float],
    whole: int,
    cost: Callable[[Collection[str]], int],
) -> tuple[frozenset[str], int]:
    """Return as many layers to 16 bits as the budget allows, the noisiest first, where savings did not add up."""
    if made == whole - sum(saved[name] for name in chosen):
        return chosen, made
    for name in sorted(chosen, key=lambda name: -added[name]):
        fewer = cost(chosen - {name})
        if fewer <= limit:
            chosen, made = chosen - {name}, fewer
    return chosen, made


def least_noise(noise: Mapping[str, float], saved: Mapping[str, int], required: int) -> frozenset[str] | None:
    """Return the names that save at least `required` together with the least sum of noise; None if all do not.

    What saves nothing is never among them.
    """
    names = [name for name in noise if saved[name] > 0]
    if sum(saved[name] for name in names) < required:
        return None
    savings, noises = np.zeros(1, np.int64), np.zeros(1)  # the undominated sums, both rising
    steps: list[NDArray[np.int64]] = []
    for name in names:
        count = len(savings)
        both = np.concatenate([savings, np.minimum(savings + saved[name], required)])
        sums = np.concatenate([noises, noises + noise[name]])
        order = np.lexsort((sums, -both))  # from the largest saving down
        best = np.minimum.accumulate(np.concatenate([[np.inf], sums[order][:-1]]))
        kept = order[sums[order] < best][::-1]
        savings, noises = both[kept], sums[kept]
        steps.append(np.where(kept < count, kept, ~(kept - count)))
    state, chosen = len(savings) - 1, set()
    for name, step in zip(reversed(names), reversed(steps), strict=True):
        before = int(step[state])
        if before < 0:
            chosen.add(name)
        state = before if before >= 0 else ~before
    return frozenset(chosen)


class _Noises:
    """The power of what programs make beside what the float network makes, over some images."""

    def __init__(self, calibrated: Calibrated, images: NDArray[Any], kernels: Kernels) -> None:
        self._calibrated, self._images, self._kernels = calibrated, images, kernels
        self._exact = calibrated.network.outputs(images).astype(np.float64)
        self._signal = float((self._exact**2).sum())

    def of(self, narrow: Iterable[str]) -> float:
        """Return the sum of squared errors with these convolutions in 8 bits."""
        program = mixed_program(self._calibrated, frozenset(narrow))
        tensors = interpreter.buffers(program)
        frac_bits = program.tensor(program.output).frac_bits
        noise = 0.0
        for image, exact in zip(self._images, self._exact, strict=True):
            interpreter.run_layers(self._kernels, program, as_integers(program, image), tensors)
            noise += float(((to_float(tensors[program.output], frac_bits) - exact) ** 2).sum())
        return noise

    def decibels(self, noise: float) -> float:
        """Return the signal over this noise."""
        return 10 * math.log10(self._signal / noise) if noise and self._signal else math.inf
