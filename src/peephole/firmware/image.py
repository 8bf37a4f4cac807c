"""A linked image: its files, and what of it lies where."""

import json
import struct
from dataclasses import dataclass
from pathlib import Path

from peephole.compiler.emit.folder import BUILD, MANIFEST

ELF, CODE, WEIGHTS = "fw.elf", "fw.bin", "weights.bin"
BANK_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True)
class Image:
    """An image in a folder.

    sections: their bytes, by names as .text, .rodata, .data, .bss, .stack. model: the id of its recogniser, and values
    how many its descriptors have.
    """

    folder: Path
    sections: dict[str, int]
    model: str
    values: int

    @property
    def elf(self) -> Path:
        """The linked program with its symbols."""
        return self.folder / ELF

    @property
    def code(self) -> Path:
        """The first flash bank."""
        return self.folder / CODE

    @property
    def weights(self) -> Path:
        """The second flash bank."""
        return self.folder / WEIGHTS


def read_image(folder: Path) -> Image:
    """Return the image that `peephole firmware build` made in a folder.

    Raises `FileNotFoundError` or `ValueError` with one sentence where there is none.
    """
    if folder.exists() and not folder.is_dir():
        raise NotADirectoryError(f"{folder}: not a folder; name the one that peephole firmware build has written")
    built = folder / BUILD
    for name in (ELF, CODE, WEIGHTS):
        if not (built / name).is_file():
            raise FileNotFoundError(f"{built / name}: not there; make it with peephole firmware build")
    for name in (CODE, WEIGHTS):
        size = (built / name).stat().st_size
        if size != BANK_BYTES:
            raise ValueError(f"{built / name}: {size:,} bytes, but a flash bank has {BANK_BYTES:,}; build it anew")
    sections = section_sizes((built / ELF).read_bytes(), str(built / ELF))
    try:
        told = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        return Image(built, sections, str(told["recogniser"]), int(told["values"]))
    except (OSError, ValueError, KeyError, TypeError):
        raise ValueError(f"{folder / MANIFEST}: does not tell which networks the image holds; build it anew") from None


def section_sizes(elf: bytes, name: str) -> dict[str, int]:
    """Return the bytes of every section of a 32-bit little-endian ELF file. Raises `ValueError` for anything else."""
    try:
        if elf[:6] != b"\x7fELF\x01\x01":
            raise ValueError
        (offset,) = struct.unpack_from("<I", elf, 32)
        size, count, names = struct.unpack_from("<HHH", elf, 46)
        headers = [struct.unpack_from("<10I", elf, offset + number * size) for number in range(count)]
        text = headers[names][4]
        sizes = {}
        for header in headers:
            start = text + header[0]
            sizes[elf[start : elf.index(b"\0", start)].decode()] = header[5]
    except (struct.error, IndexError, ValueError):
        raise ValueError(f"{name}: not a program for a 32-bit machine; build it anew") from None
    return sizes
