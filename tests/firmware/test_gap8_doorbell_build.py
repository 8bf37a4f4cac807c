"""`peephole firmware build --target gap8`: what it writes compiles without the SDK, and is what the SDK builds."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from commands import peephole
from gap8_parts import RISCV

pytestmark = [
    pytest.mark.skipif(shutil.which(RISCV + "gcc") is None, reason=f"needs {RISCV}gcc"),
    pytest.mark.skipif(shutil.which("make") is None, reason="needs make"),
]
L1_BYTES, L2_BYTES, SYSTEM_BYTES, CORES = 64 * 1024, 512 * 1024, 256, 8


def run(*command: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False, timeout=120, cwd=cwd)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("gap8") / "doorbell"


@pytest.fixture(scope="module")
def told(folder: Path) -> dict[str, object]:
    done = peephole("firmware", "build", "--target", "gap8", "-o", folder, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    return dict(json.loads(done.stdout))


def numbers(header: Path) -> dict[str, int]:
    return {name: int(value) for name, value in re.findall(r"#define DEVICE_(\w+) (\d+)", header.read_text())}


def test_it_fits_into_l2_beside_the_sdk(told: dict[str, int]) -> None:
    assert told["l2_bytes"] == L2_BYTES
    assert told["l2_used_bytes"] <= L2_BYTES - 40 * 1024
    assert told["l2_used_bytes"] == told["code_bytes"] + told["data_bytes"] + told["memory_bytes"]


def test_stacks_and_tiles_fit_into_l1(told: dict[str, object], folder: Path) -> None:
    plan = numbers(folder / "device_memory.h")
    stacks = plan["FIRST_STACK_BYTES"] + (CORES - 1) * plan["CORE_STACK_BYTES"]
    assert plan["L1_BYTES"] + stacks + SYSTEM_BYTES <= L1_BYTES
    for network in ("recogniser", "landmarks"):
        needed = re.findall(rf"{network.upper()}_L1_BYTES (\d+)", (folder / f"{network}.h").read_text())
        assert int(needed[0]) <= plan["L1_BYTES"]


def test_a_core_has_the_stack_for_its_part(told: dict[str, object], folder: Path) -> None:
    frames: dict[str, int] = {}
    for path in (folder / "build").glob("*.su"):
        for name, size in re.findall(r":(\w+)\t(\d+)", path.read_text()):
            frames[name] = max(frames.get(name, 0), int(size))
    wide = ("on_core", "work", "part_conv2d_s16_wide", "ph_conv2d_s16", "ph_conv2d_blocked_s16")
    ways = (
        (*wide, "convolve_pixels", "ph_dot4x3_s16"),
        ("on_core", "work", "part_conv2d_s16", "ph_conv2d_part_s16", "convolve_line", "convolve_pixels3"),
        ("on_core", "ask_windows", "ph_cascade_vote", "run_stage"),
        ("on_core", "ask_windows", "ph_cascade_open_windows"),
        ("on_core", "sample_rows", "ph_cascade_integrate_row", "ph_cascade_rows_at"),
    )
    for way in ways:
        deep = sum(frames.get(name, 0) for name in way)  # what is missing became part of its caller
        assert deep + SYSTEM_BYTES <= numbers(folder / "device_memory.h")["CORE_STACK_BYTES"], way


def test_the_folder_needs_nothing_of_ours(told: dict[str, object], folder: Path) -> None:
    done = run("make", "check", cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert "all of it compiles" in done.stdout
    done = run("make", "all", cwd=folder)
    assert done.returncode == 2 and "RULES_DIR is not set" in done.stderr


@pytest.fixture
def sdk(tmp_path: Path) -> Path:
    """What of the SDK a build goes through: the board's configuration, and rules that make something in BUILD."""
    rules = tmp_path / "sdk" / "rules"
    rules.mkdir(parents=True)
    (tmp_path / "sdk" / "configs").mkdir()
    (tmp_path / "sdk" / "configs" / "gapuino_v2.sh").write_text(f"export RULES_DIR={rules} BOARD=gapuino\n")
    (rules / "pmsis_rules.mk").write_text(
        "all: $(APP_SRCS) $(READFS_FILES)\n\t@mkdir -p BUILD/GAP8_V2 && echo $(APP) $(BOARD) > BUILD/GAP8_V2/made\n"
    )
    return tmp_path / "sdk"


def test_the_steps_of_the_page_build_it_with_the_sdk(told: dict[str, object], folder: Path, sdk: Path) -> None:
    """docs/gap8.md's own lines, without a board to run on."""
    page = (Path(__file__).parents[2] / "docs" / "gap8.md").read_text()
    first, with_sdk = re.findall(r"```sh\n(.*?)```", page, re.DOTALL)
    assert first == "peephole firmware build --target gap8 -o doorbell\n"  # as `told` was made
    steps = with_sdk.replace("GAP_SDK", str(sdk)).replace("all run", "all")
    assert with_sdk.endswith("all run\n") and f"source {sdk}/configs/" in steps
    done = run("bash", "-euc", steps, cwd=folder.parent)
    assert done.returncode == 0, done.stderr
    assert (folder / "BUILD" / "GAP8_V2" / "made").read_text() == "doorbell gapuino\n"


def test_the_sdk_builds_it_and_it_is_written_anew(told: dict[str, object], folder: Path, sdk: Path) -> None:
    build = ("firmware", "build", "--target", "gap8", "-o", folder, "--sdk", sdk)
    for _ in range(2):
        done = peephole(*build)
        assert (done.returncode, done.stderr) == (0, "")
        assert (folder / "BUILD" / "GAP8_V2" / "made").read_text() == "doorbell gapuino\n"
    (folder / "mine.c").write_text("int x;")
    done = peephole(*build)
    assert done.returncode == 1 and "holds mine.c, which peephole compile did not write" in done.stderr
    (folder / "mine.c").unlink()


def test_what_the_sdk_complains_of_is_told(told: dict[str, object], folder: Path, sdk: Path) -> None:
    (sdk / "rules" / "pmsis_rules.mk").write_text("all:\n\t@echo 'main.c: error: no such board' >&2; exit 1\n")
    done = peephole("firmware", "build", "--target", "gap8", "-o", folder, "--sdk", sdk)
    assert (done.returncode, done.stdout.count("Traceback")) == (1, 0)
    assert done.stderr.endswith("it was not built by the SDK: main.c: error: no such board\n")
    done = peephole("firmware", "build", "--target", "gap8", "-o", folder, "--sdk", sdk / "rules")
    assert done.returncode == 1 and "gapuino_v2.sh: no such file; name the GAP SDK's folder" in done.stderr


def test_other_boards_have_no_sdk_and_gap8_no_emulator(tmp_path: Path) -> None:
    done = peephole("firmware", "build", "-o", tmp_path / "image", "--sdk", tmp_path)
    assert done.returncode == 2 and "for --target gap8 alone" in done.stderr
    done = peephole("firmware", "run", "--target", "gap8", "--camera", "demo")
    assert done.returncode == 1 and "GAP8 has no emulator here" in done.stderr
