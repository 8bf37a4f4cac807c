"""What docs/networks.md shows runs as it stands, its snippets and its commands one after the other."""

import contextlib
import io
import re
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="needs the train extra")
pytest.importorskip("sklearn", reason="needs scikit-learn, which the train extra brings")

from commands import peephole
from emitted import run

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "networks.md").read_text()


def test_from_training_to_c(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    train, *others = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    commands = re.findall(r"^\$ peephole (.*)$", TEXT, re.MULTILINE)
    names: dict[str, Any] = {}
    exec(train, names)  # noqa: S102 - our own documentation
    for command in commands:
        done = peephole(*shlex.split(command))
        assert done.returncode == 0, done.stderr
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        for snippet in others:
            exec(snippet, names)  # noqa: S102
    right = re.match(r"right: (0\.\d+) in integers, (0\.\d+) in floats", printed.getvalue())
    assert right is not None
    assert float(right[1]) > float(right[2]) - 0.02 > 0.85
    assert names["report"].output_snr_db > 50
    if shutil.which("gcc") and shutil.which("make"):
        assert run("make", "-C", "digits", "test", cwd=tmp_path).returncode == 0
