"""Where pictures come from: a camera, a network stream, a recording, a folder, or the demo."""

import re
from collections.abc import Sequence
from pathlib import Path

from peephole.image_files import SUFFIXES
from peephole.polygons import Polygon
from peephole.vision.sources.demo import DemoSource
from peephole.vision.sources.files import FolderSource, VideoSource
from peephole.vision.sources.frame import BEAT_SECONDS, Beat, Frame, FrameSource, Image, Notice, Report, no_beat
from peephole.vision.sources.live import camera_works, open_camera, open_stream
from peephole.vision.sources.masked import MaskedSource

__all__ = [
    "BEAT_SECONDS",
    "Beat",
    "Frame",
    "FrameSource",
    "Image",
    "Notice",
    "Report",
    "camera_works",
    "open_source",
]

_STREAM = re.compile(r"^(rtsps?|https?)://", re.IGNORECASE)
_ADDRESS = re.compile(r"^(\w\w+:/|[^/]*:[^/]*@)")


def open_source(
    spec: str, *, report: Report, beat: Beat = no_beat, once: bool = False, masks: Sequence[Polygon] = ()
) -> FrameSource:
    """Open what the owner named.

    Args:
        spec: `demo`, `camera:N`, an `rtsp://` (or `http://`) address, a video file, a picture, or a folder of pictures.
        report: is told whenever the source is lost or comes back.
        beat: is called while a camera or stream is waited for.
        once: end where the source ends: the demo after one round, a camera or stream at its first failure.
        masks: parts of the picture that are black in every frame, whoever asks for it.

    Raises:
        FileNotFoundError: there is no such file or folder.
        ValueError: it is not a source that can be read.
    """
    source = _open(spec, report, beat, once)
    return MaskedSource(source, masks) if masks else source


def _open(spec: str, report: Report, beat: Beat, once: bool) -> FrameSource:
    if spec == "demo":
        return DemoSource(once=once)
    if spec.startswith("camera:"):
        number = spec.removeprefix("camera:")
        if not (number.isascii() and number.isdigit() and len(number) < 4):
            raise ValueError(f"{spec}: a camera is named by its number; write camera:0 for the first one")
        return open_camera(int(number), once=once, report=report, beat=beat)
    if _STREAM.match(spec):
        return open_stream(spec, once=once, report=report, beat=beat)
    if not spec:
        raise ValueError("the source has no name; a source is demo, camera:N, rtsp://.., FILE or DIR")
    path = Path(spec)
    if not path.exists():
        if _ADDRESS.match(spec):  # a password may be in it, so none of it is shown
            raise ValueError("an address of a stream begins with rtsp://, rtsps://, http:// or https://")
        raise FileNotFoundError(f"{spec}: no such file or folder; a source is demo, camera:N, rtsp://.., FILE or DIR")
    if not (path.is_dir() or path.is_file()):
        raise ValueError(f"{spec}: not a regular file; a source is demo, camera:N, rtsp://.., FILE or DIR")
    if path.is_dir() or path.suffix.lower() in SUFFIXES:
        return FolderSource(path)
    return VideoSource(path)
