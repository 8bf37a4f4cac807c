"""What the settings hide of a camera is hidden from every command that looks at its source."""

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

import peephole
from commands import peephole as run_peephole
from peephole.firmware.frames import GreyFrame

LEFT = "[[0, 0], [0.5, 0], [0.5, 1], [0, 1]]"


@pytest.fixture
def shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[GreyFrame]:
    """The frames that a device is shown by `peephole firmware run`, which starts no emulator here."""
    frames: list[GreyFrame] = []

    def run_image(_: object, given: Iterable[GreyFrame], *more: object) -> Iterator[str]:
        frames.extend(given)
        return iter(())

    monkeypatch.setattr("peephole.firmware.emulator.run_image", run_image)
    monkeypatch.setattr("peephole.firmware.toolchain.need", lambda *programs: None)
    monkeypatch.setattr("peephole.firmware.image.read_image", lambda folder: SimpleNamespace(model="", values=0))
    monkeypatch.setenv("PEEPHOLE_CONFIG", str(tmp_path / "peephole.toml"))
    return frames


def test_a_device_in_the_emulator_does_not_see_what_is_masked(tmp_path: Path, shown: list[GreyFrame]) -> None:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for number in range(2):
        cv2.imwrite(str(pictures / f"{number}.png"), np.full((240, 320), 200, np.uint8))
    camera = f'[[cameras]]\nname = "front"\nsource = "{pictures}"\nmasks = [{LEFT}]\n'
    (tmp_path / "peephole.toml").write_text(camera)
    done = run_peephole("firmware", "run", tmp_path, "--camera", pictures)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert len(shown) == 2
    assert all(not frame.pixels[:, :160].any() and (frame.pixels[:, 162:] == 200).all() for frame in shown)

    (tmp_path / "peephole.toml").write_text(camera + "zone = [[0.6, 0], [1, 0], [1, 1], [0.6, 1]]\n")
    done = run_peephole("firmware", "run", tmp_path, "--camera", pictures)
    assert done.returncode == 0
    said = "a device has no zone, so faces are looked at in the whole picture; masks hold"
    assert done.stderr == f"peephole: {said}\n"
    assert not shown[-1].pixels[:, :160].any()


def test_whoever_opens_a_source_says_what_is_masked_of_it() -> None:
    opened = {}
    for file in Path(peephole.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "open_source":
                opened[file.name] = any(keyword.arg == "masks" for keyword in node.keywords)
    assert opened == dict.fromkeys(("cameras.py", "firmware.py", "introduce.py", "watching.py"), True)
