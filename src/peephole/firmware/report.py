"""What an image takes of the device, in bytes."""

from dataclasses import dataclass

from peephole.firmware.image import Image
from peephole.firmware.layout import RAM_BYTES, Layout
from peephole.firmware.measure import Measured


@dataclass(frozen=True)
class Report:
    """Bytes of an image.

    code: instructions. constants: tables beside them, the detector's for the most part. weights: of both networks, in
    a flash of their own. data: variables that the linker placed, but for `memory`, the one block that is planned:
    galleries, serial buffers and frame stay, and of the rest the networks' arenas are what `arenas` says. stack: what
    is set aside for it. measured: what it took in the emulator, where that was asked for.
    """

    code: int
    constants: int
    weights: int
    data: int
    memory: int
    galleries: int
    frame: int
    arenas: dict[str, int]
    stack: int
    ram: int = RAM_BYTES
    measured: Measured | None = None

    @property
    def ram_used(self) -> int:
        """RAM of this board, whose code runs from flash."""
        return self.data + self.memory + self.stack

    @property
    def all_in_ram(self) -> int:
        """RAM of a chip that has code and constants in it too."""
        return self.ram_used + self.code + self.constants

    def as_json(self) -> dict[str, object]:
        """Return everything as one dictionary, sums included."""
        return {
            "code_bytes": self.code,
            "constants_bytes": self.constants,
            "weights_bytes": self.weights,
            "data_bytes": self.data,
            "memory_bytes": self.memory,
            "galleries_bytes": self.galleries,
            "frame_bytes": self.frame,
            "arena_bytes": self.arenas,
            "stack_bytes": self.stack,
            "ram_used_bytes": self.ram_used,
            "with_code_in_ram_bytes": self.all_in_ram,
            "ram_bytes": self.ram,
        } | ({} if self.measured is None else self.measured.as_json())

    def rows(self) -> list[tuple[str, str]]:
        """Return the table for people: what, and bytes."""
        rows = [
            ("code", self.code),
            ("constants", self.constants),
            ("data", self.data),
            ("memory, as planned", self.memory),
            ("  of it galleries", self.galleries),
            ("  of it frame", self.frame),
            *((f"  of it arena of {name}", size) for name, size in self.arenas.items()),
            ("stack", self.stack),
            *(() if self.measured is None else (("  of it used, at most", self.measured.stack),)),
            ("RAM, code in flash", self.ram_used),
            ("RAM, code in it too", self.all_in_ram),
            ("there is", self.ram),
            ("weights, in flash", self.weights),
        ]
        return [(what, f"{size:,}") for what, size in rows]


def report_on(image: Image, layout: Layout, measured: Measured | None = None) -> Report:
    """Return the report. Raises `ValueError` where code and constants would not fit beside the rest of RAM."""
    sizes = image.sections
    report = Report(
        code=sizes[".text"],
        constants=sizes[".rodata"],
        weights=sizes[".weights"],
        data=sizes[".data"] + sizes[".bss"] - layout.memory_bytes,
        memory=layout.memory_bytes,
        galleries=layout.gallery_bytes,
        frame=layout.device.width * layout.device.height,
        arenas=dict(layout.arenas),
        stack=sizes[".stack"],
        measured=measured,
    )
    if report.all_in_ram > report.ram:
        raise ValueError(
            f"{image.elf}: {report.all_in_ram:,} bytes with code and constants, of {report.ram:,} that there are; "
            "make the networks smaller, or plan for fewer people"
        )
    return report
