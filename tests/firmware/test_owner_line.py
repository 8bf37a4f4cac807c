"""The owner's line of the emulated board: what comes over it is answered, between frames and after the last one."""

import contextlib
import random
import select
import socket
import struct
import subprocess
import threading
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from peephole.firmware.emulator import qemu_command
from peephole.firmware.flash import kept_flash
from peephole.firmware.frames import FRAMES, WATCH, GreyFrame, Mode, write_frames
from peephole.firmware.image import Image
from ports import free_port

VERSION, HELLO, PAIR = 1, 0x01, 0x02
WELCOME, PAIRED, REFUSED = 0x81, 0x82, 0xFF
UNPAIRED, BUTTON, DAMAGED = 4, 5, 1


def stuffed(body: bytes) -> bytes:
    """A frame with its checksum, without zeros (COBS), and the zero that ends it."""
    frame = body + struct.pack("<I", zlib.crc32(body))
    blocks = []
    for part in frame.split(b"\0"):
        while len(part) >= 254:
            blocks.append(b"\xff" + part[:254])
            part = part[254:]
        blocks.append(bytes([len(part) + 1]) + part)
    return b"".join(blocks) + b"\0"


def unstuffed(line: bytes) -> bytes:
    body, at = bytearray(), 0
    while at < len(line):
        count = line[at]
        body += line[at + 1 : at + count] + (b"\0" if count < 255 and at + count < len(line) else b"")
        at += count
    frame = bytes(body)
    assert struct.unpack("<I", frame[-4:])[0] == zlib.crc32(frame[:-4])
    return frame[:-4]


class Line:
    """The owner's end of the line to a board."""

    def __init__(self, connection: socket.socket, board: "subprocess.Popen[str]") -> None:
        self._connection = connection
        self.board = board
        self._come = b""

    def send(self, *frames: bytes) -> None:
        self._connection.sendall(b"".join(frames))

    def babble(self) -> None:
        """Send noise until the line is closed, and throw away what comes back."""
        noise = random.Random(5).randbytes(4096)
        with contextlib.suppress(OSError, ValueError):
            while True:
                may_read, may_write, _ = select.select([self._connection], [self._connection], [])
                if may_read and not self._connection.recv(65536):
                    return
                if may_write:
                    self._connection.send(noise)

    def answer(self) -> bytes:
        """The next frame from the device, which may begin and end with a zero."""
        self._come = self._come.lstrip(b"\0")
        while b"\0" not in self._come:
            got = self._connection.recv(4096)
            assert got, "the line was closed"
            self._come = (self._come + got).lstrip(b"\0")
        line, _, self._come = self._come.partition(b"\0")
        return unstuffed(line)


@pytest.fixture
def connect(image: Image, demo: Callable[[int], GreyFrame], tmp_path: Path) -> Iterator[Callable[[Mode], Line]]:
    """Starts the board on one frame of the empty garden, and connects to it; switches off the one before."""
    flash = kept_flash(image, tmp_path / "kept.bin")
    with contextlib.ExitStack() as stack:

        def start(mode: Mode) -> Line:
            stack.close()
            port = free_port()
            with (tmp_path / FRAMES).open("wb") as file:
                write_frames(file, [demo(0)], mode | Mode.STAY)
            command = qemu_command(image, flash, port)
            board = stack.enter_context(
                subprocess.Popen(command, cwd=tmp_path, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
            )
            stack.callback(board.kill)
            assert board.stdout is not None
            assert board.stdout.readline().startswith('{"people": ')  # it listens
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", port), 30))
            return Line(connection, board)

        yield start


NONCE = bytes(range(16))


def test_a_device_that_was_never_paired_says_so(connect: Callable[[Mode], Line]) -> None:
    line = connect(WATCH)
    line.send(stuffed(bytes([VERSION, HELLO]) + NONCE))
    assert line.answer()[:3] == bytes([VERSION, REFUSED, UNPAIRED])


def test_nobody_pairs_without_the_button(connect: Callable[[Mode], Line]) -> None:
    line = connect(WATCH)
    line.send(stuffed(bytes([VERSION, PAIR])))
    assert line.answer()[:3] == bytes([VERSION, REFUSED, BUTTON])


def test_with_the_button_pressed_an_owner_is_paired_and_welcome_after_a_restart(
    connect: Callable[[Mode], Line],
) -> None:
    line = connect(Mode.PRESS)
    line.send(stuffed(bytes([VERSION, PAIR])))
    paired = line.answer()
    assert paired[:2] == bytes([VERSION, PAIRED]) and len(paired) == 2 + 32 and len(set(paired[2:])) > 8
    again = connect(WATCH)
    again.send(stuffed(bytes([VERSION, HELLO]) + NONCE))
    welcome = again.answer()
    assert welcome[:2] == bytes([VERSION, WELCOME]) and welcome[2:18] == NONCE


def test_garbage_before_a_frame_is_refused_and_the_frame_answered(connect: Callable[[Mode], Line]) -> None:
    line = connect(WATCH)
    garbage = random.Random(3).randbytes(3000).replace(b"\0", b"\1")
    line.send(garbage, b"\0", stuffed(bytes([VERSION, HELLO]) + NONCE))
    assert line.answer()[:3] == bytes([VERSION, REFUSED, DAMAGED])
    assert line.answer()[:3] == bytes([VERSION, REFUSED, UNPAIRED])


def test_noise_on_the_line_does_not_keep_the_doorbell_from_its_frames(connect: Callable[[Mode], Line]) -> None:
    line = connect(WATCH)
    threading.Thread(target=line.babble, daemon=True).start()
    late = threading.Timer(60, line.board.kill)
    late.start()
    assert any(said.startswith('{"steps": ') for said in line.board.stdout or ())
    late.cancel()
