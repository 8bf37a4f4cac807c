"""All files of an emitted program: the templates filled with what the schedule and its placement say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Any

import jinja2
import numpy as np
from numpy.typing import NDArray

from peephole.compiler.concatenation import with_copies
from peephole.compiler.emit.folder import MANIFEST, manifest
from peephole.compiler.emit.layers import HEADERS, EmittedLayer, emitted_layer, format_of
from peephole.compiler.emit.names import c_string, comment, identifier, identifiers
from peephole.compiler.emit.sources import needed_files
from peephole.compiler.emit.steps import EmittedStep, emitted_step
from peephole.compiler.emit.tables import layer_table, memory_table
from peephole.compiler.executor import execute
from peephole.compiler.memory import ACTIVATIONS, MAIN, Memory, Placement
from peephole.compiler.planner import place
from peephole.compiler.schedule import Passes, Schedule, kept_vector, lower
from peephole.compiler.segments import row_bytes
from peephole.fixedpoint.describe import ProgramDescription, describe
from peephole.fixedpoint.interpreter import Kernels
from peephole.fixedpoint.layers import Convolution, Tensor
from peephole.fixedpoint.program import IntegerProgram
from peephole.fixedpoint.validation import TENSOR
from peephole.fixedpoint.window import Window

TARGETS = ("host", "rv32-virt", "gap8")
CSRC = "csrc"
LINE = 118
LONGEST = 63  # characters of a program's identifier, which names files too
CHECKSUM_FACTOR = 2654435761  # PH_CHECKSUM_FACTOR of strip.h


@dataclass(frozen=True)
class Project:
    """Files, path -> content, and what they take. arena_bytes: activations; weights_bytes: all weights.

    program, schedule: what the C runs, copies of slices included where concatenation was switched off.
    """

    program: IntegerProgram
    schedule: Schedule
    id: str
    target: str
    files: Mapping[str, bytes]
    arena_bytes: int
    weights_bytes: int
    macs: int


@dataclass(frozen=True)
class EmittedTensor:
    """A tensor in the arena, whole or as a strip, as the templates see it."""

    id: str
    tensor: Tensor
    offset: int
    row_bytes: int
    comment: str

    @property
    def height(self) -> int:
        """Rows of the whole tensor."""
        return self.tensor.height

    @property
    def bytes(self) -> int:
        """Bytes of the whole tensor."""
        return self.row_bytes * self.height


def build_project(
    program: IntegerProgram,
    target: str,
    values: NDArray[Any],
    kernels: Kernels,
    capacity: int | None = None,
    passes: Passes | None = None,
) -> Project:
    """Return a program's C for a target, one of `TARGETS`.

    values: the input that the self-test runs on (`interpreter.check_input`); kernels: what computes the result that it
    expects. capacity: bytes that there are for activations. passes: all, where none are given. Raises `ValueError` with
    one sentence where the bytes do not suffice (level, step, bytes that are missing) and for a layer without C.
    """
    return ProjectBuilder(program, target, capacity, passes or Passes()).project(values, kernels)


class ProjectBuilder:
    """One program on its way to C."""

    def __init__(self, program: IntegerProgram, target: str, capacity: int | None, passes: Passes) -> None:
        self.model_id, self.target = program.model_id, target
        if not passes.concatenate:
            program, passes = with_copies(program), replace(passes, concatenate=True)
        self.program = program
        self.schedule: Schedule = lower(program, passes)
        arena = [b for b in self.schedule.buffers if b.level == MAIN and b.holds == ACTIVATIONS]
        self.placement: Placement = place(arena, Memory(l2=capacity), steps=self.schedule.step_names)
        self.description: ProgramDescription = describe(program)
        self.id = identifier(program.name).lower()[:LONGEST]
        used = {*names_of_program(self.id), *(f"step_{number}" for number in range(len(self.schedule.steps)))}
        self.given = program.input.name if program.input_kind == TENSOR else None
        names = [name for name in self.schedule.tensors if name in self._offsets or name == self.given]
        self.tensor_ids = identifiers(names, names_of_tensor, used)
        self.layer_ids = identifiers([layer.name for layer in program.layers], names_of_layer, used)

    @cached_property
    def _offsets(self) -> dict[str, int]:
        return {b.name: b.offset for b in self.placement.buffers if b.offset is not None}

    @cached_property
    def tensors(self) -> list[EmittedTensor]:
        """The tensors in the arena, and the one that is given, which lies elsewhere."""
        made = []
        if self.given is not None:
            start = self.program.input
            told = f"{format_of(start)}, not in the arena"
            made.append(EmittedTensor(self.tensor_ids[self.given], start, 0, row_bytes(start), told))
        for buffer in self.placement.buffers:
            tensor = self.schedule.tensors.get(buffer.name)
            if tensor is not None:
                rows = buffer.bytes // row_bytes(tensor)
                what = format_of(tensor)
                told = what if rows == tensor.height else f"{rows} {'row' if rows == 1 else 'rows'} of {what}"
                place_ = self._offsets[buffer.name]
                made.append(EmittedTensor(self.tensor_ids[buffer.name], tensor, place_, row_bytes(tensor), told))
        return made

    @cached_property
    def layers(self) -> list[EmittedLayer]:
        """The layers in order."""
        tensors = self.schedule.tensors
        return [
            emitted_layer(layer, number, self.layer_ids[layer.name], tensors[layer.input], tensors[layer.output], told)
            for number, (layer, told) in enumerate(zip(self.program.layers, self.description.layers, strict=True))
        ]

    @cached_property
    def steps(self) -> list[EmittedStep]:
        """The steps in order."""
        weighted = {layer.layer.name for layer in self.layers if layer.weighted}
        return [
            emitted_step(number, step, self.tensor_ids, self.layer_ids, weighted, self.given)
            for number, step in enumerate(self.schedule.steps)
        ]

    @cached_property
    def weights(self) -> tuple[bytes, list[dict[str, Any]]]:
        """The weights as they are stored, and where each part lies."""
        data, parts = bytearray(), []
        for emitted in self.layers:
            layer = emitted.layer
            if not isinstance(layer, Convolution):
                continue
            arrays = (("bias", layer.bias, "<i4"), ("weight", layer.weight, None), ("norm", layer.norm, "u1"))
            for part, array, kind in arrays:
                data += bytes(-len(data) % 4)
                stored = np.ascontiguousarray(array, kind or f"<i{array.itemsize}")
                told = f"{stored.dtype.name} [{','.join(map(str, stored.shape))}]"
                parts.append({"name": f"{emitted.weights}_{part.upper()}", "offset": len(data), "comment": told})
                data += stored.tobytes()
        return bytes(data), parts

    def project(self, values: NDArray[Any], kernels: Kernels) -> Project:
        """Return all files."""
        context = self._context(values, kernels)
        functions = [layer.function for layer in self.layers]
        if self.program.mirrored:
            functions.append(f"add_s{self.schedule.tensors[self.program.layers[-1].input].bits}")
        copied = needed_files(functions, ["peephole/strip.h", *(f"peephole/{h}.h" for h in context["headers"])])
        weights = [f"{self.id}_weights.S"] if context["weights"] else []
        context["sources"] = [f"{self.id}.c", *weights, *(f"{CSRC}/{p}" for p in copied if p.endswith(".c"))]
        context["local_headers"] = [f"{self.id}.h", *(f"{CSRC}/{p}" for p in copied if p.endswith(".h"))]
        texts = {
            f"{self.id}.h": render("header.h.jinja", context),
            f"{self.id}.c": render("program.c.jinja", context),
            "self_test.c": render("self_test.c.jinja", context),
            "Makefile": render(f"{self.target}.mk.jinja", context),
        }
        if context["weights"]:
            texts[f"{self.id}_weights.h"] = render("weights.h.jinja", context)
            texts[f"{self.id}_weights.S"] = render("weights.S.jinja", context)
        texts |= {f"{CSRC}/{path}": text for path, text in copied.items()}
        files = {path: text.encode() for path, text in texts.items()}
        if context["weights"]:
            files[f"{self.id}_weights.bin"] = self.weights[0]
        return self.with_manifest(files)

    def with_manifest(self, files: dict[str, bytes]) -> Project:
        """Return the project of these files, to which what the folder says of itself is added."""
        told = {"name": self.program.name, "model": self.model_id, "target": self.target}
        files[MANIFEST] = manifest(told, files)
        arena = self.placement.peak_bytes
        weights_bytes, macs = len(self.weights[0]), self.description.macs
        return Project(self.program, self.schedule, self.id, self.target, files, arena, weights_bytes, macs)

    @property
    def _given(self) -> dict[str, str]:
        """What the caller gives: its type, its name and how it is told."""
        start = self.program.input
        if self.program.input_kind == TENSOR:
            return {"type": f"int{start.bits}_t", "name": "input", "comment": format_of(start), "told": "a tensor"}
        size = f"[{start.height},{start.width}]"
        return {"type": "uint8_t", "name": "image", "comment": size, "told": "a grey image"}

    def _context(self, values: NDArray[Any], kernels: Kernels) -> dict[str, Any]:
        program, tensors = self.program, self.schedule.tensors
        whole = execute(program, self.schedule, place(self.schedule.buffers), values, kernels)
        output = tensors[program.output]
        count = output.height * output.width * output.channels
        given = self._given
        by_name = {tensor.tensor.name: tensor for tensor in self.tensors}
        headers = {HEADERS[layer.kind] for layer in self.layers} | ({"add"} if program.mirrored else set())
        context: dict[str, Any] = {
            "id": self.id,
            "name": comment(program.name),
            "model": self.model_id,
            "what": f"{given['told']} {given['comment']} -> {count} values",
            "given": given,
            "headers": sorted(headers),
            "arena_bytes": self.placement.peak_bytes,
            "weights_bytes": len(self.weights[0]),
            "weights": bool(self.weights[0]),
            "parts": self.weights[1],
            "input": program.input,
            "offset": None if program.input_kind == TENSOR else program.input_offset,
            "tensors": self.tensors,
            "layers": self.layers,
            "steps": self.steps,
            "mirrored": program.mirrored,
            "memory_table": memory_table(self.placement, self.schedule),
            "layer_table": layer_table(self.description, self.schedule),
            "values": values.reshape(-1),
            "expected": whole.output.reshape(-1),
            "checksums": {name: checksum(w.values[w.made]) for name, w in whole.layers.items()},
            "output": {
                "id": by_name[output.name].id,
                "type": f"int{output.bits}_t",
                "bytes": by_name[output.name].bytes,
                "count": count,
                "comment": format_of(output),
            },
        }
        if program.mirrored:
            context["vector"] = by_name[program.layers[-1].input]
            context["kept"] = self._offsets[kept_vector(program)]
        return context


# What the templates make of an identifier, so that no two names of a model become one of these.


def names_of_program(name: str) -> tuple[str, ...]:
    """Return what the files of a program define under names made of its own."""
    functions = (f"{name}_{end}" for end in ("run", "weights", "checksums"))
    sizes = ("ARENA_BYTES", "WEIGHTS_BYTES", "HEIGHT", "WIDTH", "CHANNELS", "VALUES", "LAYERS")
    macros = (f"{name.upper()}_{end}" for end in (*sizes, "TRACE", "PROGRAM_H", "WEIGHTS_H"))
    return "describe", "halve", *functions, *macros


def names_of_tensor(name: str) -> tuple[str, ...]:
    """Return what is defined for a tensor."""
    return name, f"{name}_at"


def names_of_layer(name: str) -> tuple[str, ...]:
    """Return what is defined for a layer."""
    constants = (f"{name.upper()}_{part}" for part in ("BIAS", "WEIGHT", "NORM"))
    return f"{name}_layer", f"{name}_factors", f"run_{name}", *constants


def checksum(values: NDArray[Any]) -> int:
    """Return the checksum of integers as 16 bits that `ph_checksum_s16` of strip.h makes: a polynomial modulo 2^32."""
    words = values.reshape(-1).astype(np.int16).view(np.uint16).astype(np.uint32) + 1
    powers = np.full(len(words), CHECKSUM_FACTOR, np.uint32)
    powers[:1] = 1
    return int((words[::-1] * np.cumprod(powers, dtype=np.uint32)).sum(dtype=np.uint32))


def _numbers(values: Sequence[int]) -> str:
    lines, line = [], "   "
    for value in values:
        piece = f" {int(value)},"
        if len(line) + len(piece) > LINE:
            lines.append(line)
            line = "   "
        line += piece
    return "\n".join([*lines, line])


def _shape(tensor: Tensor) -> str:
    return f"{{{tensor.height}, {tensor.width}, {tensor.channels}}}"


def _window(window: Window) -> str:
    pairs = (window.size, window.stride, window.dilation, window.padding)
    return f"{{{', '.join(str(number) for pair in pairs for number in pair)}}}"


@cache
def _environment() -> jinja2.Environment:
    """The templates, each compiled when it is first asked for."""
    environment = jinja2.Environment(  # noqa: S701 - C, no HTML
        loader=jinja2.PackageLoader("peephole.compiler.emit"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals |= {"shape": _shape, "window": _window, "numbers": _numbers}
    environment.filters |= {"c_string": c_string, "comment": comment}
    return environment


def render(template: str, context: Mapping[str, Any]) -> str:
    """Return a file made of a template of this package."""
    return _environment().get_template(template).render(context)
