"""Emitted programs, compiled and run: the kernels once for all of them."""

import subprocess
from pathlib import Path

from peephole import _core
from peephole.compiler.emit import Project, build_project, write_folder
from peephole.compiler.emit.image import test_input as input_of
from peephole.compiler.emit.sources import source_folder
from peephole.fixedpoint.program import IntegerProgram

STRICT = ("-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Werror")

Done = subprocess.CompletedProcess[str]


def run(*command: object, cwd: Path | None = None) -> Done:
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False, timeout=300, cwd=cwd)


def compiled_kernels(folder: Path, *flags: str) -> Path:
    """All kernels as one library."""
    sources = sorted((source_folder() / "kernels").glob("*.c"))
    include = (f"-I{source_folder()}", f"-I{source_folder() / 'include'}")
    done = run("gcc", "-std=c99", "-O1", *flags, *include, "-c", *sources, cwd=folder)
    assert done.returncode == 0, done.stderr
    library = folder / "libkernels.a"
    done = run("ar", "rcs", library, *sorted(folder.glob("*.o")))
    assert done.returncode == 0, done.stderr
    return library


def project_of(program: IntegerProgram, target: str = "host") -> Project:
    image = input_of(program)
    return build_project(program, target, image, _core)


def self_test(program: IntegerProgram, folder: Path, library: Path, *flags: str) -> Done:
    """Emit a program, compile it without a warning against these kernels, and run its self-test, layer by layer."""
    project = project_of(program)
    write_folder(folder, project.files)
    return compile_and_run(project.id, folder, library, *flags)


def compile_and_run(name: str, folder: Path, library: Path, *flags: str) -> Done:
    include = ("-I.", "-Icsrc", "-Icsrc/include", f"-D{name.upper()}_TRACE")
    sources = ("self_test.c", f"{name}.c", f"{name}_weights.S", library)
    done = run("gcc", *STRICT, "-O1", *flags, *include, "-o", "self_test", *sources, cwd=folder)
    assert done.returncode == 0, done.stderr
    done = run("./self_test", cwd=folder)
    (folder / "self_test").unlink()
    return done
