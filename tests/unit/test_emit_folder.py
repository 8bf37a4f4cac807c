import ctypes
import fcntl
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from peephole.cli.output import check_folder_of
from peephole.compiler.emit.folder import MANIFEST, check_folder, manifest, write_folder

FILES = {"a.c": b"1", "csrc/b.h": b"2", MANIFEST: b'{"files": ["a.c", "csrc/b.h"]}'}


def content(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_new_folder_an_empty_one_and_one_of_ours_are_written(tmp_path: Path) -> None:
    write_folder(tmp_path / "new", FILES)
    assert content(tmp_path / "new") == FILES
    (tmp_path / "empty").mkdir()
    write_folder(tmp_path / "empty", FILES)
    assert content(tmp_path / "empty") == FILES
    (tmp_path / "new" / "build").mkdir()
    (tmp_path / "new" / "build" / "a.o").write_bytes(b"built")
    write_folder(tmp_path / "new", {"c.c": b"3", MANIFEST: b'{"files": ["c.c"]}'})
    assert sorted(content(tmp_path / "new")) == ["c.c", MANIFEST]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "new"]


@pytest.mark.parametrize("manifest", [None, b"", b"[]", b'{"files": 1}', b'{"files": ["a.c"]}'])
def test_a_folder_with_other_files_is_refused_and_kept(manifest: bytes | None, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "a.c").write_bytes(b"mine")
    (folder / "thesis.tex").write_bytes(b"mine")
    if manifest is not None:
        (folder / MANIFEST).write_bytes(manifest)
    before = content(folder)
    with pytest.raises(FileExistsError, match="which peephole compile did not write; name another folder"):
        write_folder(folder, FILES)
    assert content(folder) == before


def test_a_file_that_was_edited_is_not_overwritten(tmp_path: Path) -> None:
    files = {"a.c": b"1", "csrc/b.h": b"2"}
    files[MANIFEST] = manifest({"name": "a"}, files)
    write_folder(tmp_path / "made", files)
    write_folder(tmp_path / "made", files)
    (tmp_path / "made" / "csrc" / "b.h").write_bytes(b"mine")
    with pytest.raises(FileExistsError, match=r"csrc/b\.h was edited since peephole compile wrote it; name another"):
        write_folder(tmp_path / "made", files)
    assert (tmp_path / "made" / "csrc" / "b.h").read_bytes() == b"mine"


def test_a_file_among_what_is_built_is_not_deleted_where_no_makefile_made_it(tmp_path: Path) -> None:
    write_folder(tmp_path / "made", FILES)
    built = tmp_path / "made" / "build"
    (built / "csrc").mkdir(parents=True)
    for name in ("a.c.o", "liba.a", "self_test", "self_test_trace", "self_test_sanitized", "csrc/b.c.o", "fw.elf"):
        (built / name).write_bytes(b"built")
    write_folder(tmp_path / "made", FILES)
    built.mkdir()
    (built / "notes.txt").write_bytes(b"mine")
    with pytest.raises(FileExistsError, match=r"holds build/notes\.txt, which its Makefile does not make"):
        write_folder(tmp_path / "made", FILES)
    assert (built / "notes.txt").read_bytes() == b"mine"


def test_what_a_vendors_kit_builds_is_no_obstacle_where_it_builds(tmp_path: Path) -> None:
    files = {"a.c": b"1"}
    files[MANIFEST] = manifest({"target": "gap8"}, files)
    write_folder(tmp_path / "made", files)
    built = tmp_path / "made" / "BUILD" / "GAP8_V2" / "GCC_RISCV"
    (built / "csrc").mkdir(parents=True)
    for name in ("doorbell", "flash.img", "target.json", "csrc/a.d"):
        (built / name).write_bytes(b"built")
    write_folder(tmp_path / "made", files)
    assert content(tmp_path / "made") == files
    (tmp_path / "made" / "BUILD").write_bytes(b"mine")
    with pytest.raises(FileExistsError, match="holds BUILD, which peephole compile did not write"):
        write_folder(tmp_path / "made", files)


def test_another_target_has_no_folder_of_a_vendor(tmp_path: Path) -> None:
    files = {"a.c": b"1"}
    files[MANIFEST] = manifest({"target": "host"}, files)
    write_folder(tmp_path / "made", files)
    (tmp_path / "made" / "BUILD").mkdir()
    (tmp_path / "made" / "BUILD" / "notes.txt").write_bytes(b"mine")
    with pytest.raises(FileExistsError, match=r"holds BUILD/notes\.txt, which peephole compile did not write"):
        write_folder(tmp_path / "made", files)


def test_what_a_killed_run_left_is_removed_by_the_next_but_not_what_another_run_holds(tmp_path: Path) -> None:
    left, held, new, foreign = (
        tmp_path / name for name in (".made.peephole-1", ".made.peephole-2", ".made.peephole-3", ".made.mine")
    )
    for folder in (left, held, new, foreign):
        folder.mkdir()
        (folder / "a.c").write_bytes(b"1")
        if folder != new:
            os.utime(folder, (1e9, 1e9))
    holder = os.open(held, os.O_RDONLY)
    fcntl.flock(holder, fcntl.LOCK_EX)
    write_folder(tmp_path / "made", FILES)
    os.close(holder)
    assert sorted(path.name for path in tmp_path.iterdir()) == [foreign.name, held.name, new.name, "made"]


def test_a_folder_may_be_the_one_where_we_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    write_folder(Path(), FILES)
    assert content(tmp_path / "here") == FILES
    assert [path.name for path in tmp_path.iterdir()] == ["here"]


def test_the_root_is_refused_at_once() -> None:
    with pytest.raises(FileExistsError, match=r"^/: holds .*, which peephole compile did not write"):
        write_folder(Path("/"), FILES)


@pytest.mark.skipif(os.geteuid() != 0, reason="only the superuser may become somebody else")
@pytest.mark.parametrize("check", [check_folder, check_folder_of])
def test_a_place_that_may_not_be_written_to_is_said_before_the_work(check: Callable[[Path], None]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        os.seteuid(65534)
        try:
            with pytest.raises(PermissionError, match=f"{folder}: may not be written to"):
                check(Path(folder) / "made")
        finally:
            os.seteuid(0)


def test_a_file_or_a_missing_parent_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(FileExistsError, match="file: no folder"):
        check_folder(tmp_path / "file")
    with pytest.raises(FileNotFoundError, match="no such folder to make x in"):
        check_folder(tmp_path / "missing" / "x")


def test_a_failure_leaves_what_was_there(tmp_path: Path) -> None:
    write_folder(tmp_path / "made", FILES)
    with pytest.raises(TypeError):
        write_folder(tmp_path / "made", {"a.c": b"new", "b.c": None})  # type: ignore[dict-item]
    assert content(tmp_path / "made") == FILES
    assert [path.name for path in tmp_path.iterdir()] == ["made"]


def test_where_nothing_can_be_written_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tempfile.mkdtemp", full)
    with pytest.raises(OSError, match=r"cannot be written to \(No space left on device\); name a folder elsewhere"):
        write_folder(tmp_path / "made", FILES)


def test_a_rename_that_fails_brings_the_old_folder_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_folder(tmp_path / "made", FILES)
    monkeypatch.setattr("peephole.compiler.emit.folder._exchange", lambda *_: False)
    rename, names = Path.rename, []

    def second_fails(self: Path, target: Path) -> Path:
        names.append(self.name)
        if len(names) == 2:
            raise PermissionError("no")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", second_fails)
    with pytest.raises(PermissionError):
        write_folder(tmp_path / "made", {"a.c": b"new"})
    assert content(tmp_path / "made") == FILES
    assert [path.name for path in tmp_path.iterdir()] == ["made"]


def test_the_new_folder_takes_the_old_one_s_place_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On Linux; elsewhere there is a moment between two renames in which only the hidden old folder is there."""
    if not hasattr(ctypes.CDLL(None), "renameat2"):
        pytest.skip("this C library cannot exchange two folders")
    write_folder(tmp_path / "made", FILES)
    monkeypatch.setattr(Path, "rename", lambda *_: pytest.fail("between two renames there would be no folder"))
    write_folder(tmp_path / "made", {"a.c": b"new"})
    assert content(tmp_path / "made") == {"a.c": b"new"}
    assert [path.name for path in tmp_path.iterdir()] == ["made"]
