"""Describes an integer program: layers, work, bytes, formats and the proof of every accumulator."""

from dataclasses import asdict, dataclass
from typing import Any

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
    Upsample,
    channels_written,
    clip_limits,
    weight_bytes,
)
from peephole.fixedpoint.program import IntegerProgram
from peephole.fixedpoint.proof import Range, headroom_bits
from peephole.fixedpoint.window import Pair, Windowed


@dataclass(frozen=True)
class LayerDescription:
    """One layer. Shapes are (height, width, channels); bytes of weights count biases and formats too.

    other: the second tensor that an addition reads. clip: the least and the greatest integer that is written.
    """

    name: str
    kind: str
    input: str
    other: str | None
    output: str
    input_shape: tuple[int, int, int]
    output_shape: tuple[int, int, int]
    window: str
    relu: bool
    clip: tuple[int, int] | None
    weights: int
    macs: int
    weight_bytes: int
    output_bytes: int
    input_bits: int
    output_bits: int
    input_frac_bits: int
    output_frac_bits: int
    weight_frac_bits: tuple[int, int] | None
    norm: tuple[int, int] | None
    accumulation: str | None
    accumulator_bits: int | None
    headroom_bits: float | None
    proof: str


@dataclass(frozen=True)
class ProgramDescription:
    """A program, its totals and its layers in order. descriptor: channels of the output."""

    name: str
    identity: str
    model_id: str
    task: str
    input_kind: str
    input_shape: tuple[int, int]
    input_channels: int
    input_offset: int
    input_frac_bits: int
    crop: str
    output_shape: tuple[int, int, int]
    descriptor: int
    descriptor_frac_bits: int
    weights: int
    macs: int
    weight_bytes: int
    calibration: dict[str, Any] | None
    card: dict[str, Any]
    layers: tuple[LayerDescription, ...]

    def as_json(self) -> dict[str, Any]:
        """Return plain values for `json.dumps`."""
        return asdict(self)


def describe(program: IntegerProgram) -> ProgramDescription:
    """Describe a program."""
    ranges = program.value_ranges()
    layers = tuple(_layer(program, layer, ranges) for layer in program.layers)
    output = program.tensor(program.output)
    return ProgramDescription(
        name=program.name,
        identity=program.identity,
        model_id=program.model_id,
        task=program.task,
        input_kind=program.input_kind,
        input_shape=(program.input.height, program.input.width),
        input_channels=program.input.channels,
        input_offset=program.input_offset,
        input_frac_bits=program.input.frac_bits,
        crop=program.crop,
        output_shape=output.shape,
        descriptor=output.channels,
        descriptor_frac_bits=output.frac_bits,
        weights=sum(layer.weights for layer in layers),
        macs=sum(layer.macs for layer in layers) * program.passes,
        weight_bytes=sum(layer.weight_bytes for layer in layers),
        calibration=asdict(program.calibration) if program.calibration else None,
        card=dict(program.card),
        layers=layers,
    )


def table(description: ProgramDescription) -> str:
    """Return a description as aligned text; bits: of what a layer reads, and writes where that differs."""
    room = max([24, *(len(layer.name) + 1 for layer in description.layers)])
    titles = f"{'output':>12}{'MACs':>12}{'bytes':>11}{'in':>4}{'w':>8}{'out':>4}{'bits':>6}  accumulator"
    lines = [f"{'layer':<{room}}{titles}"]
    for layer in description.layers:
        shape = "x".join(map(str, layer.output_shape))
        weight = "" if layer.weight_frac_bits is None else "..".join(map(str, layer.weight_frac_bits))
        alike = layer.input_bits == layer.output_bits
        bits = f"{layer.input_bits}" if alike else f"{layer.input_bits}>{layer.output_bits}"
        lines.append(
            f"{layer.name:<{room}}{shape:>12}{layer.macs:>12,}{layer.weight_bytes:>11,}"
            f"{layer.input_frac_bits:>4}{weight:>8}{layer.output_frac_bits:>4}{bits:>6}  {layer.proof}"
        )
    passes = description.macs // (sum(layer.macs for layer in description.layers) or 1)
    total = "total" if passes <= 1 else f"total, {passes} passes"
    lines.append(f"{total:<{room}}{'':>12}{description.macs:>12,}{description.weight_bytes:>11,}")
    return "\n".join(lines)


def _layer(program: IntegerProgram, layer: Layer, ranges: dict[str, Range]) -> LayerDescription:
    source, out = program.tensor(layer.input), program.tensor(layer.output)
    conv = layer if isinstance(layer, Convolution) else None
    channels = channels_written(layer, source.channels)
    shape = (out.height, out.width, channels)
    spare = headroom_bits(conv, ranges) if conv else None
    weights = conv.weight.size if conv else 0
    return LayerDescription(
        name=layer.name,
        kind=layer.kind,
        input=layer.input,
        other=layer.other if isinstance(layer, Add) else None,
        output=layer.output,
        input_shape=source.shape,
        output_shape=shape,
        window=_window(layer),
        relu=isinstance(layer, Clipped) and layer.relu,
        clip=clip_limits(layer, out.bits) if isinstance(layer, Clipped) else None,
        weights=weights,
        macs=weights * out.height * out.width,
        weight_bytes=weight_bytes(layer),
        output_bytes=out.bits // 8 * shape[0] * shape[1] * channels,
        input_bits=source.bits,
        output_bits=out.bits,
        input_frac_bits=source.frac_bits,
        output_frac_bits=out.frac_bits,
        weight_frac_bits=_span(conv.weight_frac_bits) if conv else None,
        norm=_span(conv.norm) if conv else None,
        accumulation=conv.accumulation if conv else None,
        accumulator_bits=conv.accumulator_bits if conv else None,
        headroom_bits=spare,
        proof=_proof(layer, spare),
    )


def _span(values: Any) -> tuple[int, int]:
    return (int(values.min()), int(values.max()))


def _window(layer: Layer) -> str:
    match layer:
        case Conv2d() | DepthwiseConv2d():
            groups = f" groups {layer.groups}" if isinstance(layer, Conv2d) and layer.groups > 1 else ""
            return f"{_moves(layer)} pad {_pair(layer.window.padding)}{groups}"
        case Add():
            return f"shifts {layer.shift} and {layer.other_shift} norm {layer.norm}"
        case MaxPool():
            return _moves(layer) + _padded(layer)
        case AveragePool():
            return _moves(layer) + _padded(layer) + (" counted" if layer.counts_padding else "")
        case CopyChannels():
            return f"channels {layer.first} to {layer.first + layer.count - 1} shift {layer.shift}"
        case ShuffleChannels():
            return f"groups {layer.groups}"
        case Upsample():
            return "by 2"
        case GlobalAveragePool():
            return f"factor {layer.factor} shift {layer.shift}"
        case L2Normalize():
            return "whole"


def _moves(layer: Windowed) -> str:
    window = layer.window
    dilated = f" dilation {_pair(window.dilation)}" if window.dilation != (1, 1) else ""
    return f"{window.size[0]}x{window.size[1]}/{_pair(window.stride)}{dilated}"


def _padded(layer: Windowed) -> str:
    padding = layer.window.padding
    return f" pad {_pair(padding)}" if any(padding) else ""


def _pair(pair: Pair) -> str:
    return str(pair[0]) if pair[0] == pair[1] else f"{pair[0]},{pair[1]}"


def _proof(layer: Layer, spare: float | None) -> str:
    if not isinstance(layer, Convolution) or spare is None:
        if isinstance(layer, AveragePool):
            return "32-bit sum"
        if isinstance(layer, CopyChannels) and layer.shift < 0:
            return "rounded"
        return "64-bit sum" if isinstance(layer, GlobalAveragePool | L2Normalize) else "exact"
    if spare < 0:
        return f"{layer.accumulator_bits} bits, may wrap: bound {-spare:.1f} bits too large"
    return f"{layer.accumulator_bits} bits, proved, {spare:.1f} bits to spare"
