"""`peephole cameras`: a picture of what a camera shows, to find the places of masks and of a zone in it."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from peephole.cli.options import ConfigOption, ForceOption, JsonOption
from peephole.cli.output import plain, print_json

if TYPE_CHECKING:
    from peephole.polygons import Polygon
    from peephole.vision.sources import FrameSource, Image

group = typer.Typer(no_args_is_help=True, help="The cameras: where masks and a zone lie in their pictures.")

_SUFFIXES = (".jpg", ".jpeg", ".png")
_TENTHS = 10


@group.command("picture")
def picture(
    file: Annotated[
        Path, typer.Option("-o", "--output", metavar="FILE.jpg", help="The picture to write, JPEG or PNG.")
    ],
    camera: Annotated[
        str | None, typer.Option(metavar="NAME", show_default="the first of the settings", help="Whose picture.")
    ] = None,
    source: Annotated[
        str | None,
        typer.Option(metavar="demo|camera:N|rtsp://..|FILE|DIR", help="What to look at, in place of a camera's name."),
    ] = None,
    after: Annotated[float, typer.Option(min=0, max=600, help="Seconds into the film.")] = 1.0,
    force: ForceOption = False,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Write what a camera shows, masked as the settings say, with its zone and a line at every tenth.

    The numbers at the lines are those that masks and a zone are written in. A doorbell that runs holds its camera.
    """
    from peephole.cli.watching import sources_of
    from peephole.settings.reading import read_settings
    from peephole.vision.sources import open_source
    from peephole.whole_files import write_whole

    if camera is not None and source is not None:
        raise typer.BadParameter("name a camera or a source, not both")
    if file.suffix.lower() not in _SUFFIXES:
        raise typer.BadParameter(f"{plain(str(file))}: the picture is a .jpg or a .png")
    if file.exists() and not force:
        raise FileExistsError(f"{file}: is there already; --force replaces it")
    chosen = sources_of(read_settings(config).settings, source)
    name = next(iter(chosen), None) if camera is None else camera
    if name is None or name not in chosen:
        what = "there is no camera in the settings" if camera is None else f"{camera}: no camera of this name"
        raise ValueError(f"{what}; name one of the [[cameras]], or what to look at with --source")
    seen = chosen[name]
    frames = open_source(
        seen.source, report=lambda notice: print(plain(notice.text), file=sys.stderr), once=True, masks=seen.masks
    )
    try:
        image = _image_at(frames, after)
    finally:
        frames.close()
    data = _encoded(with_grid(image, seen.zone), file.suffix)
    write_whole(file, lambda stream: stream.write(data))
    height, width = image.shape[:2]
    if json:
        print_json({"file": str(file), "camera": name, "source": frames.name, "width": width, "height": height})
    else:
        print(plain(f"{file}: {name or frames.name}, {width}x{height}; a line at every tenth"))


def _image_at(frames: "FrameSource", after: float) -> "Image":
    """Return the picture so many seconds after the first one, or the last there is."""
    begin, image = None, None
    for frame in frames:
        begin, image = frame.time if begin is None else begin, frame.image
        if frame.time - begin >= after:
            break
    if image is None:
        raise ValueError(f"{frames.name}: it gave no picture")
    return image


def with_grid(image: "Image", zone: "Polygon | None") -> "Image":
    """Return a copy in colour, uint8 [H,W,3], with a line at every tenth, its number at the edge, and the zone."""
    import cv2

    from peephole.web.overlay import outline

    canvas = cv2.cvtColor(image, cv2.COLOR_GRAY2BGR) if image.ndim == 2 else image.copy()
    height, width = canvas.shape[:2]
    lined = canvas.copy()
    for tenth in range(1, _TENTHS):
        across, down = round(tenth * width / _TENTHS), round(tenth * height / _TENTHS)
        cv2.line(lined, (across, 0), (across, height), (255, 255, 255), 1)
        cv2.line(lined, (0, down), (width, down), (255, 255, 255), 1)
    canvas = cv2.addWeighted(lined, 0.4, canvas, 0.6, 0)
    size = max(0.35, width / 1600)
    for tenth in range(1, _TENTHS):
        across, down = round(tenth * width / _TENTHS), round(tenth * height / _TENTHS)
        for place in ((across + 3, round(30 * size)), (3, down - 3)):
            for colour, thick in (((0, 0, 0), 3), ((255, 255, 255), 1)):
                cv2.putText(
                    canvas, f".{tenth}", place, cv2.FONT_HERSHEY_SIMPLEX, size, colour, thick, cv2.LINE_AA
                )  # fmt: skip
    if zone is not None:
        outline(canvas, zone)
    return canvas  # type: ignore[return-value]


def _encoded(image: "Image", suffix: str) -> bytes:
    import cv2

    done, data = cv2.imencode(suffix, image)
    if not done:
        raise ValueError("the picture could not be encoded")
    return data.tobytes()
