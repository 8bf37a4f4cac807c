"""The file of what an emulated device keeps: faces and the key of its line."""

import stat
from pathlib import Path

from peephole.firmware.image import WEIGHTS, Image, kept_flash


def test_only_its_owner_may_read_what_a_device_keeps(tmp_path: Path) -> None:
    (tmp_path / WEIGHTS).write_bytes(b"weights!")
    image = Image(tmp_path, {".weights": 8}, "model", 128)
    path = kept_flash(image, tmp_path / "home.flash")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o640)  # as its owner wants it from now on
    assert stat.S_IMODE(kept_flash(image, path).stat().st_mode) == 0o640
