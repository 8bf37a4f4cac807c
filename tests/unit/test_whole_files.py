"""Files that are written whole: what a killed process left goes, what another one is writing stays."""

import subprocess
import sys
from pathlib import Path
from typing import IO

from peephole.whole_files import write_whole

KILLED = """
import os, signal, sys
from pathlib import Path
from peephole.whole_files import write_whole
write_whole(Path(sys.argv[1]), lambda file: os.kill(os.getpid(), signal.SIGKILL))
"""


def names(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


def kill_one_that_writes(path: Path) -> str:
    before = names(path.parent)
    subprocess.run([sys.executable, "-c", KILLED, path], check=False)
    (left,) = names(path.parent) - before
    return left


def test_what_a_killed_process_left_goes_with_the_next_file_of_that_name(tmp_path: Path) -> None:
    others = kill_one_that_writes(tmp_path / "backup.old")
    (tmp_path / ".backup.original").touch()
    kill_one_that_writes(tmp_path / "backup")
    write_whole(tmp_path / "backup", lambda file: file.write(b"all"))
    assert names(tmp_path) == {"backup", others, ".backup.original"}
    assert (tmp_path / "backup").read_bytes() == b"all"


def test_what_another_one_is_writing_stays(tmp_path: Path) -> None:
    path = tmp_path / "backup"

    def write(file: IO[bytes]) -> None:
        file.write(b"first")
        write_whole(path, lambda second: second.write(b"second"))
        assert path.read_bytes() == b"second"

    write_whole(path, write)
    assert path.read_bytes() == b"first" and names(tmp_path) == {"backup"}
