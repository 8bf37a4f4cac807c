"""A person as one file: a zip archive with `person.json` and the pictures. Everything read from one is checked."""

import base64
import binascii
import io
import json
import lzma
import zipfile
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from peephole.people.names import clean_name
from peephole.people.records import Descriptor, NewReference, Person, Reference

FORMAT = "peephole-person"
VERSION = 1

_MOST_REFERENCES = 1000
_MOST_JSON = 16 << 20
_MOST_PICTURE = 1 << 20
_LONGEST_DESCRIPTOR = 4096  # of any model


# What zipfile, its decompressors and json raise for bytes that are no archive of ours.
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    NotImplementedError,  # a method of compression or a kind of archive that zipfile does not know
    RuntimeError,
    RecursionError,
    EOFError,
    OSError,
    KeyError,
    TypeError,
    UnicodeDecodeError,
    json.JSONDecodeError,
    binascii.Error,
)


def pack(person: Person, references: Sequence[Reference]) -> bytes:
    """Return the archive of a person."""
    entries = [
        {
            "descriptor": base64.b64encode(reference.descriptor.astype("<i2").tobytes()).decode("ascii"),
            "model": reference.model,
            "quality": reference.quality,
            "picture": f"pictures/{number}.jpg",
        }
        for number, reference in enumerate(references)
    ]
    content = {"format": FORMAT, "version": VERSION, "name": person.name, "references": entries}
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("person.json", json.dumps(content, ensure_ascii=False, indent=1))
        for number, reference in enumerate(references):
            file.writestr(f"pictures/{number}.jpg", reference.picture)
    return archive.getvalue()


def unpack(data: bytes, model: str, size: int) -> tuple[str, list[NewReference]]:
    """Return the name and the references of an archive that `model` made, descriptors of `size` values.

    Raises ValueError when they are of no use here.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as file:
            content = json.loads(_member(file, "person.json", _MOST_JSON))
            version = _checked_version(content)
            if version > VERSION:
                raise ValueError("the archive was written by a newer peephole; upgrade peephole")
            name = clean_name(content["name"])
            entries = content["references"]
            if not isinstance(entries, list):
                raise TypeError("not a list")
            if not 0 < len(entries) <= _MOST_REFERENCES:
                raise ValueError(f"the archive of {name} holds no references, or too many")
            looks = [_reference(file, entry) for entry in entries]
    except _DAMAGE as error:
        raise ValueError("not an archive of a person, or a damaged one; export it again") from error
    own = [look for look in looks if look.model == model]
    if not own:
        raise ValueError(
            f"{name} was enrolled with another model ({looks[0].model}, this doorbell runs {model}) and the two cannot "
            "be compared; enrol from photos again"
        )
    if any(look.descriptor.shape != (size,) for look in own):
        raise ValueError("not an archive of a person, or a damaged one; export it again")
    return name, own


def _checked_version(content: Any) -> int:
    if not isinstance(content, dict) or content.get("format") != FORMAT or not isinstance(content.get("version"), int):
        raise TypeError("foreign content")
    return int(content["version"])


def _member(file: zipfile.ZipFile, name: str, most: int) -> bytes:
    # Read with a limit of our own: what the archive says about sizes may be a lie.
    with file.open(name) as stream:
        data = stream.read(most + 1)
    if len(data) > most:
        raise zipfile.BadZipFile(f"{name} is too large")
    return data


def _reference(file: zipfile.ZipFile, entry: dict[str, Any]) -> NewReference:
    blob = base64.b64decode(entry["descriptor"], validate=True)
    if not blob or len(blob) % 2 or len(blob) > 2 * _LONGEST_DESCRIPTOR:
        raise TypeError("not a descriptor")
    descriptor: Descriptor = np.frombuffer(blob, "<i2").astype(np.int16)
    picture = _member(file, str(entry["picture"]), _MOST_PICTURE)
    if not picture.startswith(b"\xff\xd8"):
        raise TypeError("not a JPEG")
    quality = entry["quality"]
    if not isinstance(quality, int) or not 0 <= quality <= 1000 or not isinstance(entry["model"], str):
        raise TypeError("not a reference")
    return NewReference(descriptor, entry["model"], picture, quality, "import")
