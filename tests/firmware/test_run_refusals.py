"""What `peephole firmware` refuses before anything is built or started."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from commands import assert_one_line, peephole
from peephole.firmware.emulator import run_image
from peephole.firmware.frames import GreyFrame, Mode
from peephole.firmware.image import Image


def test_people_are_only_read_where_some_are(tools: None, tmp_path: Path) -> None:
    done = peephole("firmware", "run", "--camera", "demo", "--data", tmp_path / "no")
    assert_one_line(done, 1, f"{tmp_path}/no: no such folder")
    assert not (tmp_path / "no").exists()


def test_a_picture_that_cannot_be_read_is_told_before_anything_runs(
    tools: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bad.png").write_bytes(b"no picture")
    monkeypatch.setattr("peephole.firmware.emulator.run_image", lambda *_: pytest.fail("was started"))
    monkeypatch.setattr("peephole.firmware.build.build_image", lambda *_: pytest.fail("was built"))
    assert_one_line(peephole("firmware", "run", "--camera", tmp_path), 1, f"{tmp_path}/bad.png")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("run", "FILE", "--camera", "demo"), 1, "FILE: not a folder; name the one that peephole firmware build"),
        (("build", "-o", ""), 2, "has no name; name a folder"),
        (("run", "--camera", "demo", "--target", "foo"), 2, "'--target': 'foo' is not one of 'rv32-virt', 'gap8'"),
    ],
)
def test_what_is_no_such_thing(tools: None, tmp_path: Path, words: tuple[str, ...], code: int, said: str) -> None:
    (tmp_path / "fw.elf").touch()
    file = str(tmp_path / "fw.elf")
    done = peephole("firmware", *(word.replace("FILE", file) for word in words))
    assert_one_line(done, code, said.replace("FILE", file))


def test_no_thread_is_left_inside_a_library_when_a_run_is_left(image: Image, demo: Callable[[int], GreyFrame]) -> None:
    def slow() -> Iterator[GreyFrame]:
        yield demo(0)
        while True:
            threading.Event().wait(1.5)
            yield demo(0)

    run = run_image(image, slow(), mode=Mode.LOOKS)
    next(run)
    run.close()  # type: ignore[attr-defined]  # as Ctrl-C does
    assert [thread.name for thread in threading.enumerate() if thread.name == "frames"] == []
