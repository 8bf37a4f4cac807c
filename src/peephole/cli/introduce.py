"""`peephole people introduce`: somebody is introduced at a camera that no doorbell watches at the moment."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from peephole.cli.options import DataOption, JsonOption, ModelOption
from peephole.cli.output import plain, print_json

if TYPE_CHECKING:
    from peephole.doorbell.introduction import Introduction
    from peephole.polygons import Polygon
    from peephole.vision.sources import FrameSource


def introduce(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A new name, or the name or id of somebody known.")],
    source: Annotated[str, typer.Option(metavar="demo|camera:N|rtsp://..|FILE", help="Where the person stands.")],
    consent: Annotated[str, typer.Option(metavar="TEXT", help="Who agreed to the recognition, and how.")],
    data: DataOption,
    seconds: Annotated[float, typer.Option(min=1, max=3600, help="At most so long.")] = 120.0,
    yes: Annotated[bool, typer.Option("--yes", help="Save without being asked, if a look was kept.")] = False,
    model: ModelOption = None,
    json: JsonOption = False,
) -> None:
    """Introduce somebody at a camera: says what to do, and takes up to five looks.

    A doorbell that runs holds its camera; there, use its page. Nothing is stored where no look was kept.
    """
    from peephole.cli.gallery import opened_doorbell
    from peephole.cli.watching import sources_of
    from peephole.settings.reading import read_settings
    from peephole.vision.sources import open_source

    if not consent.strip():
        raise typer.BadParameter("--consent: note who agreed to be recognised, and how")
    with opened_doorbell(data, model) as doorbell:
        introduction = doorbell.introduction(name)
        seen = sources_of(read_settings().settings, source)[""]
        frames = open_source(
            source,
            report=lambda notice: print(plain(notice.text), file=sys.stderr),
            once=True,
            masks=seen.masks,
        )
        try:
            _look(introduction, frames, seconds, seen.zone)
        finally:
            frames.close()
        label, kept = introduction.label(), len(introduction.kept)
        if not kept:
            raise ValueError(f"no look at {label} was kept; nothing is stored")
        if not yes and not typer.confirm(f"{label}: {kept} looks. Save?", err=True):
            raise ValueError("nothing is stored")
        saved = introduction.save(consent)
    numbers = [stranger.number for stranger in saved.strangers]
    if json:
        print_json({"id": saved.person.id, "name": saved.person.name, "looks": saved.looks, "strangers": numbers})
        return
    print(plain(f"{saved.person.name}: {saved.looks} looks saved"))
    for number in numbers:
        print(plain(f"Stranger {number} is {saved.person.name}"))


def _look(introduction: "Introduction", frames: "FrameSource", seconds: float, zone: "Polygon | None") -> None:
    """Look at frame after frame until all looks are taken or the time is over; Ctrl-C ends it, too."""
    from peephole.doorbell.guidance import TURNS

    begin, told = None, ""
    try:
        for frame in frames:
            begin = frame.time if begin is None else begin
            introduction.see(frame.image, frame.time, zone)
            if introduction.instruction.text != told:
                told = introduction.instruction.text
                print(plain(f"{len(introduction.kept)} of {len(TURNS)}: {told}"), file=sys.stderr, flush=True)
            if not introduction.wanted or frame.time - begin > seconds:
                return
    except KeyboardInterrupt:
        return
