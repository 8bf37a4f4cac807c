"""`peephole bench scale`: what more pixels, more people and more faces cost."""

import tempfile
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from peephole.cli.bench_network import SecondsOption
from peephole.cli.bench_pipeline import opened
from peephole.cli.bench_rows import QUICK_SECONDS, QuickOption, as_json, cells, print_notes, reasons, setting
from peephole.cli.options import JsonOption
from peephole.cli.output import print_json, print_table

if TYPE_CHECKING:
    from peephole.doorbell.archive import Archive
    from peephole.evaluation.peers.rows import Row

TITLES = ("by", "median, ms", "quartiles, ms", "processor, ms", "ratio of it")


def scale(seconds: SecondsOption = 40, quick: QuickOption = False, json: JsonOption = False) -> None:
    """Time how cost grows with the network's input, with the references compared with, and with faces in a frame.

    The network alone, of 16 bits, for inputs of 64 to 128 pixels a side (this needs torch). The doorbell as it runs,
    nothing stored, ms a frame: with up to 10,000 references of others, ten of a person, and with 1, 2 and 4 faces in a
    frame of 320x240. Ratios are to the first row of each.
    """
    rows = _rows(quick, QUICK_SECONDS if quick else seconds)
    found = setting({"torch": "torch"})
    if json:
        print_json({"rows": [as_json(row) for row in rows], "setting": found})
        return
    print_table(TITLES, [(row.name, *cells(row)) for row in rows])
    print_notes(found, reasons(rows))


def _rows(quick: bool, seconds: float) -> "list[Row]":
    from peephole.cli.programs import load_program
    from peephole.doorbell.assembly import make_recogniser
    from peephole.evaluation.peers import own_pipeline, scale_speed
    from peephole.evaluation.peers.frames import demo_frames
    from peephole.vision.sources.demo import EILEEN, head_of

    portrait, frames = head_of(EILEEN), demo_frames()
    sides = (64,) if quick else scale_speed.SIDES
    wanted = ((0, 100), (1, 2)) if quick else (scale_speed.GALLERIES, scale_speed.FACES)
    length = 6 if quick else own_pipeline.VISIT_FRAMES
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        numbers = count()

        def open_archive() -> "Archive":
            return stack.enter_context(opened(Path(folder) / f"store{next(numbers)}"))

        recogniser = make_recogniser(load_program(None))
        networks = scale_speed.network_scale(sides, seconds / 3)
        return networks + scale_speed.doorbell_scale(
            open_archive, recogniser, portrait, frames, wanted, length, seconds * 2 / 3
        )
