"""A device in RAM, and lines to it: one in this process that can be spoiled, a socket, a pseudo terminal."""

import contextlib
import os
import socket
import threading
import time
import tty
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from peephole import _core
from peephole.device.client import Device, DeviceLook
from peephole.device.keys import key_id
from peephole.device.line import Line
from peephole.device.session import Session

VALUES, PEOPLE, REFERENCES, STRANGERS, LOOKS, SIDE = 3, 4, 3, 3, 2, 8
SIZE = (VALUES, PEOPLE, REFERENCES, STRANGERS, LOOKS, SIDE * SIDE, 256)
MODEL = 0x12345678
BUTTON, VISIT_STARTED, DECIDED, VISIT_ENDED, DOOR, PROBLEM = range(6)

Spoil = Callable[[bytes], bytes]


def whole(content: bytes) -> bytes:
    return content


class MadeUpDevice:
    """The C of a device over flash in RAM. `core` is its clock, button and door; `gallery` what it remembers."""

    def __init__(self, size: tuple[int, ...] = SIZE, model: int = MODEL) -> None:
        self.flash = _core.FlashMemory(1 << 17 if size[0] > VALUES else 1 << 13, 1, 7)
        self.gallery = _core.Gallery(self.flash, size, model)
        assert self.gallery.open() == 0
        self.core = _core.Device(self.gallery, 5)
        self.size = size
        self.lock = threading.RLock()

    def take(self, content: bytes) -> bytes:
        with self.lock:
            return self.core.take(content)

    def switch_off_and_on(self) -> None:
        with self.lock:
            assert self.gallery.open() == 0
            self.core.restart()


class SpoiltLine:
    """A line to a device that may change what goes over it: `to_device` and `to_owner` are given every write."""

    name = "test"

    def __init__(self, device: MadeUpDevice) -> None:
        self.device = device
        self.to_device: Spoil = whole
        self.to_owner: Spoil = whole
        self.written: list[bytes] = []
        self._come = b""

    def read(self, seconds: float) -> bytes:
        come, self._come = self._come, b""
        if not come:
            time.sleep(min(seconds, 0.002))
        return come

    def write(self, content: bytes) -> None:
        self.written.append(content)
        self._come += self.to_owner(self.device.take(self.to_device(content)))

    def tell(self) -> None:
        """Let the device say what it has to say."""
        self._come += self.device.take(b"")


def session_on(line: Line) -> Session:
    return Session(line, seconds=0.3)


def paired(line: SpoiltLine) -> tuple[Device, bytes]:
    """A new key, and a session with it."""
    line.device.core.press()
    key = session_on(line).pair()
    return Device(session_on(line), keys_of(key)), key


def keys_of(key: bytes) -> Callable[[bytes], bytes]:
    def find(identity: bytes) -> bytes:
        assert identity == key_id(key)
        return key

    return find


def looks_at(*qualities: int, first: int = 1) -> list[DeviceLook]:
    """Looks at somebody, whose descriptors are near [first, first, first]."""
    now = time.time()
    near = [np.array([first, first, index], np.int16) for index in range(len(qualities))]
    return [DeviceLook(now, quality, 0, descriptor) for quality, descriptor in zip(qualities, near, strict=True)]


def seen(count: int, first: int = 100) -> _core.GalleryLooks:
    """Looks as the device's own eyes make them."""
    rows = np.arange(count)
    descriptors = np.stack([rows + first, rows, -rows], axis=1).astype(np.int16)
    return _core.GalleryLooks(
        rows.astype(np.int64), (rows + 500).astype(np.int32), np.ones(count, np.uint8), descriptors
    )


def one_look(device: MadeUpDevice) -> _core.GalleryLooks:
    """A look of as many values as the device's descriptors have."""
    descriptor = np.full((1, device.size[0]), 100, np.int16)
    return _core.GalleryLooks(np.zeros(1, np.int64), np.full(1, 500, np.int32), np.ones(1, np.uint8), descriptor)


def stranger(device: MadeUpDevice, first: int = 100, picture: bool = True) -> int:
    grey = np.arange(SIDE * SIDE, dtype=np.uint8).reshape(SIDE, SIDE) if picture else None
    status, number = device.gallery.add_stranger(seen(2, first), grey, 990_000, 995_000, False)
    assert status == 0
    return number


@contextlib.contextmanager
def _serving(device: MadeUpDevice, receive: Callable[[], bytes], send: Callable[[bytes], object]) -> Iterator[None]:
    """Feed a device until the context ends; `receive` returns nothing when nothing came for a moment."""
    over = threading.Event()

    def serve() -> None:
        while not over.is_set():
            content = device.take(receive())
            if content:
                with contextlib.suppress(OSError):
                    send(content)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@contextlib.contextmanager
def socket_to(device: MadeUpDevice) -> Iterator[str]:
    """Offer a device's line on a port of this machine, to one owner after another; give the name of that line."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.02)
        owner: list[socket.socket] = []

        def receive() -> bytes:
            try:
                if not owner:
                    connection, _ = server.accept()
                    connection.settimeout(0.02)
                    owner.append(connection)
                content = owner[0].recv(4096)
            except TimeoutError:
                return b""
            except OSError:
                content = b""
            if not content:
                owner.pop().close()
            return content

        with _serving(device, receive, lambda content: owner[0].sendall(content) if owner else None):
            yield f"socket://127.0.0.1:{server.getsockname()[1]}"
        for connection in owner:
            connection.close()


@contextlib.contextmanager
def terminal_to(device: MadeUpDevice) -> Iterator[str]:
    """Offer a device's line as a pseudo terminal, as a USB cable does; give its name."""
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    os.set_blocking(ours, False)

    def receive() -> bytes:
        try:
            return os.read(ours, 4096)
        except BlockingIOError:
            time.sleep(0.01)
            return b""

    try:
        with _serving(device, receive, lambda content: os.write(ours, content)):
            yield os.ttyname(theirs)
    finally:
        os.close(ours)
        os.close(theirs)


def pair(device: MadeUpDevice, data: Path, port: str) -> None:
    """Pair as its owner does."""
    from commands import peephole

    with device.lock:
        device.core.press()
    done = peephole("device", "--port", port, "--data", data, "pair")
    assert done.returncode == 0, done.stderr
