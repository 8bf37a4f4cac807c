"""What a device has lost of what it kept is said when it starts, and nobody takes it for an empty one."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from commands import peephole
from peephole.firmware.emulator import run_image
from peephole.firmware.flash import AREAS
from peephole.firmware.frames import GreyFrame
from peephole.firmware.image import Image
from peephole.firmware.people import PEOPLE, Introduced, people_file
from peephole.people.records import NewReference


def test_a_lost_record_is_told(image: Image, demo: Callable[[int], GreyFrame], tmp_path: Path) -> None:
    flash = tmp_path / "home.flash"
    look = NewReference(np.ones(image.values, np.int16), image.model, b"", 500, "photo")
    known = {PEOPLE: people_file([Introduced("Ada", [look])], image.values)}
    assert next(iter(run_image(image, [demo(0)], flash, files=known))) == '{"people": 1, "strangers": 0}'

    bank = bytearray(flash.read_bytes())
    name = bank.index(b"Ada", AREAS[0])
    bank[name] ^= 0x01  # the record's checksum does not fit any more
    flash.write_bytes(bank)
    done = peephole("firmware", "run", image.folder.parent, "--camera", _empty(tmp_path), "--flash", flash)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[:2] == [
        "the device knows 0 people and 0 strangers",
        "of what it kept, 1 record could not be read and cannot be brought back",
    ]


def _empty(folder: Path) -> Path:

    cv2.imwrite(str(folder / "empty.png"), np.zeros((240, 320), np.uint8))
    return folder / "empty.png"
