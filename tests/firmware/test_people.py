"""The file by which a device is introduced to people."""

import struct

import numpy as np
import pytest

from peephole.firmware.people import Introduced, people_file
from peephole.people.records import NewReference


def look(values: list[int], quality: int = 700) -> NewReference:
    return NewReference(np.array(values, np.int16), "0123456789abcdef", b"", quality, "photo")


def test_two_people() -> None:
    people = [Introduced("Ada", [look([1, -2], 900), look([3, 4])]), Introduced("Zoë", [])]
    written = people_file(people, 2)
    ada = struct.pack("<i40si", 3, b"Ada", 2) + struct.pack("<ihhihh", 900, 1, -2, 700, 3, 4)
    assert written == b"PPP1" + struct.pack("<2i", 2, 2) + ada + struct.pack("<i40si", 4, "Zoë".encode(), 0)


def test_of_many_looks_the_first_ones_go_along() -> None:
    written = people_file([Introduced("Ada", [look([n]) for n in range(40)])], 1)
    assert struct.unpack_from("<i", written, 12 + 44) == (16,)
    assert len(written) == 12 + 48 + 16 * 6


def test_a_name_that_is_too_long_for_a_device_is_refused() -> None:
    with pytest.raises(ValueError, match="a device keeps names of up to 40 bytes, not 41; rename"):
        people_file([Introduced("x" * 41, [])], 2)


def test_descriptors_of_another_network_are_refused() -> None:
    with pytest.raises(ValueError, match="Ada: described by 3 values, not by 2; enrol anew"):
        people_file([Introduced("Ada", [look([1, 2, 3])])], 2)
