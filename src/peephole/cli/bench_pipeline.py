"""`peephole bench pipeline`: from a frame to a decision, on one core, beside other ways to get there."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from peephole.cli.bench_network import SecondsOption
from peephole.cli.bench_rows import QUICK_SECONDS, QuickOption, as_json, cells, print_notes, reasons, setting
from peephole.cli.options import JsonOption
from peephole.cli.output import print_json, print_table

if TYPE_CHECKING:
    from peephole.doorbell.archive import Archive
    from peephole.evaluation.peers.rows import Job, Maker, Row

TITLES = (
    "pipeline",
    "ms a frame",
    "quartiles, ms",
    "processor, ms",
    "ratio of it",
    "frames a second",
    "a processor second",
)
PACKAGES = {"dlib": "dlib-bin", "face_recognition": "face_recognition"}
SINGLE_FRAMES = 5  # of those who keep nothing from one to the next
ModelsOption = Annotated[
    Path | None,
    typer.Option("--models", metavar="DIR", show_default=False, help="OpenCV's networks YuNet and SFace, as ONNX."),
]


def pipeline(
    models: ModelsOption = None, seconds: SecondsOption = 60, quick: QuickOption = False, json: JsonOption = False
) -> None:
    """Time frame to decision at 320x240, one face, one core: our doorbell, OpenCV's networks, face_recognition.

    Ours is shown visits of five seconds by somebody it knows, twelve frames a second: as it runs, which describes a
    face in some frames only, and describing every frame; each with its visits stored on the disk, and not stored.
    A peer that is not installed (`pip install dlib-bin face_recognition`) or has no models gets a row that says so.
    """
    from peephole.evaluation.peers.rows import one_core, timed

    if models is not None and not models.is_dir():
        raise FileNotFoundError(f"{models}: no such folder of models")
    with one_core(), _makers(models, 6 if quick else None) as makers:
        rows = timed(makers, QUICK_SECONDS if quick else seconds, calls=1)
    found = setting(PACKAGES)
    if json:
        names = ("frames_per_second", "frames_per_processor_second")
        print_json(
            {"rows": [as_json(row) | dict(zip(names, _rates(row), strict=True)) for row in rows], "setting": found}
        )
        return
    print_table(
        TITLES, [(row.name, *cells(row), *("" if r is None else round(r) for r in _rates(row))) for row in rows]
    )
    print_notes(found, reasons(rows))


def _rates(row: "Row") -> tuple[float | None, float | None]:
    """Return frames a second, and frames a second of the processor's time, which waits for nobody."""
    if row.timing is None or row.processor is None:
        return None, None
    return 1 / row.timing.median, 1 / row.processor


@contextmanager
def _makers(models: Path | None, length: int | None) -> "Iterator[dict[str, Maker]]":
    """Yield what is timed. length: frames of a visit, if not the usual number."""
    from peephole.cli.programs import load_program
    from peephole.doorbell.assembly import make_recogniser
    from peephole.doorbell.policy import Policy
    from peephole.evaluation.peers import own_pipeline as own
    from peephole.evaluation.peers.frames import demo_frames
    from peephole.evaluation.peers.pipelines import Decide, face_recognition, job_of, opencv_networks
    from peephole.vision.sources.demo import EILEEN, head_of

    portrait = head_of(EILEEN)
    frames = demo_frames()[1]
    some = frames[:: max(1, len(frames) // SINGLE_FRAMES)][: 1 if length else SINGLE_FRAMES]
    recogniser = make_recogniser(load_program(None))
    length = length or own.VISIT_FRAMES

    with (
        tempfile.TemporaryDirectory() as folder,
        opened(Path(folder) / "usual") as usual,
        opened(Path(folder) / "each") as each,
    ):

        def ours(archive: "Archive", policy: "Policy", stored: bool) -> "Job":
            kept = archive if stored else own.unwritten(archive, recogniser.model)
            return own.own_pipeline(kept, recogniser, policy, portrait, frames, length)

        def peer(make: "Callable[[], Decide]") -> "Job":
            return job_of(make(), some)

        yield {
            "peephole, as it runs": partial(ours, usual, Policy(), True),
            "peephole, as it runs, nothing stored": partial(ours, usual, Policy(), False),
            "peephole, every frame described": partial(ours, each, own.EVERY_FRAME, True),
            "peephole, every frame described, nothing stored": partial(ours, each, own.EVERY_FRAME, False),
            "OpenCV, YuNet and SFace": lambda: peer(partial(opencv_networks, models, portrait)),
            "face_recognition": lambda: peer(partial(face_recognition, portrait)),
        }


@contextmanager
def opened(folder: Path) -> "Iterator[Archive]":
    """Open a store of its own, sealed as a household's is."""
    from peephole.store.keys import Keys, Storage
    from peephole.store.store import Store

    with Store(folder, Keys(Storage(), folder.with_suffix(".key"))) as store:
        yield store
