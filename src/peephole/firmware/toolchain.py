"""The programs of the system that an image needs, and who carries them."""

import shutil

COMPILER = "riscv64-unknown-elf-gcc"
EMULATOR = "qemu-system-riscv32"
MAKE = "make"
PACKAGES = {COMPILER: "gcc-riscv64-unknown-elf", EMULATOR: "qemu-system-misc", MAKE: "make"}
PURPOSE = {COMPILER: "compiles for the device", EMULATOR: "emulates the device", MAKE: "builds the image"}


def need(*programs: str) -> None:
    """Raise a `FileNotFoundError` with one sentence that names the Debian package of a program that is missing."""
    for program in programs:
        if shutil.which(program) is None:
            raise FileNotFoundError(
                f"{program}, which {PURPOSE[program]}, is not installed; on Debian: apt install {PACKAGES[program]}"
            )
