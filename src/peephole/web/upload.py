"""Photos that come through the page: strangers' bytes, so looked at before they are decoded.

However many come at once, one is decoded at a time, and shrunk to what enrolment looks at before the next one: a
request of MOST_PHOTOS then holds no more than 154 MB of pixels beside the one in work.
"""

import struct
import threading

import cv2
import numpy as np

from peephole.doorbell.doorbell import Photo
from peephole.doorbell.pictures import reduced

MOST_PIXELS = 50_000_000
"""Of one photo: a phone's best; a small file may claim any size and be gigabytes once decoded."""
MOST_PHOTOS = 20
LONGEST_SIDE = 1600
"""To which a photo is shrunk; enrolment reduces a larger one to this, so nothing is lost."""

_one_at_a_time = threading.Lock()  # requests are handled in many threads
_PNG = b"\x89PNG\r\n\x1a\n"


def decode_photo(label: str, data: bytes) -> Photo:
    """Decode a JPEG, PNG or WebP photo, at most LONGEST_SIDE pixels wide and high.

    Raises:
        ValueError: it is none of these, damaged, or too large; the sentence names it.
    """
    size = picture_size(data)
    if size is None:
        raise ValueError(f"{label}: not a photo that can be read; use a JPEG, PNG or WebP file")
    width, height = size
    if width * height > MOST_PIXELS:
        raise ValueError(f"{label}: {width} x {height} is more than {MOST_PIXELS // 1_000_000} megapixels; shrink it")
    with _one_at_a_time:
        try:
            image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        except cv2.error:
            image = None
        if image is None:
            raise ValueError(f"{label}: the photo is damaged; choose another one")
        return Photo(label, reduced(np.asarray(image, np.uint8), LONGEST_SIDE)[0])


def picture_size(data: bytes) -> tuple[int, int] | None:
    """Read width and height from the first bytes of a JPEG, PNG or WebP file; None for anything else."""
    try:
        if data.startswith(_PNG) and data[12:16] == b"IHDR":
            width, height = struct.unpack(">II", data[16:24])
            return width, height
        if data.startswith(b"\xff\xd8"):
            return _jpeg_size(data)
        if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
            return _webp_size(data)
    except (struct.error, IndexError):
        return None
    return None


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    at = 2
    while data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:  # padding
            at += 1
        elif 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):  # a start of frame, not a table
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return width, height
        else:
            at += 2 + struct.unpack(">H", data[at + 2 : at + 4])[0]
    return None


def _webp_size(data: bytes) -> tuple[int, int] | None:
    kind = data[12:16]
    if kind == b"VP8X":
        return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
    if kind == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"VP8 ":
        width, height = struct.unpack("<HH", data[26:30])
        return width & 0x3FFF, height & 0x3FFF
    return None
