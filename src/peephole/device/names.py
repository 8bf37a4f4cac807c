"""What a device can keep as a name, and how its people are told apart by theirs."""

import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING

from peephole.people.names import clean_name, name_key

if TYPE_CHECKING:
    from peephole.device.client import DevicePerson

NAME_BYTES = 40
"""Of a name in UTF-8, as PH_NAME_BYTES of csrc/app/gallery.h."""


def fitting_name(name: str) -> str:
    """Return a name with its spacing tidied. Raises `ValueError` for one that a device cannot keep."""
    tidy = " ".join(unicodedata.normalize("NFC", name).split())
    size = len(tidy.encode(errors="surrogatepass"))
    if size > NAME_BYTES:
        shown = tidy if len(tidy) <= 2 * NAME_BYTES else f"{tidy[:20]}..."
        raise ValueError(f"the device keeps names of up to {NAME_BYTES} bytes, and {shown!r} has {size}; shorten it")
    return clean_name(tidy)


def person_named(people: Sequence["DevicePerson"], name: str) -> "DevicePerson | None":
    """Return the person of a name, as people tell names apart: case, spacing and width of letters do not count."""
    exact = [person for person in people if person.name == name]
    alike = [person for person in people if name_key(person.name) == name_key(name)]
    return next(iter(exact + alike), None)
