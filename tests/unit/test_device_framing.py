"""Frames on the line: the owner's side in Python takes apart what the device's in C sends, and what is broken."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_line import MadeUpDevice
from peephole.device import framing
from peephole.device.framing import FrameReader, packed, stuffed, unstuffed

# Many zeros, and runs around the longest one.
CONTENT = st.one_of(
    st.binary(max_size=600),
    st.lists(st.sampled_from([b"\0", b"a" * 253, b"b" * 254, b"c" * 255]), max_size=4).map(b"".join),
)


@pytest.mark.parametrize(
    ("frame", "on_the_line"),
    [
        (b"\0", "00 01 01 00"),
        (b"\0\0", "00 01 01 01 00"),
        (bytes.fromhex("11220033"), "00 03 11 22 02 33 00"),
        (bytes.fromhex("11000000"), "00 02 11 01 01 01 00"),
    ],
)
def test_the_examples_of_the_article(frame: bytes, on_the_line: str) -> None:
    assert stuffed(frame) == bytes.fromhex(on_the_line)


@given(CONTENT)
def test_a_frame_comes_out_as_it_went_in(frame: bytes) -> None:
    line = stuffed(frame)
    assert line[0] == line[-1] == 0 and 0 not in line[1:-1]
    assert unstuffed(line[1:-1]) == frame


@given(st.binary(max_size=50).filter(lambda content: 0 not in content))
def test_anything_between_two_zeros_is_a_frame_or_none(content: bytes) -> None:
    frame = unstuffed(content)
    assert frame is None or len(frame) <= len(content)


@given(CONTENT, st.lists(st.integers(1, 700), max_size=5))
def test_pieces_make_the_same_frames(body: bytes, cuts: list[int]) -> None:
    content = b"noise\0" + packed(7, body) + packed(8)
    reader, frames, start = FrameReader(), [], 0
    for end in [*sorted(cuts), len(content)]:
        frames += reader.take(content[start:end])
        start = max(start, end)
    assert [(frame.type, frame.body) for frame in frames] == [(7, body), (8, b"")]


@given(st.integers(0, 8 * 20))
def test_a_frame_with_a_wrong_bit_is_none(bit: int) -> None:
    content = bytearray(packed(7, b"twelve bytes"))
    content[bit // 8] ^= 1 << bit % 8
    frames = FrameReader().take(bytes(content) + b"\0")
    assert [frame for frame in frames if (frame.type, frame.body) != (7, b"twelve bytes")] == []
    assert len(frames) <= (0 if 8 <= bit < 8 * (len(content) - 1) else 1)


def test_the_device_speaks_the_same() -> None:
    device = MadeUpDevice()
    (frame,) = FrameReader().take(device.take(packed(framing.HELLO, bytes(16))))
    assert (frame.version, frame.type, frame.body[0]) == (framing.VERSION, framing.REFUSED, 4)  # not paired yet
    (frame,) = FrameReader().take(device.take(packed(0x42)))
    assert frame.body == bytes([3, 0x42, 0, 0, 0])


def test_a_line_of_noise_does_not_fill_the_memory() -> None:
    reader = FrameReader()
    for _ in range(100):
        assert reader.take(b"noise" * 1000) == []
    assert len(reader._rest) < 2000
