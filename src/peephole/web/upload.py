"""Photos that come through the page: strangers' bytes, so looked at before they are decoded.

However many come at once, one is decoded at a time, and shrunk to what enrolment looks at before the next one: a
request of MOST_PHOTOS then holds no more than 154 MB of pixels beside the one in work.
"""

import threading
from collections.abc import Sequence

import cv2
import numpy as np
from fastapi import UploadFile

from peephole.doorbell.doorbell import Photo
from peephole.doorbell.pictures import reduced
from peephole.picture_size import MOST_PIXELS, picture_size

MOST_PHOTOS = 20
LONGEST_SIDE = 1600
"""To which a photo is shrunk; enrolment reduces a larger one to this, so nothing is lost."""

_one_at_a_time = threading.Lock()  # requests are handled in many threads


def decoded(files: Sequence[UploadFile]) -> list[Photo]:
    """Decode what was uploaded.

    Raises:
        ValueError: nothing was, too much, or one of them is no photo.
    """
    # A browser sends one nameless, empty file where none was chosen.
    chosen = [file for file in files if file.filename]
    if not chosen:
        raise ValueError("choose at least one photo")
    if len(chosen) > MOST_PHOTOS:
        raise ValueError(f"{len(chosen)} photos at once; send at most {MOST_PHOTOS}")
    return [decode_photo(file.filename or "photo", file.file.read()) for file in chosen]


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
