"""From two programs to an image: all sources in a folder, compiled and linked there."""

import dataclasses
import os
import re
import subprocess
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import jinja2

from peephole import _core
from peephole.compiler.emit import build_project, write_folder
from peephole.compiler.emit.folder import MANIFEST, manifest
from peephole.compiler.emit.project import CSRC
from peephole.compiler.emit.self_test import self_test_input
from peephole.compiler.emit.sources import source_folder
from peephole.firmware.cascade import HEADER, cascade_source
from peephole.firmware.image import Image, read_image
from peephole.firmware.layout import Layout, memory_header, plan_layout
from peephole.firmware.toolchain import COMPILER, MAKE, need
from peephole.fixedpoint.program import LANDMARKS, RECOGNISE, IntegerProgram
from peephole.vision.cascade_table import load_cascade

RV32_VIRT = "rv32-virt"
TARGETS = (RV32_VIRT,)
STACK_BYTES = 12 * 1024
# Folders of csrc that go into an image, and what of them only other machines can use.
FOLDERS = ("include", "arch", "kernels", "app", "firmware")
FOREIGN = ("avx2", "neon", "xpulp")
APP = f"{CSRC}/app/"
SHARED = f"{CSRC}/firmware/"  # by all ports
INCLUDED = re.compile(rb'^#include "app/(\w+)\.h"', re.MULTILINE)
SUFFIXES = (".c", ".h", ".S", ".ld")


@dataclass(frozen=True)
class Sources:
    """An image before it is compiled: path -> content, and the plan of RAM that went into it."""

    files: Mapping[str, bytes]
    layout: Layout


def image_sources(
    recogniser: IntegerProgram, landmarks: IntegerProgram, target: str = RV32_VIRT, stack_bytes: int = STACK_BYTES
) -> Sources:
    """Return all files of an image for a target, one of `TARGETS`.

    Raises `ValueError` with one sentence where the programs are of another kind or do not fit into the device.
    """
    files: dict[str, bytes] = {}
    arenas: dict[str, int] = {}
    recogniser.expect_task(RECOGNISE)
    landmarks.expect_task(LANDMARKS)
    for role, program in (("recogniser", recogniser), ("landmarks", landmarks)):
        named = dataclasses.replace(program, name=role)  # which the names in C are made of
        project = build_project(named, target, self_test_input(program), _core)
        files |= {path: content for path, content in project.files.items() if path.startswith(role)}
        arenas[role] = project.arena_bytes
    layout = plan_layout(recogniser, landmarks, arenas, stack_bytes)
    files |= _sources_of(target)
    files["cascade_table.c"] = cascade_source(load_cascade()).encode()
    files["cascade_table.h"] = HEADER.encode()
    files["device_memory.h"] = memory_header(layout).encode()
    compiled = sorted(path for path in files if path.endswith((".c", ".S")))
    files["Makefile"] = fill("Makefile.jinja", sources=compiled, stack_bytes=stack_bytes).encode()
    told: dict[str, object] = {"target": target, "recogniser": recogniser.model_id, "landmarks": landmarks.model_id}
    told["values"] = recogniser.descriptor_size
    files[MANIFEST] = manifest(told, files)
    return Sources(files, layout)


def build_image(sources: Sources, folder: Path) -> Image:
    """Write the sources into a folder, compile them there and return the image.

    Raises `FileNotFoundError` naming the package where the compiler is missing, an `OSError` where the folder cannot be
    written or holds what is not ours, and `ValueError` with the compiler's first complaint.
    """
    need(COMPILER, MAKE)
    write_folder(folder, sources.files)
    jobs = str(len(os.sched_getaffinity(0)))
    done = subprocess.run(  # noqa: S603 - a fixed command
        [MAKE, "-C", str(folder), "-j", jobs], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise ValueError(f"{folder}: the image was not built: {_complaint(done.stderr)}")
    return read_image(folder)


def _sources_of(target: str) -> dict[str, bytes]:
    root = source_folder()
    places = [root / name for name in FOLDERS] + [root / "ports" / target]
    found = (path for place in places for path in sorted(place.rglob("*")) if path.suffix in SUFFIXES)
    wanted = (path for path in found if not any(part in path.stem for part in FOREIGN))
    files = {f"{CSRC}/{path.relative_to(root).as_posix()}": path.read_bytes() for path in wanted}
    used = used_parts(files, f"{CSRC}/ports/{target}/", SHARED)
    return {path: content for path, content in files.items() if is_compiled(path, used)}


def is_compiled(path: str, used: Collection[str]) -> bool:
    """Tell whether a file goes into an image that needs these parts of the app; headers always do."""
    return not (path.startswith(APP) and path.endswith(".c")) or _is_of(path, used)


def used_parts(files: Mapping[str, bytes], *folders: str) -> set[str]:
    """Return the parts of the app that folders need, as look: those whose headers they, or what they need, include."""
    used: set[str] = set()
    waiting = [path for path in files if path.startswith(folders)]
    while waiting:
        found = {name.decode() for name in INCLUDED.findall(files[waiting.pop()])} - used
        used |= found
        waiting += [path for path in files if path.startswith(APP) and _is_of(path, found)]
    return used


def _is_of(path: str, parts: Collection[str]) -> bool:
    """Tell whether a file of the app belongs to one of these parts: gallery.h and gallery_write.c to gallery."""
    stem = PurePosixPath(path).stem
    return any(stem == part or stem.startswith(f"{part}_") for part in parts)


def _complaint(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip() and "collect2" not in line]
    telling = [line for line in lines if "error:" in line or "overflow" in line or "undefined" in line]
    return (telling or lines or ["make failed without a word"])[0]


def fill(template: str, **values: object) -> str:
    """Return a file made of a template of this package."""
    environment = jinja2.Environment(  # noqa: S701 - a Makefile, no HTML
        loader=jinja2.PackageLoader("peephole.firmware"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template(template).render(values)
