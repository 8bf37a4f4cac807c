"""`peephole bench network`: the recogniser beside other runtimes on the same weights, one image at a time."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from peephole.cli.bench_rows import as_json, cells, print_notes, reasons, setting
from peephole.cli.options import JsonOption
from peephole.cli.output import print_json, print_table

if TYPE_CHECKING:
    from peephole.evaluation.peers.rows import Row

TITLES = ("runtime", "median, ms", "quartiles, ms", "ratio to the first")
PACKAGES = {
    "ONNX Runtime": "onnxruntime",
    "LiteRT": "ai-edge-litert",
    "TensorFlow Lite Micro": "tflite-micro",
}
SecondsOption = Annotated[
    float, typer.Option("--seconds", metavar="S", min=0.1, max=600, help="How long to measure in all.")
]
ThreadsOption = Annotated[
    int, typer.Option("--threads", metavar="N", min=1, max=64, help="Threads of the last rows; 1 leaves these out.")
]


def network(seconds: SecondsOption = 10, threads: ThreadsOption = 2, json: JsonOption = False) -> None:
    """Time the shipped recognisers of 16 and 8 bits beside ONNX Runtime, LiteRT and TensorFlow Lite Micro.

    Each makes the descriptor of one face of 108x108 (of it and of its mirror image), of the same weights, in one
    thread, in turns, with warm caches; then those that can do it with several threads. A peer whose package is not
    installed (`pip install 'peephole[peers]'`) gets a row that says so.
    """
    import logging

    from peephole.cli.programs import program_path
    from peephole.evaluation.peers.network_speed import network_speed
    from peephole.fixedpoint.program import IntegerProgram

    wide, narrow = (IntegerProgram.load(program_path(None, bits)) for bits in (16, 8))
    logging.disable(logging.WARNING)  # a peer's advice about its own quantizer
    try:
        rows = network_speed(wide, narrow, seconds, threads)
    finally:
        logging.disable(logging.NOTSET)
    found = setting(PACKAGES)
    if json:
        print_json({"rows": [as_json(row) for row in rows], "setting": found})
        return
    print_table(TITLES, [(row.name, *_cells(row)) for row in rows])
    print_notes(found, reasons(rows))


def _cells(row: "Row") -> Sequence[str]:
    """Return milliseconds of a row, and the ratio of times that passed, not of the threads' sum."""
    median, quartiles, _, _ = cells(row)
    return (median, quartiles, f"{row.timing.ratio:.2f}" if row.timing is not None else "")
