"""Mutation testing: do the tests of the arithmetic, the planner and the decisions notice a small wrong change?

python benchmarks/mutants.py --each 5

Changes a copy of the checkout, one place at a time, and runs the fast tests of the changed file; a mutant that no test
notices survives. The sample is drawn from `--seed`, so that a run can be repeated.
"""

import argparse
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from mutations import Mutation, c_mutations, python_mutations

CHECKOUT = Path(__file__).resolve().parent.parent
MOST_MEMORY = 8 << 30
MODULE_FILE = "_core" + str(sysconfig.get_config_var("EXT_SUFFIX"))
PARTS = ("app", "host", "kernels")
COPIED = ("src", "csrc", "tests", "docs", "CMakeLists.txt", "pyproject.toml", "README.md")
Outcome = Literal["killed", "survived", "same code", "no compile"]

# The quick ones first: a change that the first test notices costs no more than that test.
QUANTIZATION: tuple[str, ...] = ("test_formats", "test_proof", "test_quantize", "test_quantizer_refusals")
QUANTIZATION += ("test_quantize_8_bits", "test_mixed", "test_network_quantization", "test_describe")
PLANNING = ("test_planner", "test_overlap", "test_device_plan", "test_streaming")
CONVOLUTION = ("test_conv2d_s16", "test_kernels_s8")
PACKED = ("test_recording", "test_kernels_s8", "test_engine")
DECIDING = ("test_decisions_in_c", "test_voting", "test_policy")
OPENING = ("integration/test_door", "integration/test_door_codes", "integration/test_door_log")
CASCADE = ("test_cascade",)


@dataclass(frozen=True)
class Subject:
    """A file to change, and what must notice: Python tests (of tests/unit, or by folder), C tests of csrc/tests."""

    file: str
    tests: tuple[str, ...]
    c_tests: tuple[str, ...] = ()

    @property
    def in_c(self) -> bool:
        """Whether the file has to be compiled."""
        return not self.file.endswith(".py")


SUBJECTS = (
    Subject("src/peephole/fixedpoint/formats.py", QUANTIZATION),
    Subject("src/peephole/fixedpoint/rounding.py", QUANTIZATION),
    Subject("src/peephole/fixedpoint/proof.py", QUANTIZATION),
    Subject("src/peephole/fixedpoint/quantize.py", QUANTIZATION),
    Subject("src/peephole/compiler/planner.py", PLANNING),
    Subject("src/peephole/compiler/heuristic.py", PLANNING),
    Subject("src/peephole/compiler/memory.py", PLANNING),
    Subject("src/peephole/compiler/overlap.py", PLANNING),
    Subject("src/peephole/compiler/blocks.py", PLANNING),
    Subject("src/peephole/compiler/exact.py", PLANNING),
    Subject("src/peephole/people/matching.py", ("test_matching", "test_alike")),
    Subject("src/peephole/doorbell/voting.py", DECIDING),
    Subject("src/peephole/doorbell/policy.py", DECIDING),
    Subject("src/peephole/door/conditions.py", ("test_door", "test_door_easier")),
    Subject("src/peephole/door/easier.py", ("test_door_easier",)),
    Subject("src/peephole/door/liveness.py", ("test_door",)),
    Subject("src/peephole/door/opener.py", OPENING),
    Subject("src/peephole/doorbell/candidates.py", ("test_door", "integration/test_door")),
    Subject("src/peephole/liveness/evidence.py", ("test_liveness", "test_parallax")),
    Subject("src/peephole/liveness/challenge.py", ("test_liveness",)),
    Subject("src/peephole/liveness/turning.py", ("test_liveness",)),
    Subject("src/peephole/people/hours.py", ("test_hours",)),
    Subject("src/peephole/accounts/throttle.py", ("integration/test_accounts",)),
    Subject("csrc/app/voting.c", DECIDING, ("app_voting_test",)),
    Subject("csrc/app/bars.c", DECIDING, ("app_bars_test",)),
    Subject("csrc/app/matching.c", (*DECIDING, "test_matching"), ("app_voting_test",)),
    Subject("csrc/app/tracking.c", ("test_tracking_in_c", "test_tracking", "test_watch_in_c"), ("app_tracking_test",)),
    Subject("csrc/app/quality.c", ("test_quality", "test_looking"), ("app_quality_test",)),
    Subject("csrc/app/watch.c", ("test_watch_in_c",), ("app_watch_test", "app_doorbell_test")),
    Subject("csrc/app/look.c", ("test_looking",), ("app_look_test", "app_doorbell_test")),
    Subject("csrc/app/tilt.c", ("test_tilt", "test_looking"), ("app_tilt_test",)),
    Subject("csrc/app/session.c", ("test_device_session",), ("app_session_test", "app_line_fuzz_test")),
    Subject("csrc/app/doorbell_visits.c", (), ("app_doorbell_test", "app_doorbell_keeping_test")),
    Subject("csrc/app/flash_log.c", ("test_flash_log",), ("app_flash_log_test", "app_gallery_faults_test")),
    Subject("csrc/kernels/cascade_group.c", CASCADE, ("cascade_test",)),
    Subject("csrc/kernels/cascade_windows.c", CASCADE, ("cascade_test",)),
    Subject("csrc/kernels/similarity_fit_s32.c", ("test_similarity",), ("similarity_test",)),
    Subject("csrc/kernels/conv2d_s16.c", CONVOLUTION, ("conv2d_test",)),
    Subject("csrc/kernels/conv2d_few_s16.c", CONVOLUTION, ("conv2d_test",)),
    Subject("csrc/kernels/conv2d_round.h", CONVOLUTION, ("conv2d_test",)),
    Subject("csrc/kernels/dot4x1.h", CONVOLUTION, ("dot4_test", "conv2d_test")),
    Subject("csrc/kernels/dot4x3.h", CONVOLUTION, ("dot4_test", "conv2d_test")),
    Subject("csrc/kernels/squared_l2_s16.c", ("test_distance_s16",), ("distance_test",)),
    Subject("csrc/kernels/l2_normalize_s16.c", ("test_l2_normalize_s16",), ("normalize_test",)),
    Subject("csrc/kernels/length.h", ("test_l2_normalize_s16", "test_kernels_s8"), ("normalize_test",)),
    Subject("csrc/kernels/cascade_row.h", CASCADE, ("cascade_test",)),
    Subject("csrc/host/conv2d_plan.c", PACKED, ("conv2d_packed_test",)),
    Subject("csrc/host/conv2d_packed.c", PACKED, ("conv2d_packed_test", "workers_test")),
    Subject("csrc/host/conv2d_prepare.c", PACKED, ("conv2d_packed_test",)),
    Subject("csrc/host/conv2d_tiles_in.h", PACKED, ("conv2d_packed_test",)),
    Subject("csrc/host/depthwise_packed_in.h", ("test_depthwise_conv2d_s16", *PACKED), ("wide_test",)),
    Subject("csrc/host/depthwise_packed_s16.c", ("test_depthwise_conv2d_s16", *PACKED), ("wide_test",)),
    Subject("csrc/host/depthwise_packed_s8.c", PACKED, ("wide_test",)),
    Subject("csrc/host/enter_image.c", PACKED, ("enter_image_test",)),
    Subject("csrc/host/max_pool_in.h", PACKED, ("wide_test",)),
    Subject("csrc/host/path.c", PACKED),
    Subject("csrc/host/squared_l2_many_s16_avx2.c", ("test_distance_s16",), ("wide_test",)),
    Subject("csrc/host/workers.c", ("test_layer_threads",), ("workers_test",)),
)


@dataclass(frozen=True)
class Mutant:
    """One change, and what became of it. took: seconds. before, after: the changed line."""

    file: str
    line: int
    kind: str
    before: str
    after: str
    outcome: Outcome
    took: float


class Workshop:
    """A copy of the checkout, in which files are changed and tests are run."""

    def __init__(self, folder: Path, in_c: bool) -> None:
        """Copy what the tests need; build the C of the copy where it is to be changed, else take what is installed."""
        self.folder, self.build = folder, folder / "build"
        for name in COPIED:
            source = CHECKOUT / name
            if source.is_dir():
                shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.so"))
            else:
                shutil.copy(source, folder / name)
        if not in_c:
            shutil.copy(Path(sysconfig.get_path("platlib")) / "peephole" / MODULE_FILE, folder / "src/peephole")
            return
        options = ["-DCMAKE_BUILD_TYPE=Release", "-DCMAKE_C_FLAGS_RELEASE=-O1", "-DCMAKE_CXX_FLAGS_RELEASE=-O0"]
        options.append(f"-DPython_EXECUTABLE={sys.executable}")
        if _fails("cmake", "-S", folder, "-B", self.build, "-G", "Ninja", *options) or not self.compiled():
            raise SystemExit("the C of the checkout does not compile")
        self.plain = self.machine_code()

    def compiled(self) -> bool:
        """Build the Python module of the copy, and put it where the copy's Python finds it."""
        if _fails("ninja", "-C", self.build, "-j1", "_core"):
            return False
        shutil.copy(self.build / MODULE_FILE, self.folder / "src/peephole" / MODULE_FILE)
        return True

    def machine_code(self) -> list[bytes]:
        """Return what was built of the C: the libraries too, since the module leaves out what only devices use."""
        built = [self.build / f"libpeephole_{part}.a" for part in PARTS]
        return [file.read_bytes() for file in (self.build / MODULE_FILE, *built)]

    def noticed(self, subject: Subject, limit: float) -> bool:
        """Run the tests of a file; tell whether one fails or does not end within `limit` seconds."""
        if any(self._c_test_fails(name, limit) for name in subject.c_tests):
            return True
        return bool(subject.tests) and self._pytest_fails(subject, limit)

    def _c_test_fails(self, name: str, limit: float) -> bool:
        program = self.build / name
        libraries = [self.build / f"libpeephole_{part}.a" for part in PARTS]
        include = [f"-I{self.folder / folder}" for folder in ("csrc", "csrc/include")]
        source = self.folder / "csrc/tests" / f"{name}.c"
        # A change of a header may break the test, which includes some; that is for the tests of Python to judge.
        if _fails("cc", "-std=c99", "-O1", *include, source, *libraries, "-o", program):
            return False
        return _fails(program, limit=limit)

    def _pytest_fails(self, subject: Subject, limit: float) -> bool:
        child = os.fork()
        if child == 0:
            self._test_and_exit([f"tests/{name if '/' in name else f'unit/{name}'}.py" for name in subject.tests])
        end = time.monotonic() + limit
        while time.monotonic() < end:
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                return status != 0
            time.sleep(0.02)
        os.killpg(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return True

    def _test_and_exit(self, files: list[str]) -> None:
        """Run pytest on the copy in this process, a fork of its own, and end it."""
        os.setsid()
        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))  # a change may make a loop that collects
        os.chdir(self.folder)
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        # The finder of the editable installation would answer with the checkout's files.
        sys.meta_path[:] = [finder for finder in sys.meta_path if "Redirecting" not in type(finder).__name__]
        sys.path[:0] = [str(self.folder / "src")]
        sys.dont_write_bytecode = True
        import pytest

        options = ["-q", "-x", "-p", "no:cacheprovider", "--assert=plain", "--hypothesis-profile=mutants"]
        os._exit(int(pytest.main([*options, *files])))


def judged(shop: Workshop, subject: Subject, mutation: Mutation, limit: float) -> Mutant:
    """Apply one change, let the tests judge, and undo it."""
    path, began = shop.folder / subject.file, time.monotonic()
    source = path.read_text()
    line, before, after = mutation.shown(source)
    path.write_text(mutation.applied(source))
    outcome: Outcome
    try:
        if subject.in_c and not shop.compiled():
            outcome = "no compile"
        elif subject.in_c and shop.machine_code() == shop.plain and path.suffix == ".c":
            outcome = "same code"
        else:
            outcome = "killed" if shop.noticed(subject, limit) else "survived"
    finally:
        path.write_text(source)
    return Mutant(subject.file, line, mutation.kind, before, after, outcome, round(time.monotonic() - began, 2))


def drawn(source: str, file: str, each: int, seed: int) -> list[Mutation]:
    """Draw the changes of a file, fewer where it has fewer; the same ones for the same text and seed."""
    every = python_mutations(source) if file.endswith(".py") else c_mutations(source)
    return random.Random(f"{seed} {file}").sample(every, min(each, len(every)))  # noqa: S311 - no secret


def survivors(source: str, file: str, known: Path) -> list[Mutation]:
    """Return the changes of a file that an earlier run wrote down as survivors, found by the changed line."""
    every = python_mutations(source) if file.endswith(".py") else c_mutations(source)
    then = {(m["before"], m["after"]) for m in json.loads(known.read_text()) if m["outcome"] == "survived"}
    return [mutation for mutation in every if mutation.shown(source)[1:] in then]


def survey(
    shop: Workshop, subjects: list[Subject], choose: Callable[[str, str], list[Mutation]], limit: float
) -> Iterator[Mutant]:
    """Judge the chosen changes of every file; leaves out, and tells, one whose tests fail without any change."""
    for subject in subjects:
        chosen = choose((shop.folder / subject.file).read_text(), subject.file)
        if not chosen:
            continue
        if subject.in_c:
            shop.compiled()  # what the file before left behind
        if shop.noticed(subject, 4 * limit):
            print(f"{subject.file}: left out, for its tests fail without any change", file=sys.stderr, flush=True)
            continue
        for mutation in chosen:
            yield judged(shop, subject, mutation, limit)


def _fails(*command: object, limit: float | None = None) -> bool:
    """Run a command in silence; tell whether it fails, or takes more than `limit` seconds."""
    words = [str(part) for part in command]
    try:
        return subprocess.run(words, capture_output=True, check=False, timeout=limit).returncode != 0  # noqa: S603 - ours
    except subprocess.TimeoutExpired:
        return True


def _warm_up() -> None:
    """Import once what every test imports, and no part of peephole: the forks share it."""
    import hypothesis.extra.numpy
    import numpy as np
    import pytest

    del np, pytest
    settings = hypothesis.settings
    phases = (hypothesis.Phase.explicit, hypothesis.Phase.generate)  # a failure is enough, the smallest is not needed
    settings.register_profile(
        "mutants",
        deadline=None,
        derandomize=True,
        database=None,
        phases=phases,
        suppress_health_check=list(hypothesis.HealthCheck),
    )


def main() -> None:
    """Judge the mutants; print every survivor, then a table, and write all of them as JSON where asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--each", type=int, default=5, help="changes of each file")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--limit", type=float, default=40, help="seconds that the tests of one mutant may take")
    parser.add_argument("--only", nargs="+", default=[""], help="files whose name contains one of these, in this order")
    parser.add_argument("--json", type=Path, help="where to write every mutant")
    parser.add_argument("--again", type=Path, help="judge the survivors of such a file once more, and no others")
    asked = parser.parse_args()

    def chosen(source: str, file: str) -> list[Mutation]:
        return survivors(source, file, asked.again) if asked.again else drawn(source, file, asked.each, asked.seed)

    _warm_up()
    judgements: list[Mutant] = []
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        subjects = list(dict.fromkeys(one for part in asked.only for one in SUBJECTS if part in one.file))
        shop = Workshop(Path(folder), any(subject.in_c for subject in subjects))
        for mutant in survey(shop, subjects, chosen, asked.limit):
            judgements.append(mutant)
            if mutant.outcome == "survived":
                print(f"{mutant.file}:{mutant.line}\n  - {mutant.before}\n  + {mutant.after}", flush=True)
            if asked.json:
                asked.json.write_text(json.dumps([asdict(m) for m in judgements], indent=1))
    print("\n| file | killed | survived | same code | no compile | seconds |\n|---|---|---|---|---|---|")
    for name in dict.fromkeys(m.file for m in judgements):
        own = [m for m in judgements if m.file == name]
        counts = [sum(m.outcome == o for m in own) for o in ("killed", "survived", "same code", "no compile")]
        print(f"| {name} | {' | '.join(map(str, counts))} | {sum(m.took for m in own):.0f} |")


if __name__ == "__main__":
    main()
