"""The doorbell for GAP8: a folder that the GAP SDK builds, and that Debian's compiler checks without it."""

import dataclasses
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from peephole import _core
from peephole.compiler.device import Device
from peephole.compiler.emit import write_folder
from peephole.compiler.emit.folder import BUILD, MANIFEST, manifest
from peephole.compiler.emit.project import CSRC, Project
from peephole.compiler.emit.self_test import self_test_image, self_test_input
from peephole.compiler.emit.sources import CALLED, INCLUDED, source_folder
from peephole.compiler.emit.tiled import build_tiled_project
from peephole.compiler.memory import aligned
from peephole.firmware.build import SHARED, fill, is_compiled, used_parts
from peephole.firmware.cascade import HEADER, cascade_source
from peephole.firmware.image import section_sizes
from peephole.firmware.layout import RAM_BYTES, Layout, Room, memory_header, plan_layout
from peephole.firmware.toolchain import COMPILER, MAKE
from peephole.fixedpoint.program import LANDMARKS, RECOGNISE, IntegerProgram
from peephole.fixedpoint.reference.cascade import levels
from peephole.vision.cascade_table import load_cascade
from peephole.vision.detector import Detector

GAP8 = "gap8"
BOARD = "gapuino_v2"
L1_BYTES, CORES = 64 * 1024, 8
# The cluster's first core runs the doorbell itself, down to the kernels: so deep, in bytes of L1.
FIRST_STACK_BYTES = 8 * 1024
# The others compute: by -Os kernels are not put into their callers, and need more than those of a network alone.
CORE_STACK_BYTES = 1664
CAMERA_BYTES = 324 * 244
# Of L2, in bytes: what the SDK keeps of it (its code, drivers and their heap), and code and constants of ours. The
# second is an estimate that `report_on` checks against what was compiled.
SDK_BYTES = 40 * 1024
CODE_BYTES = 134 * 1024
# Of L2 for a network's activations and the weights at hand, beside the frame, people and visits.
NETWORK_BYTES = 192 * 1024
DEVICE = Device(users=12, strangers=12, looks=3)
ROOM = Room(walks=4, camera_bytes=CAMERA_BYTES)
FOREIGN = ("avx2", "neon", "cascade_detect")  # what other machines have alone; the last is gap8_cascade.c here
STUMPS = ("threshold", "leaf", "rectangle_count", "rectangle")  # of the table, what is large
# Of csrc/kernels/cascade_detect.c: integral rows of a strip, and windows side by side.
STRIP_ROWS, LANES = 40, 8
PORT = ("board", "doorbell*", "flash", "gap8*", "main", "random", "stub/pmsis", "stub/bsp/*/*")  # beside the tiles
SELF_TEST_HEADER = """\
/* What one stored image must become, bit for bit. Written by `peephole firmware build`. */
#ifndef RECOGNISER_SELF_TEST_H
#define RECOGNISER_SELF_TEST_H

#include <stdint.h>

/* Prints the cycles of every layer. arena: [RECOGNISER_ARENA_BYTES]. 0: every value is as expected. */
int recogniser_self_test(uint8_t *arena);

#endif
"""


@dataclass(frozen=True)
class Gap8Sources:
    """The folder before it is written: path -> content, the plan of L2, and what the self-test looks at."""

    files: Mapping[str, bytes]
    layout: Layout
    face: str


@dataclass(frozen=True)
class Gap8Report:
    """Bytes of L2 of what was compiled; code: with constants. data: variables beside `memory`, the planned block."""

    code: int
    data: int
    memory: int
    weights: int

    @property
    def used(self) -> int:
        """All of it beside the SDK's own."""
        return self.code + self.data + self.memory

    def as_json(self) -> dict[str, object]:
        """Return everything as one dictionary."""
        return {
            "code_bytes": self.code,
            "data_bytes": self.data,
            "memory_bytes": self.memory,
            "l2_used_bytes": self.used,
            "l2_bytes": RAM_BYTES,
            "weights_bytes": self.weights,
        }

    def rows(self) -> list[tuple[str, str]]:
        """Return the table for people: what, and bytes."""
        rows = (
            ("code and constants", self.code),
            ("variables", self.data),
            ("memory, as planned", self.memory),
            ("L2 of it all", self.used),
            ("L2 that is left for the SDK", RAM_BYTES - self.used),
            ("weights, in flash and HyperRAM", self.weights),
        )
        return [(what, f"{size:,}") for what, size in rows]


def gap8_sources(recogniser: IntegerProgram, landmarks: IntegerProgram) -> Gap8Sources:
    """Return all files of the doorbell for GAP8.

    Raises `ValueError` with one sentence where the programs are of another kind or do not fit into L1 or L2.
    """
    recogniser.expect_task(RECOGNISE)
    landmarks.expect_task(LANDMARKS)
    face, told = stored_face(recogniser)
    programs = {"recogniser": recogniser, "landmarks": landmarks}
    projects = _projects(programs, {"recogniser": face, "landmarks": self_test_input(landmarks)})
    arenas = {role: project.arena_bytes for role, project in projects.items()}
    table, table_source = _table()
    reserved = SDK_BYTES + CODE_BYTES
    layout = plan_layout(recogniser, landmarks, arenas, reserved, DEVICE, ROOM, l2_scratch_bytes, len(table))
    stored = {
        "recogniser": projects["recogniser"].files["recogniser_weights.bin"],
        "landmarks": projects["landmarks"].files["landmarks_weights.bin"],
        "table": table,
        "face": face.tobytes(),
    }
    files: dict[str, bytes] = {"weights.bin": b"".join(map(_whole, stored.values()))}
    for role, project in projects.items():
        files |= {path: content for path, content in project.files.items() if path in (f"{role}.c", f"{role}.h")}
    files["recogniser_self_test.c"] = _without_face(projects["recogniser"].files["self_test.c"].decode()).encode()
    files["recogniser_self_test.h"] = SELF_TEST_HEADER.encode()
    files |= _sources(projects)
    files["cascade_table.c"] = table_source.encode()
    files["cascade_table.h"] = HEADER.encode()
    files["device_memory.h"] = memory_header(layout, _numbers(projects, stored)).encode()
    compiled = sorted(path for path in files if path.endswith(".c"))
    files["Makefile"] = fill("gap8.mk.jinja", sources=compiled).encode()
    about: dict[str, object] = {"target": GAP8, "recogniser": recogniser.model_id, "landmarks": landmarks.model_id}
    files[MANIFEST] = manifest(about | {"face": told}, files)
    return Gap8Sources(files, layout, told)


def l2_scratch_bytes(detector: Detector, height: int, width: int) -> int:
    """Return what the detector takes of L2 for a picture: sums of a strip lie in L1 (csrc/ports/gap8/gap8_cascade.c).

    That is at most what it takes elsewhere less its own strip of them; the firmware refuses to start with too little.
    """
    search = detector.search
    widest = next(levels(height, width, search.min_size, search.max_size, search.scale)).width
    stride = aligned(widest + 1, LANES)
    return detector.scratch_bytes(height, width) - aligned(4 * (STRIP_ROWS * stride + LANES), DEVICE.alignment)


def stored_face(recogniser: IntegerProgram) -> tuple[NDArray[np.uint8], str]:
    """Return what the self-test looks at, uint8 [H,W] as the recogniser takes it, and what it is.

    An aligned face of the demo's public-domain portraits where they are installed; else a drawn image.
    """
    from peephole.doorbell.assembly import make_recogniser
    from peephole.doorbell.pictures import to_grey
    from peephole.vision.sources.demo import EILEEN, head_of

    height, width = recogniser.input.height, recogniser.input.width
    try:
        grey = to_grey(head_of(EILEEN))
    except FileNotFoundError:
        return self_test_image(height, width), "a drawn image: the demo's portraits are not installed"
    sees = make_recogniser(recogniser)
    faces = sees.detect(grey)
    if not faces:
        return self_test_image(height, width), "a drawn image: no face was found in the demo's portrait"
    cut = sees.cut(grey, faces[0].box, 0)
    return cut.pixels, f"a face: {EILEEN.name} ({EILEEN.credit}), from {EILEEN.distribution}"


def write_gap8(sources: Gap8Sources, folder: Path) -> None:
    """Write the folder. Raises an `OSError` where it cannot be written or holds what is not ours."""
    write_folder(folder, sources.files)


def check_gap8(sources: Gap8Sources, folder: Path) -> Gap8Report | None:
    """Compile everything by Debian's compiler, without the SDK, and return what it takes of L2.

    None where that compiler is not installed. Raises `ValueError` with its first complaint, or where L2 is too small.
    """
    if shutil.which(COMPILER) is None or shutil.which(MAKE) is None:
        return None
    _run([MAKE, "-C", str(folder), "-j", str(len(os.sched_getaffinity(0))), "check"], folder, "was not compiled")
    sizes = [section_sizes(path.read_bytes(), str(path)) for path in sorted((folder / BUILD).glob("*.o"))]
    report = Gap8Report(
        code=_bytes_of(sizes, (".text", ".rodata", ".srodata")),
        data=_bytes_of(sizes, (".data", ".bss", ".sdata", ".sbss")) - sources.layout.memory_bytes,
        memory=sources.layout.memory_bytes,
        weights=len(sources.files["weights.bin"]),
    )
    if report.used > RAM_BYTES - SDK_BYTES:
        raise ValueError(
            f"{folder}: {report.used:,} bytes of L2, where {RAM_BYTES - SDK_BYTES:,} are left beside the SDK's; "
            "make the networks smaller, or plan for fewer people"
        )
    return report


def build_by_sdk(folder: Path, sdk: Path, board: str = BOARD) -> None:
    """Build the folder by the GAP SDK, of which a board's configuration is sourced first.

    Raises `FileNotFoundError` where there is no such configuration, and `ValueError` with the SDK's first complaint.
    """
    configuration = sdk / "configs" / f"{board}.sh"
    if not configuration.is_file():
        raise FileNotFoundError(f"{configuration}: no such file; name the GAP SDK's folder and one of its boards")
    script = f"source {shlex.quote(str(configuration))} && exec make -C {shlex.quote(str(folder))} all"
    _run(["bash", "-c", script], folder, "was not built by the SDK")


def _projects(programs: Mapping[str, IntegerProgram], values: Mapping[str, NDArray[Any]]) -> dict[str, Project]:
    """Return both networks' C in tiles, for the L1 that is left by the doorbell's stack and the deeper of theirs."""
    named = {role: dataclasses.replace(one, name=role) for role, one in programs.items()}  # names in C are made of it
    alone = {role: build_tiled_project(one, values[role], _core, NETWORK_BYTES) for role, one in named.items()}
    stacks = {role: _numbers_of(project, role) for role, project in alone.items()}
    deepest = max(CORE_STACK_BYTES, *(own["STACK_BYTES"] for own in stacks.values()))
    made = {}
    for role, own in stacks.items():
        first = max(0, FIRST_STACK_BYTES - own["FIRST_STACK_BYTES"])
        others = (CORES - 1) * (deepest - own["STACK_BYTES"])
        l1_bytes = L1_BYTES - first - others
        made[role] = build_tiled_project(named[role], values[role], _core, NETWORK_BYTES, l1_bytes=l1_bytes)
    return made


def _numbers_of(project: Project, role: str) -> dict[str, int]:
    header = project.files[f"{role}.h"].decode()
    return {name: int(value) for name, value in re.findall(rf"#define {role.upper()}_(\w+) (\d+)", header)}


def _numbers(projects: Mapping[str, Project], stored: Mapping[str, bytes]) -> dict[str, int]:
    told = [_numbers_of(project, role) for role, project in projects.items()]
    sizes = [len(_whole(content)) for content in stored.values()]
    places = {f"{role.upper()}_IN_L3": sum(sizes[:number]) for number, role in enumerate(stored)}
    return places | {
        "WEIGHTS_BYTES": sum(sizes),
        "L1_BYTES": max(one["L1_BYTES"] for one in told),
        "CORE_STACK_BYTES": max(CORE_STACK_BYTES, *(one["STACK_BYTES"] for one in told)),
        "FIRST_STACK_BYTES": max(FIRST_STACK_BYTES, *(one["FIRST_STACK_BYTES"] for one in told)),
    }


def _whole(content: bytes) -> bytes:
    """What lies in L3 begins at whole words."""
    return content + bytes(-len(content) % 4)


def _table() -> tuple[bytes, str]:
    """Return the stumps of the detector's table as they lie in L3, and cascade_table.c, which finds them in L2."""
    table = load_cascade()
    data, source = b"", cascade_source(table)
    for name in STUMPS:
        values = np.ascontiguousarray(getattr(table, name))
        given = re.search(rf"static const (\w+) {name}\[\d+\] = \{{.*?\}};\n", source, re.DOTALL)
        assert given is not None  # noqa: S101 - it was just written
        place = f"(const {given[1]} *)(const void *)(device_memory + DEVICE_TABLE_AT + {len(data)})"
        source = source.replace(given[0], "").replace(f".{name} = {name},", f".{name} = {place},")
        data += _whole(values.tobytes())
    include = '#include "cascade_table.h"\n'
    return data, source.replace(include, f'{include}#include "firmware/memory.h"\n')


def _without_face(source: str) -> str:
    """Return the self-test without its image, which is brought to where faces are cut otherwise."""
    place = "#define image ((const uint8_t *)AT(CROP))\n"
    made, found = re.subn(r"static const uint8_t image\[\d+\] = \{.*?\};\n", place, source, flags=re.DOTALL)
    assert found == 1  # noqa: S101
    return made.replace('#include "recogniser.h"\n', '#include "firmware/memory.h"\n#include "recogniser.h"\n')


def _sources(projects: Mapping[str, Project]) -> dict[str, bytes]:
    """Return the files of csrc: what both networks need, the port, and of the app and the kernels what those need."""
    root = source_folder()
    files = {path: content for one in projects.values() for path, content in one.files.items() if path.startswith(CSRC)}
    port = [path for named in PORT for path in sorted((root / "ports" / GAP8).glob(f"{named}.[ch]"))]
    port += sorted((root / "firmware").glob("*.[ch]"))
    files |= {f"{CSRC}/{path.relative_to(root).as_posix()}": path.read_bytes() for path in port}
    app = {f"{CSRC}/app/{path.name}": path.read_bytes() for path in sorted((root / "app").glob("*.[ch]"))}
    used = used_parts(files | app, f"{CSRC}/ports/{GAP8}/", SHARED)
    files |= {path: text for path, text in app.items() if is_compiled(path, used)}
    return _with_what_they_need(root, files)


def _with_what_they_need(root: Path, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Add the headers of csrc that files include, and the kernels that they call; a kernel is a file."""
    found = dict(files)
    waiting = list(files)
    while waiting:
        path = waiting.pop()
        text = found[path].decode()
        beside = path.rsplit("/", 1)[0].removeprefix(f"{CSRC}/")
        names = [place for name in INCLUDED.findall(text) for place in (f"{beside}/{name}", name, f"include/{name}")]
        if not path.startswith(f"{CSRC}/include/"):  # where every function is declared, whether it is called or not
            names += [f"kernels/{name}.c" for name in CALLED.findall(text)]
        if path.startswith(f"{CSRC}/kernels/") and path.endswith(".h"):  # what it declares is defined there
            names.append(f"kernels/{Path(path).stem}.c")
        for name in names:
            if f"{CSRC}/{name}" not in found and (root / name).is_file() and not _is_foreign(name):
                found[f"{CSRC}/{name}"] = (root / name).read_bytes()
                waiting.append(f"{CSRC}/{name}")
    return found


def _is_foreign(name: str) -> bool:
    """Tell whether only other machines can use a file of csrc."""
    return any(part in Path(name).stem for part in FOREIGN)


def _bytes_of(sizes: list[dict[str, int]], kinds: tuple[str, ...]) -> int:
    return sum(
        size
        for one in sizes
        for name, size in one.items()
        if any(name == kind or name.startswith(f"{kind}.") for kind in kinds)
    )


def _run(command: list[str], folder: Path, what: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - a fixed command
    if done.returncode != 0:
        lines = [line.strip() for line in f"{done.stderr}\n{done.stdout}".splitlines() if line.strip()]
        telling = [line for line in lines if "error:" in line or "overflow" in line or "undefined" in line]
        raise ValueError(f"{folder}: it {what}: {(telling or lines or ['make failed without a word'])[0]}")
