"""Steps as the templates see them: which strips there are, what asks for rows of what, and the calls in order."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from peephole.compiler.schedule import Step
from peephole.compiler.streaming import Enter, Operation
from peephole.fixedpoint.layers import tensors_read
from peephole.fixedpoint.window import Windowed


@dataclass(frozen=True)
class Ask:
    """A layer asks for rows of its input; window: a C expression."""

    input: str
    output: str
    window: str


@dataclass(frozen=True)
class EmittedStep:
    """One step. whole: tensors that are there, or are made, whole; strips: those that are made in turns.

    asks: from the last layer to the first. shifted: the strips whose rows leave. enters: whether it reads the
    image. given: the tensor that the caller gives, if it reads that. weighted: whether it is handed the weights.
    """

    number: int
    comment: str
    whole: tuple[str, ...]
    strips: tuple[str, ...]
    output: str
    rows: int
    looped: bool
    asks: tuple[Ask, ...]
    shifted: tuple[str, ...]
    calls: tuple[str, ...]
    enters: bool
    given: str
    weighted: bool

    def run(self, arena: str, pixels: str = "pixels", mirrored: str = "mirrored", given: str = "given") -> str:
        """Return the call of the step with these C expressions, of which it takes those that it needs."""
        outside = [pixels, mirrored] if self.enters else [given] if self.given else []
        return f"step_{self.number}({', '.join([*outside, arena, *(['weights'] if self.weighted else [])])})"


def emitted_step(
    number: int,
    step: Step,
    tensors: Mapping[str, str],
    layers: Mapping[str, str],
    weighted: Collection[str],
    given: str | None = None,
) -> EmittedStep:
    """Return what the templates need of a step.

    tensors, layers: their identifiers; the image has none. weighted: layers with weights. given: the tensor that the
    caller gives.
    """
    segment = step.segment
    made = (*segment.streamed, segment.output) if segment.looped else ()
    touched = [name for name in (*step.reads, *step.writes) if name in tensors]
    asks = [
        Ask(tensors[name], tensors[layer.output], _window(layer, layers))
        for layer in reversed(segment.layers)
        for name in tensors_read(layer)
        if name in segment.streamed
    ]
    comment = step.name
    if segment.looped:
        rows = "1 row" if segment.rows == 1 else f"{segment.rows} rows"
        comment += f", {rows} of {segment.output} a turn"
    return EmittedStep(
        number=number,
        comment=comment,
        whole=tuple(tensors[name] for name in touched if name not in made and name != given),
        strips=tuple(tensors[name] for name in touched if name in made),
        output=tensors[segment.output],
        rows=segment.rows,
        looped=segment.looped,
        asks=tuple(asks),
        shifted=tuple(tensors[name] for name in segment.streamed),
        calls=tuple(_call(layer, tensors, layers, weighted) for layer in segment.layers),
        enters=any(isinstance(layer, Enter) for layer in segment.layers),
        given=tensors[given] if given in touched else "",
        weighted=any(layer.name in weighted for layer in segment.layers),
    )


def _window(layer: Operation, layers: Mapping[str, str]) -> str:
    return f"&{layers[layer.name]}_layer.window" if isinstance(layer, Windowed) else "NULL"


def _call(layer: Operation, tensors: Mapping[str, str], layers: Mapping[str, str], weighted: Collection[str]) -> str:
    if isinstance(layer, Enter):
        return f"enter(pixels, mirrored, &{tensors[layer.output]})"
    strips = ", ".join(f"&{tensors[name]}" for name in (*tensors_read(layer), layer.output))
    weights = ", weights" if layer.name in weighted else ""
    return f"TRY(run_{layers[layer.name]}({strips}{weights}))"
