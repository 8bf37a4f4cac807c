"""The newest frame as a JPEG with a box around each face, drawn once however many watch."""

import threading
import unicodedata

import cv2
import numpy as np

from peephole.doorbell.doorbell import LiveFace
from peephole.live import Look
from peephole.vision.sources import Image

COLOURS = {"known": (110, 180, 60), "stranger": (40, 150, 240), "unsure": (190, 180, 170)}
"""Blue-green-red, near the page's own; the page says the same in words."""
MOST_WIDTH = 1280
"""Wider frames are shrunk for the page."""
QUALITY = 80


class Painter:
    """Keeps the newest JPEGs, with and without names."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._done: dict[bool, tuple[int, bytes]] = {}

    def jpeg(self, look: Look, names: bool) -> bytes:
        """Encode a look, or give what another viewer had encoded."""
        with self._lock:
            number, data = self._done.get(names, (-1, b""))
            if number != look.frame.number:
                data = _encode(draw(look.frame.image, look.faces, names))
                self._done[names] = (look.frame.number, data)
            return data


def draw(image: Image, faces: tuple[LiveFace, ...], names: bool) -> Image:
    """Return a copy in colour, at most MOST_WIDTH wide, with boxes and (for browsers without scripts) names."""
    canvas = cv2.cvtColor(image, cv2.COLOR_GRAY2BGR) if image.ndim == 2 else image
    scale = min(1.0, MOST_WIDTH / canvas.shape[1])
    if scale < 1:
        canvas = cv2.resize(canvas, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    elif canvas is image:
        canvas = image.copy()
    line = max(2, round(canvas.shape[1] / 280))
    for face in faces:
        left, top = round(face.box.x * scale), round(face.box.y * scale)
        right, bottom = left + round(face.box.width * scale), top + round(face.box.height * scale)
        colour = COLOURS[face.kind]
        cv2.rectangle(canvas, (left, top), (right, bottom), colour, line, cv2.LINE_AA)
        if names:
            text = "looking" if face.kind == "unsure" else plain(face.label, face.kind)
            _write(canvas, text, (left, max(top - 8, 18)), colour)
    return np.asarray(canvas, np.uint8)


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
