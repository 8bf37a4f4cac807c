"""`peephole bench detector`: our detector beside OpenCV's, on the same cascade and the same frames."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from peephole.cli.bench_network import SecondsOption
from peephole.cli.bench_rows import QUICK_SECONDS, QuickOption, as_json, cells, print_notes, setting
from peephole.cli.options import JsonOption
from peephole.cli.output import print_json, print_table

if TYPE_CHECKING:
    from peephole.vision.image import Image

TITLES = (
    "frames",
    "detector",
    "ms a frame",
    "quartiles, ms",
    "processor, ms",
    "ratio of it",
    "agreed",
    "missed",
    "alone",
)


def detector(
    clips: Annotated[
        Path | None, typer.Option("--clips", metavar="DIR", show_default=False, help="Recordings to search, too.")
    ] = None,
    min_size: Annotated[
        int, typer.Option("--min-size", metavar="PIXELS", min=20, max=240, help="Smallest face looked for.")
    ] = 40,
    yunet: Annotated[
        Path | None,
        typer.Option("--yunet", metavar="FILE", show_default=False, help="OpenCV's network YuNet, as ONNX."),
    ] = None,
    seconds: SecondsOption = 20,
    quick: QuickOption = False,
    json: JsonOption = False,
) -> None:
    """Time our detector beside OpenCV's on frames of 320x240, one core each, and count hits that both have.

    As the doorbell looks, with a first glance; with a full search; and with OpenCV's own steps. Frames: an empty door,
    a face at a door (both of the demo), textures without a face, and three of each of the recordings of --clips. With
    --yunet, OpenCV's own network is timed on the same frames: it finds other faces, by other means.
    """
    from peephole.evaluation.peers.detector_speed import detector_speed

    if yunet is not None and not yunet.is_file():
        raise FileNotFoundError(f"{yunet}: no such model; OpenCV Zoo has it")
    frames, absent = _frames(clips)
    if quick:
        frames, seconds = {group: some[:1] for group, some in frames.items()}, QUICK_SECONDS
    groups = detector_speed(frames, min_size, seconds, yunet)
    found = setting({})
    if json:
        rows = [{"frames": group, "count": len(frames[group])} | as_json(r) for group in groups for r in groups[group]]
        missing = [{"name": group, "median_ms": None, "why_not": why} for group, why in absent.items()]
        print_json({"rows": rows + missing, "setting": found})
        return
    lines = [
        (f"{group} ({len(frames[group])})", row.name, *cells(row), *row.found.values())
        for group, rows in groups.items()
        for row in rows
    ]
    print_table(TITLES, lines)
    print_notes(found, absent)


def _frames(clips: Path | None) -> "tuple[dict[str, list[Image]], dict[str, str]]":
    """Return grey frames by group, and why groups are absent."""
    from peephole.evaluation.peers.frames import clip_frames, demo_frames, greys, textured_frames

    if clips is not None and not clips.is_dir():
        raise FileNotFoundError(f"{clips}: no such folder of recordings")
    absent = {}
    frames: dict[str, list[Image]] = {}
    try:
        empty, face = demo_frames()
        frames |= {"face at a door": greys(face), "empty door": greys(empty)}
    except FileNotFoundError as error:
        absent["door"] = str(error)
    if clips is not None:
        frames["recordings"] = greys(clip_frames(clips))
    return frames | textured_frames(), absent
