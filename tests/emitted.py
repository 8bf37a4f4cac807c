"""Emitted programs, compiled and run: the kernels once for all of them."""

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from peephole import _core
from peephole.compiler.emit import Project, build_project, layers, write_folder
from peephole.compiler.emit.project import checksum
from peephole.compiler.emit.self_test import self_test_input as input_of
from peephole.compiler.emit.sources import source_folder
from peephole.compiler.executor import execute
from peephole.compiler.planner import place
from peephole.compiler.schedule import Passes
from peephole.fixedpoint import interpreter
from peephole.fixedpoint.layers import Layer
from peephole.fixedpoint.program import IntegerProgram
from programs import extreme_images

STRICT = ("-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Werror")
SANITIZED = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-g")
INCLUDED = ("-I.", "-Icsrc", "-Icsrc/include")
LIBRARY = "libkernels.a"

# What layers call, each in a file of its own (`test_every_layer_that_there_is_has_c`).
KERNELS = {
    *("conv2d_s16", "conv2d_s8", "conv2d_s8_s16"),
    *("depthwise_conv2d_s16", "depthwise_conv2d_s8", "depthwise_conv2d_s8_s16"),
    *("add_s16", "add_s8", "max_pool_s16", "max_pool_s8", "shuffle_channels_s16", "shuffle_channels_s8"),
    *("upsample_s16", "upsample_s8"),
    *("average_pool_s16", "average_pool_s8", "average_pool_s8_s16"),
    *("global_average_pool_s16", "global_average_pool_s8", "global_average_pool_s8_s16"),
    *("copy_channels_s16", "copy_channels_s8", "copy_channels_s8_s16", "copy_channels_s16_s8"),
    *("l2_normalize_s16", "l2_normalize_s8"),
}

Done = subprocess.CompletedProcess[str]


def run(*command: object, cwd: Path | None = None) -> Done:
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False, timeout=300, cwd=cwd)


def inputs_of(program: IntegerProgram) -> dict[str, NDArray[Any]]:
    """The input of the self-test and those on which fixed-point arithmetic breaks first, by name."""
    given = {"self-test": input_of(program)}
    if program.input_kind == "image":
        return given | extreme_images(program.input.height, program.input.width)
    shape, dtype = program.input.shape, program.input.dtype
    low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
    noise = np.random.default_rng(7).integers(low, high, shape, dtype, endpoint=True)
    return given | {"noise": noise, "lowest": np.full(shape, low, dtype), "highest": np.full(shape, high, dtype)}


def kernel_of(program: IntegerProgram, layer: Layer) -> str:
    """The kernel that a layer calls, by its name without `ph_`."""
    return layers.kernel_of(layer, program.tensor(layer.input), program.tensor(layer.output))


def kernels_of(program: IntegerProgram) -> set[str]:
    """The kernels that a program calls."""
    return {kernel_of(program, layer) for layer in program.layers}


def compiled_kernels(folder: Path, *flags: str) -> Path:
    """All kernels as one library."""
    sources = sorted((source_folder() / "kernels").glob("*.c"))
    include = (f"-I{source_folder()}", f"-I{source_folder() / 'include'}")
    done = run("gcc", "-std=c99", "-O1", *flags, *include, "-c", *sources, cwd=folder)
    assert done.returncode == 0, done.stderr
    library = folder / LIBRARY
    done = run("ar", "rcs", library, *sorted(folder.glob("*.o")))
    assert done.returncode == 0, done.stderr
    return library


def project_of(program: IntegerProgram, target: str = "host", passes: Passes | None = None) -> Project:
    return build_project(program, target, input_of(program), _core, passes=passes)


def self_test(program: IntegerProgram, folder: Path, library: Path) -> Done:
    """Emit a program, compile it without a warning against these kernels, and run its self-test, layer by layer."""
    project = project_of(program)
    write_folder(folder, project.files)
    return compile_and_run(project.id, folder, library)


def compile_and_run(name: str, folder: Path, library: Path) -> Done:
    sources = ("self_test.c", f"{name}.c", f"{name}_weights.S", library)
    compile_strictly(name, folder, "self_test", sources)
    done = run("./self_test", cwd=folder)
    (folder / "self_test").unlink()
    return done


def compile_strictly(name: str, folder: Path, made: str, sources: Sequence[object], *flags: str) -> None:
    traced = f"-D{name.upper()}_TRACE"
    done = run("gcc", *STRICT, "-O1", *flags, *INCLUDED, traced, "-o", made, *sources, cwd=folder)
    assert done.returncode == 0, done.stderr


# Memory is allocated in exactly the bytes that the header promises to touch, so that sanitizers see one byte more.
DRIVER = """
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "NAME.h"

static void *taken[4]; /* all of it may still be reached at the end: no leak */

static void *exactly(size_t bytes, size_t skip) {
    static int count;
    uint8_t *memory = taken[count++] = malloc(bytes + skip);
    if (memory == NULL) {
        exit(2);
    }
    memset(memory, 0x55, bytes + skip);
    return memory + skip;
}

int main(int argc, char **argv) {
    const size_t skip = argc > 1 ? (size_t)atoi(argv[1]) : 0;
    uint8_t *weights = exactly(NAME_WEIGHTS_BYTES, skip);
    GIVEN *given = exactly(GIVEN_BYTES, 0);
    uint8_t *arena = exactly(NAME_ARENA_BYTES, skip);
    MADE *out = exactly(sizeof(MADE) * NAME_VALUES, 0);
    if (NAME_WEIGHTS_BYTES > 0 && fread(weights, NAME_WEIGHTS_BYTES, 1, stdin) != 1) {
        return 2;
    }
    while (fread(given, GIVEN_BYTES, 1, stdin) == 1) {
        if (NAME_run(given, arena, weights, out) != PH_OK) {
            return 1;
        }
        fwrite(out, sizeof(MADE), NAME_VALUES, stdout);
        fwrite(NAME_checksums, sizeof *NAME_checksums, NAME_LAYERS, stdout);
    }
    return 0;
}
"""


class Built:
    """An emitted program, compiled with a trace, that runs on any inputs."""

    def __init__(self, project: Project, folder: Path, library: Path, *flags: str) -> None:
        self.project, self.folder = project, folder
        program, name = project.program, project.id
        made = program.tensor_table[program.output]
        write_folder(folder, project.files)
        start = program.input
        image = program.input_kind == "image"
        words = {
            "NAME_run": f"{name}_run",
            "NAME_checksums": f"{name}_checksums",
            "NAME_": f"{name.upper()}_",
            "NAME": name,
            "GIVEN_BYTES": str(int(np.prod(start.shape)) * (1 if image else start.bits // 8)),
            "GIVEN": "uint8_t" if image else f"int{start.bits}_t",
            "MADE": f"int{made.bits}_t",
        }
        text = DRIVER
        for word, meant in words.items():
            text = text.replace(word, meant)
        (folder / "driver.c").write_text(text)
        compile_strictly(name, folder, "driver", ("driver.c", f"{name}.c", library), *flags)
        self.result = np.dtype([("output", made.dtype, made.shape), ("sums", np.uint32, len(program.layers))])

    def run(self, inputs: Sequence[NDArray[Any]], skip: int = 0) -> NDArray[Any]:
        """Outputs and checksums of all inputs, in memory that begins so many bytes behind a multiple of 16."""
        weights = self.project.files.get(f"{self.project.id}_weights.bin", b"")
        given = weights + b"".join(np.ascontiguousarray(values).tobytes() for values in inputs)
        command = [str(self.folder / "driver"), str(skip)]
        done = subprocess.run(command, input=given, capture_output=True, check=False, timeout=300)
        assert (done.returncode, done.stderr) == (0, b""), done.stderr.decode()
        return np.frombuffer(done.stdout, self.result)


def disagreements(project: Project, folder: Path, library: Path, *flags: str) -> list[str]:
    """Compile a project and return in what it differs from the interpreter on inputs of every kind (`inputs_of`)."""
    inputs = list(inputs_of(project.program).values())
    made = Built(project, folder, library, *flags).run(inputs, skip=4)
    return differing(project, made, inputs)


def differing(project: Project, made: NDArray[Any], inputs: Sequence[NDArray[Any]]) -> list[str]:
    """What is not as the NumPy interpreter computes it, layer by layer.

    Asked are the host's kernels, the executor, which runs in the bytes of the plan, and the emitted C (`Built.run`).
    """
    program = project.program
    placement = place(project.schedule.buffers, seconds=0.1)
    wrong = []
    for number, (values, emitted) in enumerate(zip(inputs, made, strict=True)):
        wanted = interpreter.run(program, values)
        kernels = interpreter.run(program, values, _core)
        planned = execute(program, project.schedule, placement, values, _core)
        for layer, checked in zip(program.layers, emitted["sums"], strict=True):
            right, rows = wanted[layer.name], planned.layers[layer.name]
            who = {
                "kernels": np.array_equal(kernels[layer.name], right),
                "plan": np.array_equal(rows.values[rows.made], right[rows.made]),
                "emitted C": checked == checksum(right[rows.made]),
            }
            wrong += [f"{name}: layer {layer.name} of input {number}" for name, agrees in who.items() if not agrees]
        slices = [wanted[layer.name] for layer in program.layers if layer.output == program.output]
        if not np.array_equal(emitted["output"], np.concatenate(slices, axis=2)):
            wrong.append(f"emitted C: output of input {number}")
    return wrong
