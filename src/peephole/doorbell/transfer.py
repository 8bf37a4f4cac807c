"""A person as one file: a zip archive with `person.json` and the pictures. Everything read from one is checked.

Version 2 (docs/people.md) has rules, when and whence each reference came, and, unless it is only to be carried to
another door, visits and the door's log. Version 1 had the name and the references alone, and is read as well.
"""

import base64
import binascii
import dataclasses
import io
import json
import lzma
import zipfile
import zlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np

from peephole.doorbell.history_export import History, iso, readable, to_text
from peephole.people.names import clean_name
from peephole.people.records import TELL, Descriptor, NewReference, Person, Reference, Rules
from peephole.people.rules import check_rules

FORMAT = "peephole-person"
VERSION = 2

_MOST_REFERENCES = 1000
_MOST_JSON = 16 << 20
_MOST_PICTURE = 1 << 20
_MOST_PICTURES = 64 << 20  # all of them: one small member may be named a thousand times
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


def pack(
    person: Person, references: Sequence[Reference], rules: Rules | None = None, history: History | None = None
) -> bytes:
    """Return the archive of a person; without `history` it is one to carry to another door."""
    entries = [
        {
            "descriptor": to_text(reference.descriptor),
            "model": reference.model,
            "quality": reference.quality,
            "source": reference.source,
            "created": iso(reference.created),
            "aside": reference.aside,
            "picture": f"pictures/{number}.jpg",
        }
        for number, reference in enumerate(references)
    ]
    content: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "name": person.name,
        "created": iso(person.created),
    }
    if rules is not None:
        content["rules"] = _rules_json(rules)
    if history is not None and history.joined:
        content["joined"] = [
            {"name": one.name, "created": iso(one.created), "rules": _rules_json(own)} for one, own in history.joined
        ]
    content["references"] = entries
    files = {"person.json": _json(content), "README.txt": "\n".join(readable(history)) + "\n"}
    if history is not None:
        files |= {"visits.json": _json(history.visits), "door.json": _json(history.door)}
    pictures = {f"pictures/{number}.jpg": reference.picture for number, reference in enumerate(references)}
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for name, text in files.items():
            file.writestr(name, text)
        for name, picture in (pictures | (history.files if history is not None else {})).items():
            file.writestr(name, picture, zipfile.ZIP_STORED)  # a JPEG is as small as it gets
    return archive.getvalue()


def _rules_json(rules: Rules) -> dict[str, Any]:
    return dataclasses.asdict(rules) | {"consent_at": None if rules.consent_at is None else iso(rules.consent_at)}


def _json(content: object) -> str:
    return json.dumps(content, ensure_ascii=False, indent=1)


def unpack(data: bytes, model: str, size: int) -> tuple[str, list[NewReference]]:
    """Return the name and the references in use of an archive that `model` made, descriptors of `size` values.

    Raises ValueError when they are of no use here.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as file:
            content = _person_json(file)
            version = _checked_version(content)
            if version > VERSION:
                raise ValueError("the archive was written by a newer peephole; upgrade peephole")
            name = clean_name(content["name"])
            entries = content["references"]
            if not isinstance(entries, list):
                raise TypeError("not a list")
            if not 0 < len(entries) <= _MOST_REFERENCES:
                raise ValueError(f"the archive of {name} holds no references, or too many")
            looks = _looks(file, [entry for entry in entries if not _is_aside(entry)])
            if not looks:
                raise ValueError(f"{name}: every reference in the archive was set aside; put one back and export again")
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


def rules_in(data: bytes) -> Rules:
    """Return the rules of an archive; none of version 1, and leave to open the door is never brought along.

    Raises ValueError for rules that are none.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as file:
            rules = _person_json(file).get("rules", {})
            tell, hours, minor = rules.get("tell", "notify"), rules.get("hours", ""), rules.get("minor", False)
            consent, consent_at = rules.get("consent", ""), rules.get("consent_at")
            if tell not in TELL or not isinstance(minor, bool) or not isinstance(consent, str):
                raise TypeError("not rules")
            at = None if consent_at is None else datetime.fromisoformat(consent_at).timestamp()
            found = Rules(tell=tell, hours=hours, minor=minor, consent=consent, consent_at=at)
            check_rules(found)
    except (*_DAMAGE, AttributeError, ValueError) as error:
        raise ValueError("not an archive of a person, or a damaged one; export it again") from error
    return found


def _checked_version(content: Any) -> int:
    if not isinstance(content, dict) or content.get("format") != FORMAT or not isinstance(content.get("version"), int):
        raise TypeError("foreign content")
    version = int(content["version"])
    if version < 1:
        raise TypeError("no version of ours")
    return version


def _person_json(file: zipfile.ZipFile) -> Any:
    text = _member(file, "person.json", _MOST_JSON)
    try:
        return json.loads(text)
    except ValueError as error:  # numbers of thousands of digits, too
        raise zipfile.BadZipFile("person.json is no JSON") from error


def _member(file: zipfile.ZipFile, name: str, most: int) -> bytes:
    # Read with a limit of our own: what the archive says about sizes may be a lie.
    with file.open(name) as stream:
        data = stream.read(most + 1)
    if len(data) > most:
        raise zipfile.BadZipFile(f"{name} is too large")
    return data


def _looks(file: zipfile.ZipFile, entries: Sequence[Any]) -> list[NewReference]:
    looks: list[NewReference] = []
    left = _MOST_PICTURES
    for entry in entries:
        looks.append(_reference(file, entry))
        left -= len(looks[-1].picture)
        if left < 0:
            raise zipfile.BadZipFile("the pictures are too large")
    return looks


def _is_aside(entry: Any) -> bool:
    return isinstance(entry, dict) and bool(entry.get("aside"))


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
