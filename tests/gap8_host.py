"""The doorbell for GAP8 on a host: all of its C, over a model of PMSIS with a thread for each core (gap8_pmsis/)."""

import os
import re
import socket
import struct
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from peephole.compiler.emit import write_folder
from peephole.compiler.emit.sources import source_folder
from peephole.firmware.frames import GreyFrame
from peephole.firmware.gap8 import Gap8Sources

MODEL = sorted((Path(__file__).parent / "gap8_pmsis").glob("*.c"))
# Where addresses have 32 bits for the DMA, as on the chip: static memory of a program that is not moved.
LOW = ("-fno-pie", "-no-pie")
SCALAR = "-U__SSE2__"  # the kernels of a machine without vectors, as the chip's
FLAGS = ("-std=gnu99", "-O1", "-g", "-fwrapv", *LOW, "-pthread", "-Wall", "-Wextra", "-Werror")
INCLUDE = (SCALAR, "-I.", "-Icsrc", "-Icsrc/include", "-Icsrc/ports/gap8/stub", "-DRECOGNISER_SELF_TEST_IS_PART")
# What the detector would call on this machine, if it were not told that there are no vectors.
WIDER = str(source_folder() / "kernels" / "cascade_row_avx2.c")
KEPT_BYTES = 512 * 1024
CAMERA_HEIGHT, CAMERA_WIDTH = 244, 324


def twice_the_memory(header: str) -> str:
    """The plan of memory for pointers of 64 bits: everything twice as large and twice as far, whoever overlaps whom."""
    sizes = r"#define (DEVICE_(?!WEIGHTS|L1|CORE_STACK|FIRST_STACK|SLOT|TABLE_BYTES)\w+_(?:AT|BYTES)) (\d+)"
    return re.sub(sizes, lambda found: f"#define {found[1]} {2 * int(found[2])}", header)


@dataclass(frozen=True)
class OnHost:
    """The compiled program in its folder."""

    folder: Path

    @contextmanager
    def started(
        self,
        frames: Iterable[GreyFrame],
        flash: Path | None = None,
        line: socket.socket | None = None,
        **trouble: int,
    ) -> Iterator["subprocess.Popen[str]"]:
        """The program, which sees these frames once the owner has hung up; until then noise.

        trouble: covered=1, there is no noise; stall=N, frame N comes some seconds late, or by seconds=S; quiet=1,
        nothing moves during the first minute of sleep; stop=1, the
        cluster does nothing any more as soon as the door is open.
        """
        with (self.folder / "frames.bin").open("wb") as file:
            for frame in frames:
                file.write(struct.pack("<q", 1000 * frame.time) + as_the_camera_has_it(frame))
        given = {} if flash is None else {"GAP8_FLASH": str(flash)}
        given |= {} if line is None else {"GAP8_LINE": str(line.fileno())}
        given |= {f"GAP8_{name.upper()}": str(value) for name, value in trouble.items()}
        program = subprocess.Popen(
            ["./doorbell"],
            cwd=self.folder,
            env=os.environ | given,
            pass_fds=() if line is None else (line.fileno(),),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            yield program
        finally:
            program.kill()
            program.wait()
            for stream in (program.stdout, program.stderr):
                assert stream is not None
                stream.close()

    def run(self, frames: Iterable[GreyFrame], flash: Path | None = None, **trouble: int) -> list[str]:
        """What it prints, line by line."""
        with self.started(frames, flash, **trouble) as program:
            out, err = program.communicate(timeout=300)
        assert (program.returncode, err) == (0, ""), f"{err}\n{out[-2000:]}"
        return out.splitlines()


def as_the_camera_has_it(frame: GreyFrame) -> bytes:
    """A frame in the middle of a picture of the camera, with something else around it."""
    picture = np.full((CAMERA_HEIGHT, CAMERA_WIDTH), 255, np.uint8)
    high, wide = frame.pixels.shape
    top, left = (CAMERA_HEIGHT - high) // 2, (CAMERA_WIDTH - wide) // 2
    picture[top : top + high, left : left + wide] = frame.pixels
    return picture.tobytes()


def compiled(sources: Gap8Sources, folder: Path, *flags: str) -> OnHost:
    """Compile everything that `make check` compiles, and the model of PMSIS."""
    files = dict(sources.files)
    files["device_memory.h"] = twice_the_memory(files["device_memory.h"].decode()).encode()
    write_folder(folder, files)
    units = [path for path in files if path.endswith(".c")]
    (folder / "objects").mkdir()

    def compile_one(unit: str) -> str:
        made = f"objects/{unit.replace('/', '_')}.o"
        wide = ("-mavx2",) if unit == WIDER else ()
        run("gcc", *FLAGS, *wide, *flags, *INCLUDE, "-c", "-o", made, unit, cwd=folder)
        return made

    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        objects: Sequence[str] = list(pool.map(compile_one, [*units, *map(str, MODEL), WIDER]))
    run("gcc", *FLAGS, *flags, "-o", "doorbell", *objects, cwd=folder)
    return OnHost(folder)


def run(*command: str, cwd: Path) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, cwd=cwd)
    assert done.returncode == 0, done.stderr


def erased_flash(path: Path) -> Path:
    """A flash on which nothing is kept yet."""
    path.write_bytes(b"\xff" * KEPT_BYTES)
    return path
