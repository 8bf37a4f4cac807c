"""The commands of the docs run, page by page, in a folder like a fresh clone; settings that they show can be used.

What a page marks as long (`# minutes`, `# hours`) is not run, but what it reads must be there or made further up. The
packed training faces give way to eight free portraits, which makes formats in seconds and no thresholds.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from itertools import pairwise
from pathlib import Path

import pytest

from commands import peephole
from documents import CHECKOUT, DOCUMENTS, Shown, blocks, commands

OF_THEIR_OWN = {"owner.md", "device.md", "networks.md"}  # run by test_docs, test_device_docs, test_networks_docs
PAGES = [page for page in DOCUMENTS if commands(page) and page.name not in OF_THEIR_OWN]
SETTINGS = [(page, block) for page in DOCUMENTS for block in blocks(page, "toml")]
ASKS_THE_NETWORK = ("peephole notify test",)  # sends; tests/integration/test_notify_command.py has who receives it
RESEARCH = CHECKOUT.parent / "shared" / "data"
MADE_BY = ("-o", "--plot", "--svg", "--document", "--html")


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with what a clone has, the research data beside it where there are any, as the working directory."""
    made = tmp_path / "clone"
    made.mkdir()
    for name in ("benchmarks", "checkpoints", "configs", "src"):
        (made / name).symlink_to(CHECKOUT / name)
    shutil.copytree(CHECKOUT / "docs", made / "docs")  # some commands draw pictures anew
    data = tmp_path / "shared" / "data"
    portraits = data / "synthetic"
    portraits.mkdir(parents=True)
    for folder in RESEARCH.iterdir() if RESEARCH.is_dir() else ():
        if folder.name not in ("train", "synthetic"):
            (data / folder.name).symlink_to(folder)
    for picture in sorted((RESEARCH / "synthetic").glob("*.jpg"))[:8]:
        (portraits / picture.name).symlink_to(picture)
    (data / "train").symlink_to(portraits)
    monkeypatch.chdir(made)
    monkeypatch.setenv("PEEPHOLE_DATA", str(tmp_path / "data"))
    return made


def files_of(shown: Shown) -> tuple[list[str], list[str]]:
    """The paths that a command reads, and those that it writes."""
    words = shlex.split(shown.command)
    written = [word for option, word in pairwise(words) if option in MADE_BY]
    paths = [word for word in words[1:] if "/" in word or re.search(r"\.\w+$", word)]
    read = [word for word in paths if word not in written and not re.match(r"[\w-]+=|\w+://", word)]
    if "train" in words and "--grid" not in words:
        config = (CHECKOUT / next(word for word in words if word.endswith(".toml"))).read_text()
        written += [f"{run}/network.safetensors" for run in re.findall(r'^run = "(.*)"', config, re.MULTILINE)]
    return read, written


def has_right_words(shown: Shown, empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without its files a right command line fails on the first of them (exit 1), a wrong one on its words (2)."""
    with monkeypatch.context() as elsewhere:
        elsewhere.chdir(empty)
        done = peephole(*shlex.split(shown.command)[1:])
    assert done.returncode == 1, done.stderr
    assert "no such" in done.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_pages_commands_run_one_after_the_other(page: Path, clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    all_shown = commands(page)
    if any("../shared/data" in shown.command for shown in all_shown) and not RESEARCH.is_dir():
        pytest.skip(f"no research data in {RESEARCH}")
    if any(word in shown.command for shown in all_shown for word in ("quantize", "--backbones", "squeezenet1_1")):
        pytest.importorskip("torch", reason="needs the train extra")
    not_run: set[str] = set()
    for shown in all_shown:
        read, written = files_of(shown)
        if shown.takes_long:
            for path in read:
                assert Path(path).exists() or path in not_run, f"{page.name} shows {shown.command}, and has no {path}"
            not_run |= set(written)
            has_right_words(shown, clone.parent, monkeypatch)
            continue
        missing = set(read) & not_run
        assert not missing, f"{page.name}: {shown.command} reads what takes long to make; mark it as well, '# after ..'"
        program, *arguments = shlex.split(shown.command)
        if program == "source" or shown.command.startswith(ASKS_THE_NETWORK):
            continue
        if program == "make" and arguments[0] != "-C":
            assert re.search(rf"^{arguments[0]}:", (CHECKOUT / "Makefile").read_text(), re.MULTILINE)
            continue
        if program == "peephole":
            done = peephole(*arguments)
        else:
            program = sys.executable if program == "python" else program
            done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{page.name}: {shown.command}: {done.stderr}"
        for path in written:
            assert Path(path).exists(), f"{page.name}: {shown.command} wrote no {path}"


@pytest.mark.parametrize(("page", "block"), SETTINGS, ids=[page.name for page, _ in SETTINGS])
def test_the_settings_that_a_page_shows_can_be_used(
    page: Path, block: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the files in place that they name."""
    monkeypatch.setenv("PEEPHOLE_DATA", str(tmp_path / "data"))
    for name in re.findall(r"file:/etc/peephole/([\w-]+)", block):
        (tmp_path / name).write_text(
            "json://192.168.1.5/door\n" if name.endswith("-url") else "a secret of some length\n"
        )
        (tmp_path / name).chmod(0o600)
    (tmp_path / "peephole.toml").write_text(block.replace("file:/etc/peephole/", f"file:{tmp_path}/"))
    done = peephole("settings", "check", "--config", tmp_path / "peephole.toml")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{tmp_path / 'peephole.toml'}: can be used\n"
    shown = peephole("settings", "show", "--config", tmp_path / "peephole.toml")
    for key in re.findall(r"^(\w+) = ", block, re.MULTILINE):
        assert re.search(rf"\b{key}\b", shown.stdout), f"{page.name} sets {key}, and nothing comes of it"


ROOT_ALONE = {
    "useradd": 'echo "useradd $*" >> "$ASKED"',
    "systemctl": 'echo "systemctl $*" >> "$ASKED"',
    "install": 'exec /usr/bin/install $(echo "$*" | sed "s/-g peephole//")',
    "python3": f'[ "$2" = venv ] || exec {sys.executable} "$@"; mkdir -p "$3/bin"; '
    'printf "#!/bin/sh\\necho pip \\$* >> \\$ASKED\\n" > "$3/bin/pip"; chmod +x "$3/bin/pip"; touch "$3/bin/peephole"',
}


def test_the_steps_to_a_service_make_what_the_unit_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What root alone may do, environments and package indices are stood in for; the rest runs."""
    steps = blocks(CHECKOUT / "docs" / "operations.md", "sh")[0]
    bin_folder = tmp_path / "bin"
    for folder in (bin_folder, tmp_path / "opt", tmp_path / "etc" / "systemd" / "system"):
        folder.mkdir(parents=True)
    for name, does in ROOT_ALONE.items():
        (bin_folder / name).write_text(f"#!/bin/sh\n{does}\n")
        (bin_folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{bin_folder}:{os.environ['PATH']}")
    monkeypatch.setenv("ASKED", str(tmp_path / "asked"))
    here = re.sub(r"(?<![\w.])/(opt|etc)/", rf"{tmp_path}/\1/", steps)
    done = subprocess.run(["bash", "-euc", here], cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    asked = (tmp_path / "asked").read_text()
    extras = re.search(r"^pip install \.\[([\w,]+)\]$", asked, re.MULTILINE)
    assert extras is not None
    known = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert set(extras[1].split(",")) <= set(known)
    assert "systemctl enable --now peephole" in asked
    unit = (tmp_path / "etc/systemd/system/peephole.service").read_text()
    assert re.search(r"^useradd .* peephole$", asked, re.MULTILINE) and "\nUser=peephole\n" in unit
    named = re.findall(r"^[^#\n]*?[=:](/(?:opt|etc)/\S+)", unit, re.MULTILINE)
    assert len(named) == 3
    for path in named:
        assert (tmp_path / path[1:]).is_file(), f"the unit names {path}"
    key = tmp_path / "etc/peephole/storage.key"
    assert key.stat().st_mode & 0o077 == 0
    monkeypatch.setenv("PEEPHOLE_STORAGE__KEY", f"file:{key}")
    done = peephole("settings", "check", "--config", tmp_path / "etc/peephole/peephole.toml")
    assert done.returncode == 0, done.stderr
