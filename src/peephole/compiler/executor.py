"""Runs a schedule in real bytes at the planned offsets: the proof that neither the plan nor a pass changes a bit.

Whatever is not alive is poisoned: all memory before the first step, dead buffers after each step, rows that have left
their strip. What a layer reads too late, too early or from the wrong place is then wrong for all to see.
"""

import dataclasses
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from peephole.compiler.memory import MAIN, Buffer, Placement, spans
from peephole.compiler.schedule import (
    Schedule,
    Step,
    given_name,
    kept_vector,
    stored_weights,
    weights_at_work,
)
from peephole.compiler.streaming import Enter, Rows
from peephole.fixedpoint import reference
from peephole.fixedpoint.formats import limits
from peephole.fixedpoint.interpreter import Activation, Kernels, apply_rows, check_input, enter
from peephole.fixedpoint.layers import Convolution, Layer, Tensor, channels_written, tensors_read
from peephole.fixedpoint.program import IntegerProgram

POISON = 0x55


@dataclass(frozen=True)
class Written:
    """What a layer wrote: values [H,W,C], of which only the rows in `made` [H] were ever computed."""

    values: Activation
    made: NDArray[np.bool_]


@dataclass(frozen=True)
class Execution:
    """output: what the program makes, [H,W,C]. layers: what each layer wrote, of the last pass, by name."""

    output: Activation
    layers: Mapping[str, Written]


@dataclass
class Strip:
    """A tensor's rows at hand: the array holds them from row `first` on."""

    array: NDArray[Any]
    first: int = 0

    def __getitem__(self, rows: Rows) -> NDArray[Any]:
        """Return these rows, as a view."""
        begin, end = rows.first - self.first, rows.end - self.first
        if not 0 <= begin <= end <= len(self.array):
            raise AssertionError(f"rows {rows.first} to {rows.end - 1} are not in the strip from row {self.first} on")
        return self.array[begin:end]

    def keep_from(self, row: int) -> None:
        """Let the rows before this one leave, and move the others to the beginning."""
        gone = min(row - self.first, len(self.array))
        left = len(self.array) - gone
        self.array[:left] = self.array[gone:].copy()
        self.array[left:].view(np.uint8)[:] = POISON
        self.first = row


class LevelBytes:
    """The bytes of every level, poisoned, and the buffers in them."""

    def __init__(self, placement: Placement) -> None:
        self.buffers = {buffer.name: buffer for buffer in placement.buffers}
        self.levels = {plan.level: np.full(plan.peak_bytes, POISON, np.uint8) for plan in placement.levels}
        whole = [b for b in placement.buffers if b.alias_of is None and b.level == MAIN]
        lifetimes = spans(placement.buffers)
        self.lifetimes = {b.name: lifetimes[b.name] for b in whole}  # of what is in L2

    def bytes(self, name: str) -> NDArray[np.uint8]:
        """Return a buffer's memory."""
        buffer: Buffer = self.buffers[name]
        assert buffer.offset is not None  # noqa: S101 - as every placed buffer's
        return self.levels[buffer.level][buffer.offset : buffer.offset + buffer.bytes]

    def tensor(self, name: str, tensor: Tensor) -> NDArray[Any]:
        """Return a tensor's memory, or its strip's, as [rows,W,C]; an image, of 8 bits without a sign, as uint8."""
        values = self.bytes(name).view(tensor.dtype)
        return values.reshape(-1, tensor.width, tensor.channels)

    def poison_after(self, step: int, waiting: Collection[str] = ()) -> None:
        """Poison what of L2 is not alive both at this step and after it; `waiting` are alive between two passes."""
        dead = np.ones(len(self.levels[MAIN]), np.bool_)
        for name, (first, last) in self.lifetimes.items():
            if first <= step < last or name in waiting:
                begin = self.buffers[name].offset or 0
                dead[begin : begin + self.buffers[name].bytes] = False
        self.levels[MAIN][dead] = POISON


def execute(
    program: IntegerProgram,
    schedule: Schedule,
    placement: Placement,
    image: NDArray[Any],
    kernels: Kernels = reference,
) -> Execution:
    """Run a schedule of this program on one input (`interpreter.check_input`), in the memory of the placement."""
    check_input(program, image)
    return _Run(program, schedule, LevelBytes(placement), kernels).execute(image)


class _Run:
    """One run: the memory, and what was written so far."""

    def __init__(self, program: IntegerProgram, schedule: Schedule, memory: LevelBytes, kernels: Kernels) -> None:
        self.program, self.schedule, self.memory, self.kernels = program, schedule, memory, kernels
        self.layers: dict[str, Written] = {}
        for step in schedule.steps:
            for layer in step.segment.layers:
                if isinstance(layer, Convolution):
                    stored = memory.bytes(stored_weights(layer.name))
                    stored[:] = np.concatenate([_plain(part) for part in (layer.bias, layer.weight, layer.norm)])

    def execute(self, image: NDArray[Any]) -> Execution:
        """Run all passes."""
        self.memory.bytes(given_name(self.program))[:] = _plain(image)
        last = len(self.schedule.steps) - 1
        if self.program.mirrored:
            for number, step in enumerate(self.schedule.steps[:last]):
                self._step(number, step, mirrored=True)
            self._vector(kept_vector(self.program))[:] = self._vector(self.program.layers[-1].input)
            self.memory.poison_after(last, (given_name(self.program), kept_vector(self.program)))
        for number, step in enumerate(self.schedule.steps):
            if self.program.mirrored and number == last:
                self._halve()
            self._step(number, step, mirrored=False)
        return Execution(self._whole(self.program.output).copy(), self.layers)

    def _step(self, number: int, step: Step, mirrored: bool) -> None:
        segment = step.segment
        layers = {layer.name: self._with_weights(layer) for layer in segment.layers}
        names = [name for name in (*step.reads, *step.writes) if name in self.schedule.tensors]
        strips = {name: Strip(self._whole(name)) for name in names}
        for turn in segment.turns:
            for name, row in turn.kept.items():
                strips[name].keep_from(row)
            for call in turn.calls:
                layer = layers[call.layer.name]
                inputs = [strips[n][rows] for n, rows in zip(tensors_read(call.layer), call.inputs, strict=True)]
                out = strips[call.layer.output][call.rows]
                if isinstance(layer, Enter):
                    pixels = inputs[0][..., 0].view(np.uint8)
                    enter(pixels[:, ::-1] if mirrored else pixels, self.program.input_offset, out)
                else:
                    apply_rows(self.kernels, layer, inputs, out, call.padding_top)
                    self._note(layer, call.rows, inputs[0], out)
        if number < len(self.schedule.steps) - 1:
            self.memory.poison_after(number)

    def _with_weights(self, layer: Layer | Enter) -> Layer | Enter:
        """Return the layer with its weights where they lie: in L2 if they are there whole, else in L3."""
        if not isinstance(layer, Convolution):
            return layer
        stored, here = self.memory.bytes(stored_weights(layer.name)), self.memory.bytes(weights_at_work(layer.name))
        if len(here) == len(stored):
            here[:] = stored
        there = here if len(here) == len(stored) else stored
        parts: list[NDArray[Any]] = []
        begin = 0
        for part in (layer.bias, layer.weight, layer.norm):
            parts.append(there[begin : begin + part.nbytes].view(part.dtype.type).reshape(part.shape))
            begin += part.nbytes
        return dataclasses.replace(layer, bias=parts[0], weight=parts[1], norm=parts[2])

    def _note(self, layer: Layer, rows: Rows, x: Activation, out: Activation) -> None:
        count = channels_written(layer, x.shape[2])
        height = self.schedule.tensors[layer.output].height
        if layer.name not in self.layers or rows.first == 0:
            empty = np.zeros((height, out.shape[1], count), out.dtype)
            self.layers[layer.name] = Written(empty, np.zeros(height, np.bool_))
        written = self.layers[layer.name]
        written.values[rows.first : rows.end] = out[..., layer.channel : layer.channel + count]
        written.made[rows.first : rows.end] = True

    def _whole(self, name: str) -> NDArray[Any]:
        return self.memory.tensor(name, self.schedule.tensors[name])

    def _vector(self, name: str) -> NDArray[Any]:
        return self.memory.tensor(name, self.schedule.tensors[self.program.layers[-1].input])

    def _halve(self) -> None:
        """Half the sum of both passes' vectors, where the last layer reads it, as if the one before had written it."""
        kept = self._vector(kept_vector(self.program))
        vector = self._vector(self.program.layers[-1].input)
        add = self.kernels.add_s8 if vector.dtype == np.int8 else self.kernels.add_s16
        add(kept, vector.copy(), 0, 0, 1, *limits(vector.itemsize * 8), vector, 0)
        for layer in self.program.layers[:-1]:
            if layer.output == self.program.layers[-1].input:
                values = self.layers[layer.name].values
                values[:] = vector[..., layer.channel : layer.channel + values.shape[2]]


def _plain(array: NDArray[Any]) -> NDArray[np.uint8]:
    return np.ascontiguousarray(array).reshape(-1).view(np.uint8)
