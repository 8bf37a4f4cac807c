"""The line to a device: a serial port, or a socket that leads to one."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from peephole.device.errors import LostLineError

if TYPE_CHECKING:
    import serial

BAUD = 115_200


class Line(Protocol):
    """Bytes in both directions."""

    name: str

    def read(self, seconds: float) -> bytes:
        """Return what has arrived; wait for so long at most. Raises `LostLineError` when the line is gone."""

    def write(self, content: bytes) -> None:
        """Send all of it. Raises `LostLineError` when the line is gone."""


class SerialLine:
    """A line that pyserial has opened."""

    def __init__(self, name: str, port: "serial.Serial") -> None:
        self.name = name
        self._port = port

    def read(self, seconds: float) -> bytes:
        """See `Line`."""
        import serial

        self._port.timeout = seconds
        try:
            first: bytes = self._port.read(1)
            waiting = self._port.in_waiting if first else 0
            more: bytes = self._port.read(waiting) if waiting else b""
        except (serial.SerialException, OSError) as error:
            raise LostLineError(
                f"{self.name}: the line is gone ({_reason(error)}); plug the device in again"
            ) from error
        return first + more

    def write(self, content: bytes) -> None:
        """See `Line`."""
        import serial

        try:
            self._port.write(content)
        except (serial.SerialException, OSError) as error:
            raise LostLineError(
                f"{self.name}: the line is gone ({_reason(error)}); plug the device in again"
            ) from error


@contextmanager
def opened_line(port: str, baud: int = BAUD) -> Iterator[Line]:
    """Open a serial port by its name, or `socket://HOST:PORT`. Raises `LostLineError` where there is none."""
    import serial

    _check_socket(port)
    try:
        opened = serial.serial_for_url(port, baudrate=baud, timeout=0.1, write_timeout=10, exclusive=True)
    except (serial.SerialException, OSError, ValueError) as error:
        cause = _reason(error)
        if cause == os.strerror(errno.EAGAIN):
            told = f"{port}: another program has it, such as peephole device page; end that one first"
            raise LostLineError(told) from error
        what = f"cannot be opened ({cause})"
        if cause == os.strerror(errno.ENOENT):
            what = "no such serial port"
        elif _is_number(error, errno.ENOTTY):
            what = "not a serial port"
        raise LostLineError(
            f"{port}: {what}; name a serial port such as /dev/ttyUSB0, or socket://HOST:PORT"
        ) from error
    try:
        yield SerialLine(port, opened)
    finally:
        opened.close()


def _check_socket(port: str) -> None:
    """Raise `LostLineError` for a socket's address that is none."""
    scheme, found, address = port.partition("://")
    if not found:
        return
    host, _, number = address.rpartition(":")
    if scheme.lower() == "socket" and not (host and number.isdecimal() and 0 < int(number) < 1 << 16):
        raise LostLineError(f"{port}: no address of a socket; name host and port, as socket://127.0.0.1:5599")


def _is_number(error: BaseException, number: int) -> bool:
    """Tell whether the first cause of an error is this number of the system; termios has it nowhere but in the text."""
    while error.__context__ is not None:
        error = error.__context__
    return number in error.args


def _reason(error: BaseException) -> str:
    while error.__context__ is not None:
        error = error.__context__
    strerror = getattr(error, "strerror", None)
    return str(strerror or error or type(error).__name__).rstrip(".")
