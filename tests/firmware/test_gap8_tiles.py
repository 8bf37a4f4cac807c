"""Programs in tiles for GAP8, run on a host with threads for cores: every layer as the interpreter computes it."""

import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from emitted import SANITIZED, STRICT, Project, differing, inputs_of, run, write_folder
from graphs import random_graph
from peephole import _core, weights
from peephole.compiler.emit.layers import HEADERS
from peephole.compiler.emit.project import checksum
from peephole.compiler.emit.self_test import self_test_input
from peephole.compiler.emit.sources import source_folder
from peephole.compiler.emit.tiled import build_tiled_project
from peephole.compiler.executor import execute
from peephole.compiler.planner import place
from peephole.compiler.schedule import Passes
from peephole.compiler.tiler import Tiler, Tiling, candidates, predict
from peephole.compiler.tiles import Work, column_sizes
from peephole.fixedpoint.program import IntegerProgram
from workers import made_once

pytestmark = pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc")

SHIPPED = sorted(Path(weights.__file__).parent.glob("*.safetensors"))
THREADS = Path(__file__).parent.parent / "gap8_threads.c"
MOST_TILES = 60
RACES = ("-fsanitize=thread",)
EARLY, LATE = b"\0", b"\1"  # when copies are made: as they begin, or as they are waited for


def tiled(program: IntegerProgram, passes: Passes | None = None, l1_bytes: int = 64 * 1024) -> Project:
    return build_tiled_project(program, self_test_input(program), _core, passes=passes, l1_bytes=l1_bytes)


Objects = Callable[[Sequence[str], Sequence[str]], list[Path]]


@pytest.fixture
def objects(tmp_path_factory: pytest.TempPathFactory) -> Objects:
    """Sources that all projects share, compiled without a warning with these flags, once for all tests."""

    def compiled(sources: Sequence[str], flags: Sequence[str]) -> list[Path]:
        kind = "-".join(flag.partition("=")[2] for flag in flags if "=" in flag)
        return [
            made_once(tmp_path_factory, f"gap8-{kind}-{Path(s).stem}", made_of(s, flags)) / "made.o" for s in sources
        ]

    def made_of(source: str, flags: Sequence[str]) -> Callable[[Path], None]:
        include = (f"-I{source_folder()}", f"-I{source_folder() / 'include'}")
        given = source_folder() / Path(source).relative_to("csrc")
        return lambda folder: compile_strictly(folder, *flags, *include, "-c", given, "-o", "made.o")

    return compiled


def compile_strictly(folder: Path, *arguments: object) -> None:
    strict = [flag for flag in STRICT if flag != "-std=c99"]
    done = run("gcc", "-std=gnu99", *strict, "-O1", "-g", *arguments, cwd=folder)
    assert done.returncode == 0, done.stderr


class OnThreads:
    """A project, compiled without a warning for the machine of threads."""

    def __init__(self, project: Project, folder: Path, objects: Objects, flags: Sequence[str] = SANITIZED) -> None:
        self.project, self.driver = project, folder / "driver"
        program, name = project.program, project.id
        made, start = program.tensor_table[program.output], program.input
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
        text = THREADS.read_text()
        for word, meant in words.items():
            text = text.replace(word, meant)
        write_folder(folder, project.files)
        (folder / "driver.c").write_text(text)
        sdk = {"self_test.c", "csrc/ports/gap8/gap8.c"}  # what needs it
        sources = sorted(path for path in project.files if path.endswith(".c") and path not in sdk)
        shared = objects([path for path in sources if path.startswith("csrc/")], flags)
        own = [path for path in sources if not path.startswith("csrc/")]
        include = ("-I.", "-Icsrc", "-Icsrc/include", f"-D{name.upper()}_TRACE")
        compile_strictly(folder, *flags, *include, "-pthread", "-o", "driver", "driver.c", *own, *shared)
        self.result = np.dtype([("output", made.dtype, made.shape), ("sums", np.uint32, len(program.layers))])

    def run(self, inputs: Sequence[NDArray[Any]], when: bytes) -> NDArray[Any]:
        blob = self.project.files[f"{self.project.id}_weights.bin"]
        given = when + blob + b"".join(np.ascontiguousarray(values).tobytes() for values in inputs)
        done = subprocess.run([str(self.driver)], input=given, capture_output=True, check=False, timeout=300)
        assert (done.returncode, done.stderr) == (0, b""), done.stderr.decode()
        return np.frombuffer(done.stdout, self.result)


def disagreements(project: Project, folder: Path, objects: Objects) -> list[str]:
    """In what a project differs from the interpreter on inputs of every kind, or early copies from late ones."""
    inputs = list(inputs_of(project.program).values())
    built = OnThreads(project, folder, objects)
    late = built.run(inputs, LATE)
    same = late.tobytes() == built.run(inputs, EARLY).tobytes()
    return differing(project, late, inputs) + ([] if same else ["early copies differ from late ones"])


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_the_programs_that_ship(path: Path, tmp_path: Path, objects: Objects) -> None:
    check_as_planned(tiled(IntegerProgram.load(path)), tmp_path, objects)


def check_as_planned(project: Project, tmp_path: Path, objects: Objects) -> None:
    """Every layer as the plan's executor has it, by the host's kernels."""
    given = self_test_input(project.program)
    whole = execute(project.program, project.schedule, place(project.schedule.buffers), given, _core)
    built = OnThreads(project, tmp_path / "made", objects)
    for when in (EARLY, LATE):
        made = built.run([given], when)[0]
        wanted = [checksum(written.values[written.made]) for written in whole.layers.values()]
        assert made["sums"].tolist() == wanted
        np.testing.assert_array_equal(made["output"], whole.output)


@pytest.mark.parametrize("seed", range(2))
def test_any_tiles_will_do(seed: int, tmp_path: Path, objects: Objects, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tiles drawn from all that fit: also orders and copies that the tiler finds too slow."""
    rng = np.random.default_rng(seed)

    def drawn(tiler: Tiler, work: Work, capacity: int, weights: str) -> Tiling:
        cuts = [c for c in candidates(work, weights, column_sizes(work)) if c.room.bytes <= capacity]
        few = [c for c in cuts if c.count <= MOST_TILES]
        rows_first = [c for c in few if not c.size.channels_first]
        among = rows_first if rows_first and rng.random() < 0.7 else few or [min(cuts, key=lambda c: c.count)]
        made = among[rng.integers(len(among))]
        return Tiling(work, made.size, made.count, made.room, predict(tiler.target, made))

    monkeypatch.setattr(Tiler, "_search", drawn)
    check_as_planned(tiled(IntegerProgram.load(weights.default_program())), tmp_path, objects)


def test_no_core_touches_what_another_one_writes(tmp_path: Path, objects: Objects) -> None:
    program = IntegerProgram.load(weights.landmark_program())
    built = OnThreads(tiled(program), tmp_path / "landmarks", objects, RACES)
    built.run([self_test_input(program)], EARLY)
    drawn = random_graph(0, 16, blocks=6, varied=True)
    built = OnThreads(tiled(drawn, l1_bytes=smallest_l1(drawn)), tmp_path / "drawn", objects, RACES)
    built.run([self_test_input(drawn)], EARLY)


def of_seed(seed: int, bits: int) -> IntegerProgram:
    return random_graph(seed, bits, blocks=6, mirrored=seed % 2 == 1, varied=True)


DRAWN = [(0, 16), (7, 16), (6, 8), (9, 8)]


def test_every_kind_of_layer_is_drawn() -> None:
    assert {layer.kind for drawn in DRAWN for layer in of_seed(*drawn).layers} == set(HEADERS)
    assert {bits for seed, bits in DRAWN for layer in of_seed(seed, bits).layers if layer.kind == "upsample"} == {8, 16}


@pytest.mark.parametrize(("seed", "bits"), DRAWN)
def test_drawn_programs_of_every_kind_of_layer(seed: int, bits: int, tmp_path: Path, objects: Objects) -> None:
    """With little L1, so that every layer is cut."""
    program = of_seed(seed, bits)
    l1_bytes = smallest_l1(program)
    assert disagreements(tiled(program, l1_bytes=l1_bytes), tmp_path / "made", objects) == []


def smallest_l1(program: IntegerProgram) -> int:
    """A power of two of bytes in which every layer has a tile, beside the stacks."""
    for size in (6, 8, 12, 16, 24, 32, 48):
        try:
            tiled(program, l1_bytes=1024 * size)
        except ValueError:
            continue
        return 1024 * size
    return 64 * 1024


def test_with_little_l2_fewer_weights_come_ahead(tmp_path: Path, objects: Objects) -> None:
    program = IntegerProgram.load(weights.default_program())
    usual = tiled(program).arena_bytes
    small = build_tiled_project(program, self_test_input(program), _core, 192 * 1024)
    assert small.arena_bytes <= 192 * 1024 < usual
    check_as_planned(small, tmp_path, objects)
    with pytest.raises(ValueError, match=r"level L2: [\d,]+ bytes are needed and there are 65,536"):
        build_tiled_project(program, self_test_input(program), _core, 64 * 1024)


def test_without_passes(tmp_path: Path, objects: Objects) -> None:
    """Whole layers, whose weights are staged, and copies in place of slices."""
    program = random_graph(3, 16, blocks=5, varied=True)
    assert disagreements(tiled(program, Passes(False, False, False)), tmp_path / "made", objects) == []
