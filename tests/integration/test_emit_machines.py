"""Emitted C compiles without a warning by gcc and clang for 64 and 32 bits, needs nothing beside it, runs on both."""

import dataclasses
import re
import shutil
from pathlib import Path

import pytest

from emitted import INCLUDED, KERNELS, STRICT, kernel_of, kernels_of, project_of, run
from graphs import random_graph
from peephole.compiler.emit import write_folder
from peephole.compiler.emit.sources import needed_files
from peephole.fixedpoint.program import IntegerProgram
from peephole.weights import default_program, landmark_program

RISCV = "riscv64-unknown-elf-gcc"
QEMU = "qemu-system-riscv32"

needs_clang = pytest.mark.skipif(shutil.which("clang") is None, reason="needs clang")
needs_riscv = pytest.mark.skipif(shutil.which(RISCV) is None, reason=f"needs {RISCV}")


# Seed and bits of drawn programs that call every kernel between them.
DRAWN = ((7, 16), (50, 16), (38, 8))


def drawn(seed: int, bits: int) -> IntegerProgram:
    return random_graph(seed, bits, blocks=6, mirrored=True, varied=True)


def test_the_drawn_programs_call_every_kernel() -> None:
    assert set().union(*(kernels_of(drawn(*given)) for given in DRAWN)) == KERNELS


@needs_clang
@pytest.mark.parametrize("given", DRAWN, ids=str)
def test_clang_computes_the_same_without_a_warning(given: tuple[int, int], tmp_path: Path) -> None:
    project = project_of(drawn(*given))
    write_folder(tmp_path / "made", project.files)
    sources = [path for path in project.files if path.endswith((".c", ".S"))]
    flags = (*STRICT, "-O1", *INCLUDED, f"-D{project.id.upper()}_TRACE")
    done = run("clang", *flags, "-o", "self_test", *sources, cwd=tmp_path / "made")
    assert (done.returncode, done.stderr) == (0, "")
    done = run("./self_test", cwd=tmp_path / "made")
    assert done.returncode == 0, done.stdout
    assert f"all {len(project.program.layers)} layers as expected" in done.stdout


@needs_clang
@pytest.mark.parametrize("given", DRAWN[1:], ids=str)
def test_clang_sanitizes_it_without_a_warning(given: tuple[int, int], tmp_path: Path) -> None:
    """Where it checks every step it makes no vectors, also where it is asked for them."""
    (tmp_path / "nothing.c").write_text("int main(void) { return 0; }\n")
    if run("clang", "-fsanitize=address,undefined", "nothing.c", "-o", "nothing", cwd=tmp_path).returncode:
        pytest.skip("this clang has no sanitizers; install libclang-rt-*-dev")
    write_folder(tmp_path / "made", project_of(drawn(*given)).files)
    done = run("make", "-C", tmp_path / "made", "sanitize", "CC=clang")
    assert (done.returncode, done.stderr) == (0, "")


COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
FORBIDDEN = re.compile(r"\b(float|double|[mc]alloc|realloc|free|f?printf|goto)\b|<(stdio|stdlib|math|time|assert)\.h>")
BYTES_MOVED = {"memcpy", "memmove", "memset"}
ASKED_OF_X86 = {"__cpu_model"}  # whether it has AVX2
WHOLE_NUMBERS = re.compile(r"__(div|udiv|mod|umod|divmod|udivmod|mul|ashl|ashr|lshr|clz|ctz|ffs|cmp|ucmp)[sd]i\d")


def with_every_kernel() -> dict[str, bytes]:
    """The files of an emitted program, its weights and its self-test left out, and those of every layer's kernel."""
    project = project_of(random_graph(4, blocks=6, varied=True))
    ours = {path: content for path, content in project.files.items() if path.endswith((".c", ".h"))}
    del ours["self_test.c"]
    return ours | {f"csrc/{path}": text.encode() for path, text in needed_files(sorted(KERNELS), []).items()}


def test_nothing_forbidden_stands_in_the_c() -> None:
    for path, content in with_every_kernel().items():
        assert not FORBIDDEN.search(COMMENT.sub("", content.decode())), path


def needed_and_kept(gcc: str, folder: Path, *flags: str) -> tuple[set[str], set[str]]:
    """What a program and all kernels, linked with each other, need from elsewhere; and their variables."""
    files = with_every_kernel()
    write_folder(folder / "made", files)
    sources = [path for path in files if path.endswith(".c")]
    command = (gcc, *STRICT, "-O1", *flags, *INCLUDED, "-nostdlib", "-r", "-o", "all.o")
    done = run(*command, *sources, cwd=folder / "made")
    assert (done.returncode, done.stderr) == (0, "")
    symbols = [
        line.split()[-2:] for line in run(gcc.replace("gcc", "nm"), folder / "made" / "all.o").stdout.splitlines()
    ]
    assert ["T", "ph_conv2d_s8_s16"] in symbols
    return {name for kind, name in symbols if kind in "Uwv"}, {name for kind, name in symbols if kind in "bBdDCsSgG"}


def test_it_needs_nothing_from_elsewhere_and_keeps_nothing(tmp_path: Path) -> None:
    """Compiled without any register but the general ones, so that no floating point can hide in it."""
    needed, kept = needed_and_kept("gcc", tmp_path, "-ffreestanding", "-mgeneral-regs-only", "-fno-pic")
    assert needed - ASKED_OF_X86 <= BYTES_MOVED
    assert kept == set()


@needs_riscv
def test_on_32_bit_risc_v_it_needs_whole_numbers_alone(tmp_path: Path) -> None:
    """No soft-float call; the compiler's own products and quotients of 64 bits are all that is added."""
    (tmp_path / "string.h").write_text(FREESTANDING)
    flags = ("-march=rv32imc", "-mabi=ilp32", "-ffreestanding", f"-isystem{tmp_path}")
    needed, kept = needed_and_kept(RISCV, tmp_path, *flags)
    assert {name for name in needed - BYTES_MOVED if not WHOLE_NUMBERS.fullmatch(name)} == set()
    assert kept == set()


FREESTANDING = "\n".join(
    (
        "#include <stddef.h>",
        "void *memcpy(void *, const void *, size_t);",
        "void *memmove(void *, const void *, size_t);",
        "void *memset(void *, int, size_t);",
    )
)


@pytest.mark.parametrize("bits", [16, 8])
def test_it_compiles_for_32_bits_without_a_c_library(bits: int, tmp_path: Path) -> None:
    """No header but the compiler's own and memcpy, memmove: nothing of stdio, malloc or math is used."""
    project = project_of(random_graph(7, bits, blocks=5, mirrored=True))
    write_folder(tmp_path / "made", project.files)
    (tmp_path / "include").mkdir()
    (tmp_path / "include" / "string.h").write_text(FREESTANDING)
    own = run("gcc", "-print-file-name=include").stdout.strip()
    sources = [path for path in project.files if path.endswith(".c") and path != "self_test.c"]
    headers = ("-nostdinc", f"-isystem{own}", f"-isystem{tmp_path / 'include'}", "-I.", "-Icsrc", "-Icsrc/include")
    done = run("gcc", "-m32", "-ffreestanding", *STRICT, *headers, "-fsyntax-only", *sources, cwd=tmp_path / "made")
    assert (done.returncode, done.stderr) == (0, "")


@needs_clang
@pytest.mark.parametrize("bits", [16, 8])
def test_it_compiles_for_32_bit_risc_v(bits: int, tmp_path: Path) -> None:
    """To objects, the weights too, by clang and with no header but the compiler's own."""
    if "riscv32" not in run("clang", "--print-targets").stdout:
        pytest.skip("this clang has no RISC-V")
    project = project_of(random_graph(9, bits, blocks=5, mirrored=True), "rv32-virt")
    write_folder(tmp_path / "made", project.files)
    (tmp_path / "include").mkdir()
    (tmp_path / "include" / "string.h").write_text(FREESTANDING)
    sources = [path for path in project.files if path.endswith((".c", ".S")) and path != "self_test.c"]
    machine = ("--target=riscv32-unknown-elf", "-march=rv32imc", "-mabi=ilp32", "-ffreestanding", "-O2")
    headers = (f"-isystem{tmp_path / 'include'}", "-I.", "-Icsrc", "-Icsrc/include")
    done = run("clang", *machine, *STRICT, *headers, "-c", *sources, cwd=tmp_path / "made")
    assert (done.returncode, done.stderr) == (0, "")


SHIPPED = {"landmarks": landmark_program(), "recogniser": default_program(), "recogniser-int8": default_program(8)}


def rounded_per_channel() -> IntegerProgram:
    """A drawn program with the rounding of the old system."""
    program = drawn(46, 16)
    old = {"accumulation": "per_channel", "accumulator_bits": 32}
    layers = [
        dataclasses.replace(layer, **old) if kernel_of(program, layer) == "conv2d_s16" else layer
        for layer in program.layers
    ]
    return dataclasses.replace(program, layers=tuple(layers))


@pytest.fixture(params=[*DRAWN, "per_channel", *SHIPPED], ids=str)
def program(request: pytest.FixtureRequest) -> IntegerProgram:
    match request.param:
        case (seed, bits):
            return drawn(seed, bits)
        case "per_channel":
            return rounded_per_channel()
    return IntegerProgram.load(SHIPPED[request.param])


@needs_riscv
def test_it_runs_on_32_bit_risc_v(program: IntegerProgram, tmp_path: Path) -> None:
    """The library by the folder's own Makefile; then every layer, in QEMU, on a core without a floating-point unit."""
    write_folder(tmp_path / "made", project_of(program, "rv32-virt").files)
    done = run("make", "-C", tmp_path / "made")
    assert done.returncode == 0, done.stderr
    if shutil.which(QEMU) is None:
        pytest.skip(f"built, but not run: needs {QEMU}")
    done = run("timeout", "60", "make", "-C", tmp_path / "made", "test")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"all {len(program.layers)} layers as expected" in done.stderr


@needs_riscv
@pytest.mark.skipif(shutil.which(QEMU) is None, reason=f"needs {QEMU}")
def test_a_changed_weight_is_found_on_32_bit_risc_v(tmp_path: Path) -> None:
    project = project_of(random_graph(4, blocks=2), "rv32-virt")
    weights = f"{project.id}_weights.bin"
    changed = bytearray(project.files[weights])
    changed[1] ^= 0x20
    write_folder(tmp_path / "made", dict(project.files) | {weights: bytes(changed)})
    done = run("timeout", "60", "make", "-C", tmp_path / "made", "test")
    assert done.returncode != 0 and "is the first that differs" in done.stderr
