"""Small programs for the emulated board, linked with the port's own files."""

import subprocess
from pathlib import Path

from peephole.compiler.emit.sources import source_folder
from peephole.firmware.emulator import CONSOLE, COUNTING, MACHINE, QUIET
from peephole.firmware.image import BANK_BYTES
from peephole.firmware.toolchain import COMPILER, EMULATOR

PORT = source_folder() / "ports" / "rv32-virt"
PORT_FILES = tuple(PORT / name for name in ("start.S", "board.c", "string.c", "flash.c"))
COMPILED = ("-std=gnu99", "-march=rv32imc_zicsr", "-mabi=ilp32", "-ffreestanding", "-fno-builtin", "-O1")
HEADERS = (f"-I{PORT}", f"-I{source_folder()}", f"-I{source_folder() / 'include'}", f"-isystem{PORT / 'libc'}")
LINKED = ("-march=rv32imc", "-mabi=ilp32", "-nostdlib", f"-Wl,-T,{PORT / 'link.ld'}", "-Wl,--defsym=STACK_BYTES=4096")


def link(folder: Path, *sources: Path) -> Path:
    """Compile and link sources with the port; return the first flash bank, in the folder."""
    objects = []
    for source in (*sources, *PORT_FILES):
        objects.append(folder / f"{source.name}.o")
        _must(COMPILER, *COMPILED, *HEADERS, "-c", source, "-o", objects[-1])
    elf, bank = folder / "fw.elf", folder / "fw.bin"
    _must(COMPILER, *LINKED, "-Wl,--gc-sections", "-o", elf, *objects, "-lgcc")
    parts = ("-j", ".text", "-j", ".rodata", "-j", ".data")
    _must("riscv64-unknown-elf-objcopy", "-O", "binary", *parts, elf, bank)
    with bank.open("r+b") as file:
        file.truncate(BANK_BYTES)
    return bank


def qemu(code: Path, kept: Path | None = None) -> list[str]:
    """The command that runs a first flash bank; kept: the second one."""
    drives = ["-drive", f"if=pflash,unit=0,format=raw,file={code},readonly=on"]
    if kept is not None:
        drives += ["-drive", f"if=pflash,unit=1,format=raw,file={kept}"]
    return [EMULATOR, *MACHINE, *QUIET, *COUNTING, *CONSOLE, *drives, "-serial", "null"]


def erased_flash(path: Path, start: bytes = b"") -> Path:
    """A second bank that was never used, but for where weights lie."""
    path.write_bytes(start + b"\xff" * (BANK_BYTES - len(start)))
    return path


def _must(*command: object) -> None:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr


def symbol_sizes(source: Path) -> dict[str, int]:
    """Bytes of every variable of a source, compiled for the board."""
    compiled = source.with_suffix(".o")
    _must(COMPILER, *COMPILED, *HEADERS, "-c", source, "-o", compiled)
    command = ["riscv64-unknown-elf-nm", "-S", str(compiled)]
    listed = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    return {name: int(size, 16) for _, size, _, name in map(str.split, listed.splitlines())}
