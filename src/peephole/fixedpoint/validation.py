"""The rules that every integer program keeps; each broken one is a sentence naming layer and cause."""

from collections.abc import Mapping, Sequence

import numpy as np

from peephole.fixedpoint.averages import counts_of
from peephole.fixedpoint.formats import WIDTHS, limits
from peephole.fixedpoint.layers import (
    Add,
    AveragePool,
    Clipped,
    Conv2d,
    Convolution,
    CopyChannels,
    DepthwiseConv2d,
    GlobalAveragePool,
    L2Normalize,
    Layer,
    MaxPool,
    ShuffleChannels,
    Tensor,
    Upsample,
    add_shifts,
    channels_written,
    clip_limits,
    tensors_read,
)
from peephole.fixedpoint.proof import Range, fits_32_bits, value_ranges

IMAGE = "image"
TENSOR = "tensor"
INPUT_KINDS = (IMAGE, TENSOR)
LARGEST_SIDE = 4096
LARGEST_NORM = 31
LARGEST_DEPTHWISE_KERNEL = 64
LARGEST_AVERAGE_POOL = 65_535  # values under a window: so many of 16 bits have a sum of 32
FRAC_BITS = range(-16, 48)


def check(
    input_tensor: Tensor,
    input_offset: int,
    tensors: Sequence[Tensor],
    layers: Sequence[Layer],
    output: str,
    input_kind: str = IMAGE,
) -> None:
    """Raise `ValueError` unless tensors and layers form a program that the kernels run safely."""
    _check_input(input_tensor, input_offset, input_kind)
    known: dict[str, Tensor] = {}
    for tensor in (input_tensor, *tensors):
        _check_tensor(tensor, known)
        known[tensor.name] = tensor
    _check_order(input_tensor.name, known, layers, output)
    ranges = value_ranges(
        input_tensor.name,
        input_offset,
        layers,
        {tensor.name: tensor.bits for tensor in known.values()},
        None if input_kind == IMAGE else limits(input_tensor.bits),
    )
    for layer in layers:
        _check_layer(layer, known)
        if isinstance(layer, Convolution) and _may_wrap(layer, ranges[layer.input]):
            raise _wrong(layer, "its sums may exceed 32 bits; give up weight bits or set accumulator_bits to 64")


def _check_input(tensor: Tensor, offset: int, kind: str) -> None:
    if kind not in INPUT_KINDS:
        raise ValueError(f"input kind {kind!r} must be one of {', '.join(INPUT_KINDS)}")
    if kind == TENSOR:
        if offset != 0:
            raise ValueError(f"input {tensor.name}: integers that the caller quantizes have no offset, not {offset}")
        return
    if not 0 <= offset <= 255:
        raise ValueError(f"the input's offset must be 0 to 255, not {offset}")
    if tensor.channels != 1:
        raise ValueError(
            f"input {tensor.name}: must have one channel, a grey image, not {tensor.channels}; "
            f"what has more enters as input kind {TENSOR}"
        )
    if tensor.bits == 8 and offset != 128:
        raise ValueError(f"input {tensor.name}: a pixel less {offset} does not fit 8 bits; 128 does")


def check_vector(tensors: Mapping[str, Tensor], output: str) -> None:
    """Raise `ValueError` unless the output is one pixel, as a descriptor is."""
    if tensors[output].shape[:2] != (1, 1):
        raise ValueError(f"output {output!r}: must name a tensor of height and width 1")


def _may_wrap(layer: Convolution, inputs: Range) -> bool:
    narrow = (layer.accumulation, layer.accumulator_bits) == ("full", 32)
    return narrow and not fits_32_bits(layer, inputs)


def _check_layer(layer: Layer, known: dict[str, Tensor]) -> None:
    source, out = known[layer.input], known[layer.output]
    _check_width(layer, source, out)
    match layer:
        case Conv2d() | DepthwiseConv2d():
            _check_convolution(layer, source, out)
        case Add():
            _check_add(layer, source, known[layer.other], out)
        case MaxPool():
            _check_max_pool(layer, source, out)
        case AveragePool():
            _check_average_pool(layer, source, out)
        case GlobalAveragePool():
            _check_average(layer, source, out)
        case CopyChannels():
            _check_copy(layer, source, out)
        case ShuffleChannels():
            _check_shuffle(layer, source, out)
        case Upsample():
            _check_upsample(layer, source, out)
        case L2Normalize():
            _check_normalize(layer, source, out)


def _wrong(layer: Layer, what: str) -> ValueError:
    return ValueError(f"layer {layer.name}: {what}")


def _check_tensor(tensor: Tensor, known: dict[str, Tensor]) -> None:
    if not tensor.name or tensor.name in known:
        raise ValueError(f"tensor {tensor.name!r}: every tensor needs a name of its own")
    if not all(1 <= side <= LARGEST_SIDE for side in tensor.shape):
        raise ValueError(f"tensor {tensor.name}: its sides {tensor.shape} must be 1 to {LARGEST_SIDE}")
    if tensor.bits not in WIDTHS:
        raise ValueError(f"tensor {tensor.name}: {tensor.bits} bits are not supported; use 8 or 16")
    if tensor.frac_bits not in FRAC_BITS:
        raise ValueError(f"tensor {tensor.name}: {tensor.frac_bits} fraction bits are out of range")


def _writes(layer: Layer, known: dict[str, Tensor]) -> range:
    return range(layer.channel, layer.channel + channels_written(layer, known[layer.input].channels))


def _check_order(start: str, known: dict[str, Tensor], layers: Sequence[Layer], output: str) -> None:
    missing = {name: set(range(tensor.channels)) for name, tensor in known.items()}
    missing[start] = set()
    names: set[str] = set()
    for layer in layers:
        if not layer.name or layer.name in names:
            raise _wrong(layer, "every layer needs a name of its own")
        names.add(layer.name)
        for tensor in (*tensors_read(layer), layer.output):
            if tensor not in known:
                raise _wrong(layer, f"there is no tensor {tensor!r}")
        for tensor in tensors_read(layer):
            if missing[tensor]:
                raise _wrong(layer, f"reads tensor {tensor} before all its channels are written")
        written = set(_writes(layer, known))
        if not written <= missing[layer.output]:
            raise _wrong(layer, f"writes channels of tensor {layer.output} that do not exist or are written already")
        missing[layer.output] -= written
    unwritten = [name for name, channels in missing.items() if channels]
    if unwritten:
        raise ValueError(f"tensor {unwritten[0]}: no layer writes all its channels")
    if output not in known or output == start:
        raise ValueError(f"output {output!r}: must name a tensor that a layer writes")


def _check_width(layer: Layer, source: Tensor, out: Tensor) -> None:
    match layer:
        case L2Normalize():
            possible: tuple[int, ...] = (16,)
        case Conv2d() | DepthwiseConv2d() | AveragePool() | GlobalAveragePool():
            possible = (8, 16) if source.bits == 8 else (16,)
        case CopyChannels():
            possible = (8, 16)
        case _:
            possible = (source.bits,)
    if out.bits not in possible:
        wanted = " or ".join(map(str, possible))
        raise _wrong(layer, f"reads {source.bits} bits and writes {out.bits} to tensor {out.name}, must write {wanted}")


def _check_window(layer: Convolution | MaxPool | AveragePool, source: Tensor, out: Tensor) -> None:
    window = layer.window
    numbers = (*window.size, *window.stride, *window.dilation)
    hangs_out = any(before >= reach for before, reach in zip(window.padding, window.extent, strict=True))
    if min(numbers) < 1 or max(numbers) > LARGEST_SIDE or min(window.padding) < 0 or hangs_out:
        kernel = f"kernel {window.size}, stride {window.stride}, padding {window.padding}, dilation {window.dilation}"
        raise _wrong(layer, f"{kernel} make no sense together")
    least, most = window.fitting(source.height, source.width), window.beginning(source.height, source.width)
    made = (out.height, out.width)
    if not all(a <= b <= c for a, b, c in zip(least, made, most, strict=True)):
        spread = f"{least[0]}x{least[1]}" if least == most else f"{least[0]}x{least[1]} to {most[0]}x{most[1]}"
        raise _wrong(layer, f"makes {spread}, tensor {out.name} is {out.height}x{out.width}")


def _check_rows(layer: Layer, source: Tensor, out: Tensor) -> None:
    if source.shape[:2] != out.shape[:2]:
        raise _wrong(layer, f"makes {source.height}x{source.width}, tensor {out.name} is {out.height}x{out.width}")


def _check_format(layer: Layer, source: Tensor, out: Tensor) -> None:
    if source.frac_bits != out.frac_bits:
        raise _wrong(layer, f"input has {source.frac_bits} fraction bits, output {out.frac_bits}; they must agree")


def _check_clip(layer: Clipped, out: Tensor) -> None:
    if layer.relu and layer.floor is not None:
        raise _wrong(layer, f"has both ReLU and a floor of {layer.floor}; leave one out")
    (low, high), (least, greatest) = clip_limits(layer, out.bits), limits(out.bits)
    if not least <= low <= high <= greatest:
        raise _wrong(layer, f"clips to {low}..{high}, which is no range of {out.bits} bits; choose another format")


def _check_convolution(layer: Convolution, source: Tensor, out: Tensor) -> None:
    _check_weight(layer, source)
    for name, dtype in (("bias", np.int32), ("norm", np.uint8), ("weight_frac_bits", np.int8)):
        array = getattr(layer, name)
        if array.dtype != dtype or array.shape != (layer.channels,):
            raise _wrong(layer, f"{name} is {array.dtype} {array.shape}, must be {np.dtype(dtype)} ({layer.channels},)")
    _check_window(layer, source, out)
    _check_clip(layer, out)
    norm = source.frac_bits + layer.weight_frac_bits.astype(int) - out.frac_bits
    if not np.array_equal(norm, layer.norm):
        raise _wrong(layer, "norm is not input + weight - output fraction bits")
    if layer.norm.max() > LARGEST_NORM:
        raise _wrong(layer, f"norm {layer.norm.max()} is larger than {LARGEST_NORM}")
    if layer.accumulation not in ("full", "per_channel"):
        raise _wrong(layer, f"accumulation {layer.accumulation!r} is neither 'full' nor 'per_channel'")
    if source.bits == 8 and (layer.accumulation, layer.accumulator_bits) != ("full", 32):
        raise _wrong(layer, "of 8 bits there is only the accumulation 'full' with accumulator_bits 32")
    if layer.accumulator_bits not in ((32, 64) if layer.accumulation == "full" else (32,)):
        raise _wrong(layer, f"accumulator_bits {layer.accumulator_bits} does not exist for {layer.accumulation!r}")
    if layer.accumulation == "per_channel" and (layer.bias != layer.bias.astype(np.int16)).any():
        raise _wrong(layer, "per_channel biases must fit 16 bits")


def _check_weight(layer: Convolution, source: Tensor) -> None:
    weight = layer.weight
    if isinstance(layer, Conv2d):
        _check_groups(layer, source)
        inputs = source.channels // layer.groups
        wanted, fits = f"[O,KH,KW,{inputs}]", weight.ndim == 4 and weight.shape[3] == inputs
    else:
        wanted, fits = f"[{source.channels},KH,KW]", weight.ndim == 3 and weight.shape[0] == source.channels
    if not fits or weight.dtype != source.dtype:
        raise _wrong(layer, f"weights are {weight.dtype} {weight.shape}, must be int{source.bits} {wanted}")
    if isinstance(layer, DepthwiseConv2d) and weight[0].size > LARGEST_DEPTHWISE_KERNEL:
        raise _wrong(layer, f"a kernel of {weight[0].size} weights is larger than {LARGEST_DEPTHWISE_KERNEL}")


def _check_groups(layer: Conv2d, source: Tensor) -> None:
    if layer.groups < 1 or source.channels % layer.groups or layer.channels % layer.groups:
        raise _wrong(
            layer, f"{layer.groups} groups must divide its {source.channels} input and {layer.channels} output channels"
        )


def _check_add(layer: Add, source: Tensor, other: Tensor, out: Tensor) -> None:
    if source.shape != other.shape:
        raise _wrong(layer, f"adds tensors {source.name} and {other.name} of different shapes")
    if source.bits != other.bits:
        raise _wrong(layer, f"adds tensor {source.name} of {source.bits} bits and {other.name} of {other.bits}")
    _check_rows(layer, source, out)
    shifts = (layer.shift, layer.other_shift, layer.norm)
    exact = add_shifts(source.frac_bits, other.frac_bits, out.frac_bits)
    if shifts != exact:
        raise _wrong(layer, f"shifts and norm are {shifts}, the fraction bits of its tensors call for {exact}")
    if max(shifts) > LARGEST_NORM:
        raise _wrong(layer, f"a shift of {max(shifts)} is larger than {LARGEST_NORM}")
    _check_clip(layer, out)


def _check_pool(layer: MaxPool | AveragePool, source: Tensor, out: Tensor) -> None:
    _check_window(layer, source, out)
    if any(layer.window.steps_over(side, direction) for direction, side in enumerate(source.shape[:2])):
        raise _wrong(layer, f"a window hangs out of tensor {source.name} so far that it meets nothing; pad less")


def _check_max_pool(layer: MaxPool, source: Tensor, out: Tensor) -> None:
    _check_pool(layer, source, out)
    _check_format(layer, source, out)


def _check_average_pool(layer: AveragePool, source: Tensor, out: Tensor) -> None:
    _check_pool(layer, source, out)
    taps = layer.window.size[0] * layer.window.size[1]
    factors = layer.factors
    if taps > LARGEST_AVERAGE_POOL:
        raise _wrong(layer, f"averages windows of {taps:,} values, more than {LARGEST_AVERAGE_POOL:,}")
    if factors.dtype != np.int32 or factors.shape != (taps,):
        raise _wrong(layer, f"factors are {factors.dtype} {factors.shape}, must be int32 ({taps},)")
    if not 0 <= min(layer.padding_end) <= max(layer.padding_end) <= LARGEST_SIDE:
        raise _wrong(layer, f"padding of {layer.padding_end} at the end must be 0 to {LARGEST_SIDE}")
    if not 1 <= layer.shift <= 61 or factors.min() < 0:
        raise _wrong(layer, f"a factor is negative or shift {layer.shift} is not 1 to 61")
    for count in np.unique(counts_of(layer, source.shape[:2], out.shape[:2])):
        exact = 2.0 ** (layer.shift + out.frac_bits - source.frac_bits) / count
        if abs(int(factors[count - 1]) - exact) >= 1:
            what = f"factor {factors[count - 1]} with shift {layer.shift} is no mean of {count} values"
            raise _wrong(layer, f"{what}; {exact:.1f} would be")


def _check_copy(layer: CopyChannels, source: Tensor, out: Tensor) -> None:
    _check_rows(layer, source, out)
    if layer.first < 0 or layer.count < 1 or layer.first + layer.count > source.channels:
        read = f"reads channels {layer.first} to {layer.first + layer.count - 1} of tensor {source.name}"
        raise _wrong(layer, f"{read}, which has {source.channels}")
    exact = out.frac_bits - source.frac_bits
    if layer.shift != exact:
        raise _wrong(layer, f"shift is {layer.shift}, the fraction bits of its tensors call for {exact}")
    if abs(layer.shift) > LARGEST_NORM:
        raise _wrong(layer, f"a shift of {layer.shift} is beyond {LARGEST_NORM}")
    _check_clip(layer, out)


def _check_shuffle(layer: ShuffleChannels, source: Tensor, out: Tensor) -> None:
    _check_rows(layer, source, out)
    if layer.groups < 1 or source.channels % layer.groups:
        raise _wrong(layer, f"{layer.groups} groups must divide its {source.channels} channels")
    _check_format(layer, source, out)


def _check_upsample(layer: Upsample, source: Tensor, out: Tensor) -> None:
    height, width = 2 * source.height, 2 * source.width
    if (out.height, out.width) != (height, width):
        raise _wrong(layer, f"makes {height}x{width}, tensor {out.name} is {out.height}x{out.width}")
    _check_format(layer, source, out)


def _check_average(layer: GlobalAveragePool, source: Tensor, out: Tensor) -> None:
    if (out.height, out.width) != (1, 1):
        raise _wrong(layer, f"makes 1x1, tensor {out.name} is {out.height}x{out.width}")
    if not (1 <= layer.shift <= 61 and 1 <= layer.factor < 1 << 31):
        raise _wrong(layer, f"factor {layer.factor} or shift {layer.shift} is out of range")
    if source.height * source.width > (1 << 62) // (1 << 15) // layer.factor:
        raise _wrong(layer, f"factor {layer.factor} makes sums of {source.height}x{source.width} exceed 62 bits")
    exact = 2.0 ** (layer.shift + out.frac_bits - source.frac_bits) / (source.height * source.width)
    if abs(layer.factor - exact) >= 1:
        raise _wrong(layer, f"factor {layer.factor} with shift {layer.shift} is not a mean; {exact:.1f} would be")


def _check_normalize(layer: L2Normalize, source: Tensor, out: Tensor) -> None:
    if source.shape[:2] != (1, 1) or source.shape != out.shape:
        raise _wrong(layer, f"tensors {source.name} and {out.name} must be vectors of the same length")
    if not (0 <= layer.frac_bits <= 14 and layer.frac_bits == out.frac_bits):
        raise _wrong(layer, f"its {layer.frac_bits} fraction bits must be 0 to 14 and those of tensor {out.name}")
