"""Photos from outside: their size is known before they are decoded."""

import struct
import time
import zlib
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from peephole.doorbell import photos
from peephole.web import upload
from peephole.web.upload import LONGEST_SIDE, decode_photo, picture_size


def encoded(suffix: str, width: int, height: int) -> bytes:
    image = np.random.default_rng(5).integers(0, 255, (height, width, 3), np.uint8)
    return cv2.imencode(suffix, image)[1].tobytes()


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp"])
@pytest.mark.parametrize(("width", "height"), [(64, 48), (1, 1), (301, 517)])
def test_size_and_pixels(suffix: str, width: int, height: int) -> None:
    data = encoded(suffix, width, height)
    assert picture_size(data) == (width, height)
    assert decode_photo("face", data).image.shape == (height, width, 3)


def test_large_photo_is_shrunk_to_what_enrolment_looks_at() -> None:
    image = decode_photo("face", encoded(".jpg", 3200, 2400)).image
    assert image.shape == (1200, 1600, 3)
    assert image.base is None  # the pixels of the large one are not kept alive
    assert LONGEST_SIDE == photos._LONGEST


def test_one_photo_is_decoded_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    at_once: list[int] = []
    working: list[None] = []

    def slow(data: object, flags: int) -> object:
        working.append(None)
        at_once.append(len(working))
        time.sleep(0.02)
        working.pop()
        return np.zeros((48, 64, 3), np.uint8)

    monkeypatch.setattr(upload.cv2, "imdecode", slow)
    data = encoded(".png", 64, 48)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(decode_photo, ["face"] * 8, [data] * 8))
    assert at_once == [1] * 8


def test_lossless_webp() -> None:
    data = cv2.imencode(".webp", np.zeros((40, 30, 3), np.uint8), [cv2.IMWRITE_WEBP_QUALITY, 101])[1].tobytes()
    assert data[12:16] in (b"VP8L", b"VP8X") and picture_size(data) == (30, 40)


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that claims to be huge."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 999)) + chunk(b"IEND", b"")
    )


def test_bomb_is_refused_before_it_is_decoded() -> None:
    with pytest.raises(ValueError, match=r"bomb\.png: 60000 x 60000 is more than 50 megapixels"):
        decode_photo("bomb.png", bomb(60_000, 60_000))


@pytest.mark.parametrize(
    "data",
    [b"", b"GIF89a" + bytes(50), b"BM" + bytes(60), b"<svg/>", b"\xff\xd8", b"\xff\xd8\xff\xe0\0\x10" + bytes(9)],
)
def test_no_photo(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"x\.jpg: not a photo"):
        decode_photo("x.jpg", data)


def test_cut_png_is_refused_or_read_but_never_fatal() -> None:
    data = encoded(".png", 64, 48)
    with pytest.raises(ValueError, match="damaged"):
        decode_photo("x.png", data[:40])


@given(st.sampled_from([".jpg", ".png", ".webp"]), st.integers(0, 900), st.binary(max_size=20))
def test_damaged_beginnings_never_crash(suffix: str, at: int, junk: bytes) -> None:
    data = encoded(suffix, 16, 12)
    picture_size(data[:at] + junk + data[at + len(junk) :])
    picture_size(data[:at])
