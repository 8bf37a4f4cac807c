"""How far values reach: what calibration images show, and the range that a format is given for it."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from peephole.fixedpoint.float_layers import FloatConvolution
from peephole.fixedpoint.float_network import FloatNetwork
from peephole.fixedpoint.formats import fraction_bits, limits
from peephole.fixedpoint.layers import tensors_read

Statistics = dict[str, NDArray[np.float64]]
Samples = dict[str, NDArray[np.float32]]

RULES = ("maximum", "percentile", "least_squares")
SAMPLED_IMAGES = 64
VALUES_AN_IMAGE = 4096
LARGEST_CLIP = 4  # bits of range that least squares may give up


def calibrate(network: FloatNetwork, images: NDArray[Any]) -> tuple[Statistics, Statistics]:
    """Return the largest magnitude and the mean of every channel over the images: [C] by tensor name.

    Raises `ValueError` naming the layer that gives no finite numbers, or nothing but zeros.
    """
    tensors = (network.input, *network.tensors)
    maxima = {tensor.name: np.zeros(tensor.channels) for tensor in tensors}
    means = {tensor.name: np.zeros(tensor.channels) for tensor in tensors}
    with np.errstate(all="ignore"):  # what is beyond all numbers is told below
        for made in network.batches(images):
            for name, largest in maxima.items():
                np.maximum(largest, np.abs(made[name]).max((0, 1, 2)), out=largest)
                means[name] += made[name].mean((1, 2), dtype=np.float64).sum(0) / len(images)
    for name, largest in maxima.items():
        if not np.isfinite(largest).all():
            raise ValueError(
                f"{producer(network, name)}: gives values beyond what 32-bit floats hold; its weights or the samples "
                "are too large, train with weight decay or scale the samples down"
            )
        if largest.max() == 0:
            raise ValueError(
                f"{producer(network, name)}: gives 0 for every sample; calibrate with what it will see, "
                "or look for a layer that has died in training"
            )
    return maxima, means


def check_any(samples: NDArray[Any]) -> None:
    """Raise `ValueError` where there are no samples."""
    if len(samples) == 0:
        raise ValueError("there is nothing to calibrate on; give some hundred samples of what the network will see")


def check_varied(network: FloatNetwork, samples: NDArray[Any]) -> None:
    """Raise `ValueError` where no layer could tell one sample from another: they hold one value throughout."""
    if samples.size and samples.min() == samples.max():
        readers = [layer.name for layer in network.layers if network.input.name in tensors_read(layer)]
        what = "sample holds" if len(samples) == 1 else f"{len(samples)} samples hold"
        raise ValueError(
            f"layer {readers[0]}: cannot be calibrated, the {what} nothing but {samples.flat[0]:g}; "
            "calibrate with some hundred varied samples"
        )


def check_seen(network: FloatNetwork) -> None:
    """Raise `ValueError` where weights of nothing but 0 leave nothing of the input in the output."""
    seen: set[str] = {network.input.name}
    dead: list[str] = []
    for layer in network.layers:
        if isinstance(layer, FloatConvolution) and not layer.weight.any():
            dead.append(layer.name)
        elif any(name in seen for name in tensors_read(layer)):
            seen.add(layer.output)
    if dead and network.output not in seen:
        raise ValueError(
            f"layer {dead[0]}: its weights are all 0, so that the output is the same for every sample; "
            "train the network, or export it after its weights are loaded"
        )


def producer(network: FloatNetwork, tensor: str) -> str:
    """Return the layer that writes a tensor, or the input, as errors name it."""
    made = [layer.name for layer in network.layers if layer.output == tensor]
    return f"layer {made[0]}" if made else f"input {tensor}"


def spread(images: NDArray[Any], count: int) -> NDArray[Any]:
    """Return so many of the images, evenly spread, or all of fewer."""
    return images[:: max(1, len(images) // count)][:count]


def sample_values(network: FloatNetwork, images: NDArray[Any]) -> Samples:
    """Return values of every tensor, drawn at random from some of the images: [K] by name."""
    rng = np.random.default_rng(0)
    chosen = images[:: math.ceil(len(images) / SAMPLED_IMAGES)]
    drawn: dict[str, list[NDArray[np.float32]]] = {}
    for made in network.batches(chosen):
        for name, values in made.items():
            flat = values.reshape(len(values), -1)
            places = rng.integers(0, flat.shape[1], min(VALUES_AN_IMAGE, flat.shape[1]))
            drawn.setdefault(name, []).append(flat[:, places].ravel())
    return {name: np.concatenate(parts) for name, parts in drawn.items()}


def percentile_bits(values: NDArray[np.float32], percentile: float, largest: float, bits: int) -> int:
    """Return the fraction bits of a range that holds this percentage of the magnitudes; `largest` if that is zero."""
    reach = float(np.percentile(np.abs(values), percentile))
    return fraction_bits(reach if reach > 0 else largest, bits)


def least_squares_bits(values: NDArray[np.float32], largest: float, bits: int) -> int:
    """Return the fraction bits that lose least, rounding and clipping together, from those that hold `largest` up."""
    first = fraction_bits(largest, bits)
    low, high = limits(bits)
    wide = values.astype(np.float64)
    losses = []
    for frac_bits in range(first, first + LARGEST_CLIP + 1):
        scale = 2.0**frac_bits
        kept = np.clip(np.floor(wide * scale + 0.5), low, high) / scale
        losses.append(float(((kept - wide) ** 2).sum()))
    return first + int(np.argmin(losses))
