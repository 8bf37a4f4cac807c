"""Runs an image in QEMU: 512 KiB of RAM, frames through a pipe, its console as lines of text, and a time limit."""

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from peephole.firmware.flash import opened_flash
from peephole.firmware.frames import FRAMES, WATCH, GreyFrame, Mode, Stall, write_frames
from peephole.firmware.image import Image
from peephole.firmware.scratch import scratch_told
from peephole.firmware.toolchain import EMULATOR, need

# Without floating point and atomics, which the code must not use: they trap.
MACHINE = ("-M", "virt", "-cpu", "rv32,f=false,d=false,a=false", "-m", "512K", "-bios", "none")
QUIET = ("-display", "none", "-monitor", "none")
COUNTING = ("-icount", "shift=0")  # one instruction is one tick: the counters are exact
# What the firmware prints for those who develop it, and the files that it reads; the serial line is the owner's.
CONSOLE = ("-chardev", "stdio,id=console", "-semihosting-config", "enable=on,target=native,chardev=console")
BOUND = ("setpriv", "--pdeathsig", "KILL")
"""Of util-linux: the kernel ends what is started so with the thread that started it, however that ends."""
HOST = "127.0.0.1"


class FirmwareError(ValueError):
    """An image that ended otherwise than it should have."""


def qemu_command(
    image: Image, flash: Path | None = None, serial: int | None = None, counting: bool = True
) -> list[str]:
    """Return QEMU's command line; it is to be started where `frames.FRAMES` lies.

    flash: the second bank as it is kept between runs; where there is none, that of the image, which stays as it is.
    serial: port of 127.0.0.1 where the serial line is offered. counting: instructions are counted exactly, and are the
    clock; without that the emulator is faster.
    """
    banks = ((image.code, True), (flash or image.weights, flash is None))
    drives = []
    for unit, (file, kept) in enumerate(banks):
        name = str(file.absolute()).replace(",", ",,")
        drives += ["-drive", f"if=pflash,unit={unit},format=raw,file={name},readonly={'on' if kept else 'off'}"]
    line = "null" if serial is None else f"tcp:{HOST}:{serial},server=on,wait=off"
    return [EMULATOR, *MACHINE, *QUIET, *(COUNTING if counting else ()), *CONSOLE, *drives, "-serial", line]


def run_image(
    image: Image,
    frames: Iterable[GreyFrame | Stall],
    flash: Path | None = None,
    seconds: float = 600,
    serial: int | None = None,
    files: Mapping[str, bytes] | None = None,
    mode: Mode = WATCH,
) -> Iterator[str]:
    """Run an image on frames and give the lines that it prints, without their ends, as they come.

    flash: a file of what the device keeps, made where there is none; None: it keeps nothing. serial: as in
    `qemu_command`. files: others that the image may read, name -> content; they are in no folder of this machine.
    mode: see `frames.Mode`. The emulator ends with this process, and nobody else has the flash until it does.

    Raises `FileNotFoundError` where QEMU is missing, what `opened_flash` raises, an `OSError` where the serial line's
    port is taken, and `FirmwareError` with one sentence where the image ended with another exit code than 0 (its last
    line is in it), or ran for more than `seconds`.
    """
    need(EMULATOR)
    if serial is not None:
        _check_port(serial)
    with contextlib.ExitStack() as held:
        held.enter_context(scratch_told())
        bank = held.enter_context(opened_flash(image, flash))
        folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="peephole-")))
        handles = [bank.fileno(), *(_offer(held, folder / file, content) for file, content in (files or {}).items())]
        os.mkfifo(folder / FRAMES)
        feeder = _Feeder(folder / FRAMES, frames, mode)
        held.callback(feeder.stop)
        command = qemu_command(image, Path(f"/dev/fd/{bank.fileno()}"), serial)
        qemu = held.enter_context(_started(command, folder, handles))
        late = threading.Event()

        def stop() -> None:
            late.set()
            qemu.kill()

        limit = threading.Timer(seconds, stop)
        held.callback(limit.cancel)
        limit.start()
        last = ""
        assert qemu.stdout is not None  # noqa: S101 - it is a pipe
        for line in qemu.stdout:
            last = line.strip() or last
            if line.strip():
                yield line.rstrip("\r\n")
        code = qemu.wait()
    if feeder.trouble is not None:
        raise feeder.trouble
    word = last[:200] or "nothing"
    if late.is_set():
        raise FirmwareError(f"the emulator was stopped after {seconds:g} seconds; the last line was: {word}")
    if code != 0:
        raise FirmwareError(f"the firmware ended with code {code}; its last line was: {word}")


def _check_port(number: int) -> None:
    """Raise an `OSError` where a port is taken; QEMU would say it in words of its own."""
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            taken.bind((HOST, number))
            taken.listen()
        except OSError as error:
            raise OSError(
                f"port {number} of {HOST} cannot be had ({error.strerror}); choose another one with --serial"
            ) from error


def _offer(held: contextlib.ExitStack, place: Path, content: bytes) -> int:
    """Let whoever inherits the handle that is returned read a file at a place; it has no name that outlives us."""
    file = held.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 - held until the emulator has ended
    file.write(content)
    file.flush()
    place.symlink_to(f"/dev/fd/{file.fileno()}")
    return file.fileno()


@contextlib.contextmanager
def _started(command: list[str], folder: Path, handles: list[int]) -> Iterator[subprocess.Popen[str]]:
    bound = BOUND if shutil.which(BOUND[0]) else ()  # without it a killed run leaves its emulator behind
    qemu = subprocess.Popen(  # noqa: S603 - a fixed command
        [*bound, *command],
        cwd=folder,
        pass_fds=handles,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    try:
        yield qemu
    finally:
        qemu.kill()
        qemu.wait()
        if qemu.stdout is not None:
            qemu.stdout.close()


class _Feeder:
    """Writes frames into a pipe in a thread of its own, until there are no more or nobody reads them."""

    def __init__(self, pipe: Path, frames: Iterable[GreyFrame | Stall], mode: Mode) -> None:
        self.trouble: Exception | None = None
        self._pipe = pipe
        self._frames = frames
        self._mode = mode
        self._over = threading.Event()
        # No daemon: one that was inside OpenCV when Python ends would take the process down.
        self._thread = threading.Thread(target=self._feed, name="frames")
        self._thread.start()

    def _feed(self) -> None:
        try:
            with contextlib.suppress(BrokenPipeError), self._pipe.open("wb") as file:  # waits for the reader
                write_frames(file, self._wanted(), self._mode)
        except Exception as error:
            self.trouble = error

    def _wanted(self) -> Iterator[GreyFrame | Stall]:
        for frame in self._frames:
            if self._over.is_set():
                return
            yield frame

    def stop(self) -> None:
        """Let go of the pipe, whether it was ever read or not."""
        self._over.set()
        for _ in range(100):  # five seconds: a source that waits for its camera ends when that is closed
            reader = os.open(self._pipe, os.O_RDONLY | os.O_NONBLOCK)  # so that opening for writing comes back
            os.close(reader)
            self._thread.join(0.05)
            if not self._thread.is_alive():
                return
