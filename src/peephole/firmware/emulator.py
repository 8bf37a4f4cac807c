"""Runs an image in QEMU: 512 KiB of RAM, frames through a pipe, its console as lines of text, and a time limit."""

import contextlib
import os
import subprocess
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from peephole.firmware.frames import FRAMES, WATCH, GreyFrame, Mode, Stall, write_frames
from peephole.firmware.image import Image
from peephole.firmware.toolchain import EMULATOR, need

# Without floating point and atomics, which the code must not use: they trap.
MACHINE = ("-M", "virt", "-cpu", "rv32,f=false,d=false,a=false", "-m", "512K", "-bios", "none")
QUIET = ("-display", "none", "-monitor", "none")
COUNTING = ("-icount", "shift=0")  # one instruction is one tick: the counters are exact
# What the firmware prints for those who develop it, and the files that it reads; the serial line is the owner's.
CONSOLE = ("-chardev", "stdio,id=console", "-semihosting-config", "enable=on,target=native,chardev=console")


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
        name = str(file.resolve()).replace(",", ",,")
        drives += ["-drive", f"if=pflash,unit={unit},format=raw,file={name},readonly={'on' if kept else 'off'}"]
    line = "null" if serial is None else f"tcp:127.0.0.1:{serial},server=on,wait=off"
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

    flash, serial: as in `qemu_command`. files: others that the image may read, name -> content. mode: see
    `frames.Mode`.

    Raises `FileNotFoundError` where QEMU is missing, and `RuntimeError` with one sentence where the image ended with
    another exit code than 0 (its last line is in it), or ran for more than `seconds`.
    """
    need(EMULATOR)
    with tempfile.TemporaryDirectory(prefix="peephole-") as name:
        pipe = Path(name) / FRAMES
        os.mkfifo(pipe)
        for file, content in (files or {}).items():
            (Path(name) / file).write_bytes(content)
        feeder = _Feeder(pipe, frames, mode)
        qemu = subprocess.Popen(  # noqa: S603 - a fixed command
            qemu_command(image, flash, serial),
            cwd=name,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        late = threading.Event()

        def stop() -> None:
            late.set()
            qemu.kill()

        limit = threading.Timer(seconds, stop)
        limit.start()
        last = ""
        try:
            assert qemu.stdout is not None  # noqa: S101 - it is a pipe
            for line in qemu.stdout:
                last = line.strip() or last
                if line.strip():
                    yield line.rstrip("\r\n")
            code = qemu.wait()
        finally:
            limit.cancel()
            qemu.kill()
            qemu.wait()
            if qemu.stdout is not None:
                qemu.stdout.close()
            feeder.stop()
        if feeder.trouble is not None:
            raise feeder.trouble
        word = last[:200] or "nothing"
        if late.is_set():
            raise RuntimeError(f"the emulator was stopped after {seconds:g} seconds; the last line was: {word}")
        if code != 0:
            raise RuntimeError(f"the firmware ended with code {code}; its last line was: {word}")


class _Feeder:
    """Writes frames into a pipe in a thread of its own, until there are no more or nobody reads them."""

    def __init__(self, pipe: Path, frames: Iterable[GreyFrame | Stall], mode: Mode) -> None:
        self.trouble: Exception | None = None
        self._pipe = pipe
        self._frames = frames
        self._mode = mode
        self._thread = threading.Thread(target=self._feed, name="frames", daemon=True)
        self._thread.start()

    def _feed(self) -> None:
        try:
            with contextlib.suppress(BrokenPipeError), self._pipe.open("wb") as file:  # waits for the reader
                write_frames(file, self._frames, self._mode)
        except Exception as error:
            self.trouble = error

    def stop(self) -> None:
        """Let go of the pipe, whether it was ever read or not."""
        reader = os.open(self._pipe, os.O_RDONLY | os.O_NONBLOCK)
        os.close(reader)
        self._thread.join(1)  # a source that waits for its camera is left to itself
