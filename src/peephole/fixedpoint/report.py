"""What quantization cost, layer by layer: formats, bits given up, headroom, range used, noise, clipping."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from peephole.fixedpoint import interpreter
from peephole.fixedpoint.float_network import FloatNetwork
from peephole.fixedpoint.formats import limits, to_float
from peephole.fixedpoint.layers import Convolution, Layer
from peephole.fixedpoint.program import LANDMARKS, NETWORK, IntegerProgram
from peephole.fixedpoint.proof import headroom_bits
from peephole.fixedpoint.samples import as_integers


@dataclass(frozen=True)
class LayerReport:
    """One layer.

    bits: of what it reads, and of its weights. weight_frac_bits: least and most over the output channels.
    bits_given_up: the most that a channel gave up; channels_given_up: how many gave up any. headroom_bits: between the
    proved bound and the accumulator's limit. range_used: largest output over 32767, or 127 of 8 bits. snr_db: signal to
    noise against the float network, of this layer's output with everything before it quantized too. clipped: outputs
    at the limits; clipped_share: of all.
    """

    name: str
    kind: str
    bits: int
    input_frac_bits: int
    output_frac_bits: int
    weight_frac_bits: tuple[int, int] | None
    bits_given_up: int
    channels_given_up: int
    accumulator_bits: int | None
    headroom_bits: float | None
    range_used: float
    snr_db: float
    clipped: int
    clipped_share: float


def finite(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return plain values with None for every number that JSON cannot hold."""
    return {key: _finite(value) for key, value in record.items()}


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return finite(value)
    if isinstance(value, list | tuple):
        return [_finite(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


@dataclass(frozen=True)
class QuantizationReport:
    """The whole program. output: what its last layers give, a descriptor or points; output_snr_db: its noise."""

    program: str
    identity: str
    calibration_images: int
    measured_images: int
    output: str
    output_snr_db: float
    layers: tuple[LayerReport, ...]

    def as_json(self) -> dict[str, Any]:
        """Return plain values for `json.dumps`: null for the decibels of what is exact."""
        return finite(asdict(self))

    def table(self) -> str:
        """Return the report as aligned text."""
        head = f"{'layer':<24}{'bits':>5}{'in':>4}{'w':>8}{'out':>4}{'given up':>12}{'acc':>5}{'spare':>7}"
        lines = [f"{head}{'range':>7}{'dB':>7}{'clip':>9}"]
        for layer in self.layers:
            weight = "" if layer.weight_frac_bits is None else "..".join(map(str, layer.weight_frac_bits))
            given = f"{layer.bits_given_up} in {layer.channels_given_up}" if layer.bits_given_up else ""
            spare = "" if layer.headroom_bits is None else f"{layer.headroom_bits:.1f}"
            lines.append(
                f"{layer.name:<24}{layer.bits:>5}{layer.input_frac_bits:>4}{weight:>8}{layer.output_frac_bits:>4}"
                f"{given:>12}{layer.accumulator_bits or '':>5}{spare:>7}{layer.range_used:>7.2f}{layer.snr_db:>7.1f}"
                f"{layer.clipped_share:>9.3%}"
            )
        lines.append(f"{self.output}: {self.output_snr_db:.1f} dB over {self.measured_images} samples")
        return "\n".join(lines)


@dataclass
class _Tally:
    signal: float = 0.0
    noise: float = 0.0
    largest: int = 0
    clipped: int = 0
    count: int = 0

    def add(self, exact: NDArray[Any], integers: NDArray[Any], frac_bits: int) -> None:
        wide = exact.astype(np.float64)
        self.signal += float((wide**2).sum())
        self.noise += float(((wide - to_float(integers, frac_bits)) ** 2).sum())
        self.largest = max(self.largest, int(np.abs(integers.astype(np.int32)).max()))
        self.count += integers.size
        ends = np.iinfo(integers.dtype)
        self.clipped += int(((integers == ends.max) | (integers == ends.min)).sum())

    @classmethod
    def of(cls, parts: Sequence["_Tally"]) -> "_Tally":
        """Return that of a tensor whose slices of channels have these."""
        return cls(sum(part.signal for part in parts), sum(part.noise for part in parts))

    @property
    def snr_db(self) -> float:
        return 10 * math.log10(self.signal / self.noise) if self.signal and self.noise else math.inf


def measure(
    program: IntegerProgram,
    network: FloatNetwork,
    images: NDArray[Any],
    given_up: Mapping[str, NDArray[np.int64]],
    calibration_images: int = 0,
) -> QuantizationReport:
    """Compare program and network over `images`, as the network takes them, by the NumPy interpreter.

    given_up: weight bits, int64 [O] by convolution (`quantize.to_program`).
    """
    tallies = {layer.name: _Tally() for layer in program.layers}
    for image in images:
        exact = network.activations(image[None])
        integers = interpreter.run(program, as_integers(program, image))
        for layer in program.layers:
            values = integers[layer.name]
            twin = exact[layer.output][0, ..., layer.channel : layer.channel + values.shape[2]]
            tallies[layer.name].add(twin, values, program.tensor(layer.output).frac_bits)
    layers = tuple(_layer(program, layer, tallies[layer.name], given_up) for layer in program.layers)
    last = _Tally.of([tallies[layer.name] for layer in program.layers if layer.output == program.output])
    return QuantizationReport(
        program=program.name,
        identity=program.identity,
        calibration_images=calibration_images,
        measured_images=len(images),
        output={LANDMARKS: "points", NETWORK: "output"}.get(program.task, "descriptor"),
        output_snr_db=last.snr_db,
        layers=layers,
    )


def _layer(
    program: IntegerProgram, layer: Layer, tally: _Tally, given_up: Mapping[str, NDArray[np.int64]]
) -> LayerReport:
    weight_frac_bits: tuple[int, int] | None = None
    spare = accumulator = None
    lost = given_up.get(layer.name, np.zeros(1, np.int64))
    if isinstance(layer, Convolution):
        weight_frac_bits = (int(layer.weight_frac_bits.min()), int(layer.weight_frac_bits.max()))
        accumulator = layer.accumulator_bits
        spare = headroom_bits(layer, program.value_ranges())
    return LayerReport(
        name=layer.name,
        kind=layer.kind,
        bits=program.tensor(layer.input).bits,
        input_frac_bits=program.tensor(layer.input).frac_bits,
        output_frac_bits=program.tensor(layer.output).frac_bits,
        weight_frac_bits=weight_frac_bits,
        bits_given_up=int(lost.max()),
        channels_given_up=int((lost > 0).sum()),
        accumulator_bits=accumulator,
        headroom_bits=spare,
        range_used=tally.largest / limits(program.tensor(layer.output).bits)[1],
        snr_db=tally.snr_db,
        clipped=tally.clipped,
        clipped_share=tally.clipped / max(1, tally.count),
    )
