"""The file of what an emulated device keeps: faces and the key of its line."""

import os
import resource
import stat
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from peephole.firmware.flash import AREAS, KEPT_BYTES, kept_flash, opened_flash
from peephole.firmware.image import BANK_BYTES, WEIGHTS, Image


@pytest.fixture
def bare(tmp_path: Path) -> Image:
    """An image whose weights are eight bytes."""
    (tmp_path / WEIGHTS).write_bytes(b"weights!")
    return Image(tmp_path, {".weights": 8}, "model", 128)


@pytest.fixture
def small_files() -> Iterator[None]:
    """A disk that is full behind the first bytes of a flash."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (BANK_BYTES - KEPT_BYTES // 2, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def area_header() -> bytes:
    """As a device writes it: magic, version, alignment, generation, damaged, nothing, CRC."""
    header = struct.pack("<4sHHII", b"PHLG", 1, 16, 1, 0).ljust(28, b"\xff")
    return header + struct.pack("<I", zlib.crc32(header))


def write_at(path: Path, place: int, content: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(place)
        file.write(content)


def test_only_its_owner_may_read_what_a_device_keeps(bare: Image, tmp_path: Path) -> None:
    path = kept_flash(bare, tmp_path / "home.flash")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o640)  # as its owner wants it from now on
    assert stat.S_IMODE(kept_flash(bare, path).stat().st_mode) == 0o640


def test_one_device_at_a_time_has_a_flash(bare: Image, tmp_path: Path) -> None:
    path = tmp_path / "home.flash"
    with opened_flash(bare, path) as held:
        inherited = os.dup(held.fileno())  # as the emulator does
    with pytest.raises(OSError, match=r"home\.flash is in use"):
        kept_flash(bare, path)
    os.close(inherited)
    kept_flash(bare, path)


def test_what_nobody_names_has_no_name(bare: Image, tmp_path: Path) -> None:
    before = list(tmp_path.iterdir())
    with opened_flash(bare) as held:
        assert os.fstat(held.fileno()).st_size == BANK_BYTES
        assert os.fstat(held.fileno()).st_nlink == 0
        assert held.seek(0) == 0 and held.read(8) == b"weights!"
    assert list(tmp_path.iterdir()) == before


@pytest.mark.parametrize("place", [AREAS[0], AREAS[0] + 32, AREAS[1], AREAS[1] + 32])
def test_a_flash_is_known_by_any_header_of_an_area(bare: Image, tmp_path: Path, place: int) -> None:
    path = kept_flash(bare, tmp_path / "home.flash")
    write_at(path, AREAS[0], b"\x00" * 64)
    write_at(path, place, area_header())
    kept_flash(bare, path)
    assert path.read_bytes()[place : place + 32] == area_header()


@pytest.mark.parametrize("there", [b"\x00" * 64, b"PHLG" + b"\x00" * 60], ids=["another file", "damaged headers"])
def test_what_no_device_can_read_is_not_written_over(bare: Image, tmp_path: Path, there: bytes) -> None:
    path = kept_flash(bare, tmp_path / "home.flash")
    write_at(path, 0, b"my words")
    write_at(path, AREAS[0], there)
    with pytest.raises(ValueError, match=r"home\.flash: no flash of a device, or one that is damaged beyond reading"):
        kept_flash(bare, path)
    assert path.read_bytes()[:8] == b"my words"


def test_places_where_no_flash_can_be(bare: Image, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"no: no such folder to keep home\.flash in"):
        kept_flash(bare, tmp_path / "no" / "home.flash")
    with pytest.raises(ValueError, match="not a file that a device's flash can be kept in"):
        kept_flash(bare, tmp_path)
    with pytest.raises(ValueError, match="not a file that a device's flash can be kept in"):
        kept_flash(bare, Path("/dev/null"))


def test_a_full_disk_is_told_and_leaves_no_part_of_a_flash(bare: Image, tmp_path: Path, small_files: None) -> None:
    with pytest.raises(OSError, match=r"home\.flash: cannot be written, the disk is full; make room, or name another"):
        kept_flash(bare, tmp_path / "home.flash")
    assert not (tmp_path / "home.flash").exists()
