"""The newest frame as a JPEG with a box around each face, drawn once however many watch."""

import threading
import unicodedata

import cv2
import numpy as np

from peephole.doorbell.doorbell import LiveFace
from peephole.live import View
from peephole.polygons import Polygon
from peephole.vision.sources import Image
from peephole.vision.sources.masked import pixels_of

COLOURS = {"known": (110, 180, 60), "stranger": (40, 150, 240), "unsure": (190, 180, 170)}
"""Blue-green-red, near the page's own; the page says the same in words."""
ZONE = (235, 235, 235)
MOST_WIDTH = 1280
"""Wider frames are shrunk for the page."""
TILE_WIDTH = 480
"""Of the small picture of a camera that stands beside the one that is looked at."""
QUALITY = 80


class Painter:
    """Keeps the newest JPEGs of one camera, with and without names, large and small."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._done: dict[tuple[bool, bool], tuple[tuple[int, str], bytes]] = {}

    def jpeg(self, view: View, names: bool, small: bool = False, line: str = "") -> bytes:
        """Encode a view, or give what another viewer had encoded. line: of text, where names are drawn."""
        wanted = view.frame.number, line
        with self._lock:
            drawn, data = self._done.get((names, small), ((-1, ""), b""))
            if drawn != wanted:
                canvas = draw(view.frame.image, view.faces, names, TILE_WIDTH if small else MOST_WIDTH, view.zone)
                data = _encode(with_line(canvas, line) if names and line and not small else canvas)
                self._done[names, small] = (wanted, data)
            return data


def draw(
    image: Image,
    faces: tuple[LiveFace, ...],
    names: bool,
    most_width: int = MOST_WIDTH,
    zone: Polygon | None = None,
) -> Image:
    """Return a copy in colour, at most so wide, with the zone, boxes and (for browsers without scripts) names."""
    canvas = cv2.cvtColor(image, cv2.COLOR_GRAY2BGR) if image.ndim == 2 else image
    scale = min(1.0, most_width / canvas.shape[1])
    if scale < 1:
        canvas = cv2.resize(canvas, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    elif canvas is image:
        canvas = image.copy()
    line = max(2, round(canvas.shape[1] / 280))
    if zone is not None:
        outline(canvas, zone)
    for face in faces:
        left, top = round(face.box.x * scale), round(face.box.y * scale)
        right, bottom = left + round(face.box.width * scale), top + round(face.box.height * scale)
        colour = COLOURS[face.kind]
        cv2.rectangle(canvas, (left, top), (right, bottom), colour, line, cv2.LINE_AA)
        if names:
            text = "looking" if face.kind == "unsure" else f"{plain(face.label, face.kind)} {face.near}".rstrip()
            _write(canvas, text, (left, max(top - 8, 18)), colour)
    return np.asarray(canvas, np.uint8)


def outline(canvas: cv2.typing.MatLike, zone: Polygon) -> None:
    """Draw the edge of a zone into a picture, light on dark, so that it is seen before anything."""
    points = [pixels_of(zone, *canvas.shape[:2])]
    for colour, width in (((20, 20, 20), 3), (ZONE, 1)):
        cv2.polylines(canvas, points, True, colour, width, cv2.LINE_AA)


def with_line(canvas: Image, text: str) -> Image:
    """Return a picture, uint8 [H,W,3], with a line of text along its lower edge, as large as there is room."""
    height, width = canvas.shape[:2]
    size, line = max(0.5, width / 900), "".join(letter for letter in text if " " <= letter <= "~")
    (long, high), _ = cv2.getTextSize(line, cv2.FONT_HERSHEY_SIMPLEX, size, 2)
    size = min(size, size * 0.96 * width / max(1, long))
    edge = height - round(2.2 * high)
    shaded = canvas.copy()
    shaded[edge:] //= 4
    at = round(0.02 * width), height - round(0.8 * high)
    cv2.putText(shaded, line, at, cv2.FONT_HERSHEY_SIMPLEX, size, (255, 255, 255), 2, cv2.LINE_AA)
    return shaded


def plain(label: str, kind: str) -> str:
    """The name in the few letters that OpenCV can draw; the decision where too little of it would be left."""
    kept = unicodedata.normalize("NFKD", label).encode("ascii", "ignore").decode()
    letters = sum(character.isalnum() for character in label)
    return kept if 2 * sum(character.isalnum() for character in kept) >= letters else kind


def _write(canvas: cv2.typing.MatLike, text: str, at: tuple[int, int], colour: tuple[int, int, int]) -> None:
    size = max(0.5, canvas.shape[1] / 1100)
    cv2.putText(canvas, text, at, cv2.FONT_HERSHEY_SIMPLEX, size, (20, 20, 20), 4, cv2.LINE_AA)
    cv2.putText(canvas, text, at, cv2.FONT_HERSHEY_SIMPLEX, size, colour, 2, cv2.LINE_AA)


def _encode(image: Image) -> bytes:
    done, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    if not done:
        raise ValueError("the picture could not be encoded")
    return data.tobytes()
