"""The integer program: what quantization makes, what the kernels run, what a device carries."""

import dataclasses
import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, get_args

import numpy as np

from peephole.fixedpoint import storage
from peephole.fixedpoint.formats import limits
from peephole.fixedpoint.layers import (
    Conv2d,
    Convolution,
    DepthwiseConv2d,
    L2Normalize,
    Layer,
    Tensor,
)
from peephole.fixedpoint.proof import Range, value_ranges
from peephole.fixedpoint.validation import IMAGE, LARGEST_NORM, TENSOR, check, check_vector

KIND = "integer program"
LAYERS: dict[str, type[Layer]] = {cls.kind: cls for cls in get_args(Layer)}
WEIGHTED = (Conv2d.kind, DepthwiseConv2d.kind)
FORMATS = "weight_frac_bits"
CROPS = ("detect", "aligned", "center")
RECOGNISE = "recognise"
LANDMARKS = "landmarks"
NETWORK = "network"
TASKS = (RECOGNISE, LANDMARKS, NETWORK)


@dataclass(frozen=True)
class Spread:
    """How sure one point of a calibration is; each interval is (low, high) and holds 95 %.

    accepted: pairs of different people within the point's distance.
    wilson: rate, as if pairs were independent (`evaluation.calibration.wilson`).
    rate: rate at the point's distance, over people drawn anew.
    distance: squared distance that the point's rate gives, over people drawn anew.
    """

    accepted: int
    wilson: tuple[float, float]
    rate: tuple[float, float]
    distance: tuple[int, int]


@dataclass(frozen=True)
class Calibration:
    """Squared distances at which different people are taken for one at a given rate.

    points: (false-accept rate, squared L2 distance of integer descriptors), rates rising.
    source: on what it was measured.
    crop: how the faces were cut; distances hold for this crop alone.
    pairs: how many pairs of different people there were; 0 where that was not kept.
    spreads: one a point; empty where they were not kept.
    """

    points: tuple[tuple[float, int], ...]
    source: str
    crop: str = "detect"
    pairs: int = 0
    spreads: tuple[Spread, ...] = ()

    def __post_init__(self) -> None:
        """Check that both columns rise."""
        if self.spreads and len(self.spreads) != len(self.points):
            raise ValueError("a calibration needs one interval a point, or none")
        rates = [rate for rate, _ in self.points]
        distances = [distance for _, distance in self.points]
        if not self.points or not all(0 < rate < 1 for rate in rates):
            raise ValueError("a calibration needs points with rates between 0 and 1")
        if rates != sorted(set(rates)) or distances != sorted(distances) or distances[0] < 0:
            raise ValueError("a calibration's rates and distances must rise together")

    def distance_at(self, rate: float) -> int:
        """Return the squared distance below which strangers are accepted at `rate`.

        Between two points it follows the logarithm of the rate. Raises `ValueError` outside of them.
        """
        first, last = self.points[0][0], self.points[-1][0]
        if not first <= rate <= last:
            raise ValueError(f"false-accept rate {rate:g} is not calibrated; choose one from {first:g} to {last:g}")
        for (low, near), (high, far) in zip(self.points, self.points[1:], strict=False):
            if low <= rate <= high:
                share = math.log(rate / low) / math.log(high / low)
                return near + math.floor(share * (far - near))
        return self.points[0][1]


@dataclass(frozen=True, eq=False)
class IntegerProgram:
    """A network in integers: grey image uint8 [H,W] -> descriptor int16 [D].

    The image enters as `pixel - input_offset` in tensor `input`. Layers run in order; `tensors` are
    those they write. `crop` says how faces are cut for it, and `task` what the output tells: a face's
    descriptor, or (`landmarks`) five points, x and y in half sides of the input, or (`network`)
    whatever else, of any shape. A `network` may also have the `input_kind` `tensor`: integers [H,W,C]
    in the input's own format, which the caller quantizes. A `mirrored` program
    describes a face and its mirror image: all layers but the last run on either, and the last, an
    `L2Normalize`, reads half the sum of the two vectors, rounded. Every instance keeps the rules of
    `validation.check`; an accumulator that says 32 bits is proved not to overflow.
    """

    name: str
    input: Tensor
    input_offset: int
    tensors: tuple[Tensor, ...]
    layers: tuple[Layer, ...]
    output: str
    crop: str = "detect"
    calibration: Calibration | None = None
    card: Mapping[str, Any] = field(default_factory=dict)
    task: str = RECOGNISE
    mirrored: bool = False
    input_kind: str = IMAGE

    def __post_init__(self) -> None:
        """Check every rule. Raises `ValueError` naming the layer and what is wrong."""
        if self.crop not in CROPS:
            raise ValueError(f"crop {self.crop!r} must be one of {', '.join(CROPS)}")
        if self.task not in TASKS:
            raise ValueError(f"task {self.task!r} must be one of {', '.join(TASKS)}")
        if self.input_kind == TENSOR and self.task != NETWORK:
            raise ValueError(f"a program for the task {self.task} takes images; input kind {TENSOR} is for {NETWORK}")
        check(self.input, self.input_offset, self.tensors, self.layers, self.output, self.input_kind)
        if self.task != NETWORK:
            check_vector(self.tensor_table, self.output)
        if self.mirrored and not isinstance(self.layers[-1], L2Normalize):
            raise ValueError(f"a mirrored program must end in {L2Normalize.kind}, not in {self.layers[-1].kind}")

    @property
    def passes(self) -> int:
        """How many times the layers run for a face."""
        return 2 if self.mirrored else 1

    @cached_property
    def tensor_table(self) -> dict[str, Tensor]:
        """All tensors by name, the input too."""
        return {tensor.name: tensor for tensor in (self.input, *self.tensors)}

    def tensor(self, name: str) -> Tensor:
        """Return the tensor of this name."""
        return self.tensor_table[name]

    def value_ranges(self) -> dict[str, Range]:
        """Return the least and the greatest integer that each tensor can hold, by name."""
        bits = {name: tensor.bits for name, tensor in self.tensor_table.items()}
        inputs = None if self.input_kind == IMAGE else limits(self.input.bits)
        return value_ranges(self.input.name, self.input_offset, self.layers, bits, inputs)

    @property
    def descriptor_size(self) -> int:
        """Values in a descriptor."""
        return self.tensor(self.output).channels

    @cached_property
    def identity(self) -> str:
        """SHA-256 (hex) over everything that decides a descriptor: structure, weights, crop, task.

        Name, calibration and card may change without changing it.
        """
        arrays: storage.Arrays = {}
        structure = self._structure(arrays)
        digest = hashlib.sha256(json.dumps(structure, sort_keys=True).encode())
        for name in sorted(arrays):
            array = arrays[name]
            digest.update(f"{name} {array.dtype.str} {array.shape}".encode())
            digest.update(array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes())
        return digest.hexdigest()

    @property
    def model_id(self) -> str:
        """First 16 hex digits of the identity; stored with every descriptor."""
        return self.identity[:16]

    def with_calibration(self, calibration: Calibration) -> "IntegerProgram":
        """Return the same program with thresholds."""
        return dataclasses.replace(self, calibration=calibration)

    def expect_task(self, task: str) -> None:
        """Raise `ValueError` where the program is for something else."""
        if self.task != task:
            raise ValueError(f"program {self.name} is for the task {self.task}, not {task}; name another program")

    def thresholds(self, crop: str) -> Calibration:
        """Return the thresholds for faces cut by `crop`.

        Raises `ValueError` where there are none: a better or worse cut moves every distance.
        """
        if self.calibration is None:
            raise ValueError(
                f"program {self.name} has no thresholds, so nobody can be recognised by it; "
                "quantize it with --calibration of packed training faces"
            )
        if self.calibration.crop != crop:
            raise ValueError(
                f"program {self.name} has thresholds for crop {self.calibration.crop}, not for crop {crop}; "
                "its distances mean nothing there"
            )
        return self.calibration

    def _structure(self, arrays: storage.Arrays) -> dict[str, Any]:
        # The first programs had none of these: without them they keep the identity under which descriptors are stored.
        later: dict[str, Any] = {} if self.task == RECOGNISE else {"task": self.task}
        if self.mirrored:
            later["mirrored"] = True
        if self.input_kind != IMAGE:
            later["input_kind"] = self.input_kind
        return later | {
            "input": storage.to_record(self.input, arrays),
            "input_offset": self.input_offset,
            "tensors": [storage.to_record(tensor, arrays) for tensor in self.tensors],
            "layers": [storage.to_record(layer, arrays) for layer in self.layers],
            "output": self.output,
            "crop": self.crop,
        }

    def save(self, path: Path | str) -> None:
        """Write the program as .safetensors. Raises `OSError` where that fails.

        To save space the formats of all weights are one array, and `norm`, which follows from them,
        is left out; `load` checks the identity.
        """
        arrays: storage.Arrays = {}
        structure = self._structure(arrays) | {"name": self.name, "card": dict(self.card), "identity": self.identity}
        arrays = {name: array for name, array in arrays.items() if not name.endswith((".norm", f".{FORMATS}"))}
        formats = [layer.weight_frac_bits for layer in self.layers if isinstance(layer, Convolution)]
        arrays[FORMATS] = np.concatenate([np.zeros(0, np.int8), *formats])
        if self.calibration is not None:
            structure["calibration"] = dataclasses.asdict(self.calibration)
        storage.write(Path(path), KIND, structure, arrays)

    @classmethod
    def load(cls, path: Path | str) -> "IntegerProgram":
        """Read a program.

        Raises `FileNotFoundError`, or `ValueError` with one sentence for a truncated or foreign
        file or a broken rule.
        """
        structure, arrays = storage.read(Path(path), KIND)
        try:
            tensors = tuple(storage.from_record(Tensor, r, arrays) for r in _list(structure, "tensors"))
            start = storage.from_record(Tensor, structure.get("input"), arrays)
            layers = _list(structure, "layers")
            arrays |= _formats(layers, arrays, {tensor.name: tensor.frac_bits for tensor in (start, *tensors)})
            program = cls(
                name=_text(structure, "name"),
                input=start,
                input_offset=_whole(structure, "input_offset"),
                tensors=tensors,
                layers=tuple(_layer(record, arrays) for record in layers),
                output=_text(structure, "output"),
                crop=_text(structure, "crop"),
                calibration=_calibration(structure.get("calibration")),
                card=_card(structure.get("card")),
                task=_text({"task": RECOGNISE} | structure, "task"),
                mirrored=structure.get("mirrored") is True,
                input_kind=_text({"input_kind": IMAGE} | structure, "input_kind"),
            )
            if program.identity != structure.get("identity"):
                raise ValueError("its identity does not match its content; it was altered or damaged, fetch it again")
            return program
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from error
        except OverflowError as error:
            raise ValueError(f"{path}: a number in it is too large; it is damaged, fetch it again") from error


def _text(structure: dict[str, Any], key: str) -> str:
    value = structure.get(key)
    if not isinstance(value, str):
        raise ValueError(f"its {key} is missing or not a text")
    return value


def _whole(structure: dict[str, Any], key: str) -> int:
    value = structure.get(key)
    if type(value) is not int:
        raise ValueError(f"its {key} is missing or not a whole number")
    return value


def _list(structure: dict[str, Any], key: str) -> list[Any]:
    value = structure.get(key)
    if not isinstance(value, list):
        raise ValueError(f"its {key} are missing or not a list")
    return value


def _card(record: Any) -> dict[str, Any]:
    if not isinstance(record, dict):
        raise ValueError("its card is missing or not an object")
    return record


def _layer(record: Any, arrays: storage.Arrays) -> Layer:
    kind = record.get("kind") if isinstance(record, dict) else None
    if not isinstance(kind, str) or kind not in LAYERS:
        raise ValueError(f"a layer of kind {kind!r} is unknown; there are {', '.join(LAYERS)}")
    return storage.from_record(LAYERS[kind], record, arrays)


def _formats(records: list[Any], arrays: storage.Arrays, frac_bits: Mapping[str, int]) -> storage.Arrays:
    """Cut the one array of formats into those of every convolution, and add the norms that follow from them."""
    made: storage.Arrays = {}
    start = 0
    for record in records:
        if not isinstance(record, dict) or record.get("kind") not in WEIGHTED:
            continue
        name = str(record.get("name"))
        try:
            entered, left = frac_bits[record["input"]], frac_bits[record["output"]]
            stop = start + len(arrays[f"{name}.bias"])
            bits = arrays[FORMATS][start:stop]
        except (KeyError, TypeError) as error:
            raise ValueError(f"layer {name}: has no {error}") from error
        norm = entered + bits.astype(np.int64) - left
        if norm.size and not 0 <= norm.min() <= norm.max() <= LARGEST_NORM:
            raise ValueError(f"layer {name}: its fraction bits call for shifts outside of 0 to {LARGEST_NORM}")
        made |= {f"{name}.{FORMATS}": bits, f"{name}.norm": norm.astype(np.uint8)}
        start = stop
    return made


def _calibration(record: Any) -> Calibration | None:
    if record is None:
        return None
    try:
        points = tuple((float(rate), int(distance)) for rate, distance in record["points"])
        # Programs of before there were intervals were all measured behind the detector.
        spreads = tuple(_spread(spread) for spread in record.get("spreads", ()))
        crop, pairs = str(record.get("crop", "detect")), int(record.get("pairs", 0))
        return Calibration(points, str(record["source"]), crop, pairs, spreads)
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError("its calibration is not a list of (rate, distance) points with a source") from error


def _spread(record: Any) -> Spread:
    (low, high), (rarest, most), (near, far) = record["wilson"], record["rate"], record["distance"]
    return Spread(
        int(record["accepted"]), (float(low), float(high)), (float(rarest), float(most)), (int(near), int(far))
    )
