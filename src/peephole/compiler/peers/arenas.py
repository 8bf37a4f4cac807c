"""One network's activations in bytes: by our schedule and planner, by a greedy one, by TensorFlow Lite Micro."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from peephole.compiler import heuristic
from peephole.compiler.blocks import Block, peak
from peephole.compiler.memory import MAIN, Buffer, Placement, aligned, spans
from peephole.compiler.peers.tensorflow_lite_micro import arena_use
from peephole.compiler.peers.tflite_model import tflite_model
from peephole.compiler.planner import place
from peephole.compiler.schedule import WEIGHTS, Passes, Schedule, lower
from peephole.fixedpoint.program import IntegerProgram
from peephole.fixedpoint.validation import TENSOR

LAYER_BY_LAYER = Passes(streaming=False, in_place=False, concatenate=False)
TFLM_ALIGNMENT = 16  # its MicroArenaBufferAlignment


@dataclass(frozen=True)
class Arenas:
    """Bytes of a network's activations, its input among them and its weights not; all of one pass.

    ours, whole_layers, layer_by_layer: by our planner, with all passes, without streaming, and with none, where every
    layer writes a tensor of its own, as in the peer. with_weights: ours, and the weights that are brought near while
    they are used, which a device that reads them where they are stored does not need. proved: each is the least for
    its buffers. by_size: a greedy-by-size planner on the buffers of layer_by_layer. tflm, tflm_tail: `ArenaUse`; None,
    and why, where there is no figure.
    """

    network: str
    bits: int
    ours: int
    whole_layers: int
    layer_by_layer: int
    with_weights: int
    proved: bool
    by_size: int
    tflm: int | None = None
    tflm_tail: int | None = None
    why_not: str = ""


def arenas(network: str, program: IntegerProgram) -> Arenas:
    """Measure a program whose input is a tensor, as in the peer, where a caller gives what the first layer reads."""
    if program.mirrored or program.input_kind != TENSOR:
        raise ValueError(f"program {program.name}: quantize it for one pass over a tensor, as the peer runs it")
    plans = [_planned(program, passes) for passes in (Passes(), Passes(streaming=False), LAYER_BY_LAYER)]
    ours, whole_layers, plain = (plan.peak_bytes for plan in plans)
    near = [buffer for buffer in lower(program).buffers if buffer.level == MAIN]
    found = Arenas(
        network,
        program.input.bits,
        ours,
        whole_layers,
        plain,
        place(near, alignment=TFLM_ALIGNMENT).peak_bytes,
        all(plan.optimal for plan in plans),
        greedy_by_size(activations(lower(program, LAYER_BY_LAYER))),
    )
    try:
        used = arena_use(tflite_model(program, program.input.bits, exact=False))
    except ModuleNotFoundError as error:
        return dataclasses.replace(found, why_not=f"the package {error.name} is not installed")
    except (ValueError, RuntimeError) as error:
        return dataclasses.replace(found, why_not=" ".join(str(error).split()))
    return dataclasses.replace(found, tflm=used.head, tflm_tail=used.tail)


def activations(schedule: Schedule) -> tuple[Buffer, ...]:
    """Return the buffers of a schedule that hold no weights."""
    return tuple(buffer for buffer in schedule.buffers if buffer.holds != WEIGHTS and buffer.level == MAIN)


def greedy_by_size(buffers: Sequence[Buffer], alignment: int = TFLM_ALIGNMENT) -> int:
    """Return the peak of a greedy-by-size plan of buffers, in bytes."""
    lifetimes = spans(buffers)
    whole = [buffer for buffer in buffers if buffer.alias_of is None]
    blocks = [Block(aligned(buffer.bytes, alignment), *lifetimes[buffer.name]) for buffer in whole]
    return peak(blocks, heuristic.by_size(blocks))


def _planned(program: IntegerProgram, passes: Passes) -> Placement:
    return place(activations(lower(program, passes)), alignment=TFLM_ALIGNMENT)
