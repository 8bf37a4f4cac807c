"""What an export says, as JSON and back. Everything that is read is checked, whoever wrote it."""

import base64
import binascii
import json
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from peephole.people.hours import checked_hours
from peephole.people.names import clean_name
from peephole.people.records import LONGEST_CONSENT, ReferenceSource, Tell
from peephole.people.rules import LONGEST_HOURS
from peephole.people.shared import FIELDS, SharedPeople, SharedPerson, SharedReference, Stamped

_AHEAD_SECONDS = 86400.0
"""A clock that is so far ahead would have its decisions outrank all later ones."""


def _base64(text: object) -> bytes:
    if not isinstance(text, str):
        raise ValueError("no base64")
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("no base64") from error


def _jpeg(picture: bytes) -> bytes:
    if not picture.startswith(b"\xff\xd8") or len(picture) > 1 << 20:
        raise ValueError("no JPEG of a face")
    return picture


def _descriptor(values: bytes) -> bytes:
    if not values or len(values) % 2 or len(values) > 8192:
        raise ValueError("no descriptor")
    return values


def _clean(name: str) -> str:
    if clean_name(name) != name:
        raise ValueError("no name")
    return name


_Time = Annotated[float, Field(ge=0, le=1e11, allow_inf_nan=False)]
_Id = Annotated[str, Field(pattern=r"^p[0-9a-f]{16}$")]
_Bytes = Annotated[bytes, BeforeValidator(_base64)]
_Digest = Annotated[_Bytes, Field(min_length=32, max_length=32)]


class _Checked(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class _Reference(_Checked):
    descriptor: Annotated[_Bytes, AfterValidator(_descriptor)]
    model: Annotated[str, Field(pattern=r"^[0-9a-zA-Z_.-]{1,64}$")]
    picture: Annotated[_Bytes, AfterValidator(_jpeg)]
    quality: Annotated[int, Field(ge=0, le=1000)]
    source: ReferenceSource
    created: _Time


class _Fields(_Checked):
    name: tuple[Annotated[str, AfterValidator(_clean)], _Time]
    tell: tuple[Tell, _Time]
    may_open: tuple[bool, _Time]
    hours: tuple[Annotated[str, Field(max_length=LONGEST_HOURS), AfterValidator(checked_hours)], _Time]
    minor: tuple[bool, _Time]
    same_as: tuple[Annotated[str, Field(pattern=r"^(p[0-9a-f]{16})?$")], _Time]
    consent: tuple[tuple[Annotated[str, Field(max_length=LONGEST_CONSENT)], _Time | None], _Time]


class _Person(_Checked):
    id: _Id
    created: _Time
    fields: _Fields
    references: Annotated[list[_Reference], Field(max_length=1000)]
    erased: Annotated[list[tuple[_Digest, _Time]], Field(max_length=100_000)]


class _Contents(_Checked):
    format: Literal["peephole-people"]
    version: Literal[1]
    written: _Time
    people: Annotated[list[_Person], Field(max_length=10_000)]
    erased: Annotated[list[tuple[_Id, _Time]], Field(max_length=100_000)]


def to_json(people: SharedPeople, written: float) -> bytes:
    """Return everybody as JSON; `written`: now, seconds since 1970."""
    whole = {
        "format": "peephole-people",
        "version": 1,
        "written": written,
        "people": [_person(one) for one in people.people],
        "erased": sorted(people.erased.items()),
    }
    return json.dumps(whole, ensure_ascii=False).encode()


def from_json(content: bytes, now: float) -> tuple[SharedPeople, float]:
    """Return everybody, and when that was written.

    Raises ValueError, a sentence without the file's name, for what is no such content, and where the other clock is
    more than a day ahead of `now`.
    """
    try:
        read = _Contents.model_validate_json(content)
    except ValidationError as error:
        raise ValueError("holds what this peephole cannot read; upgrade both doors to the same version") from error
    people = tuple(
        SharedPerson(
            one.id,
            one.created,
            {field: Stamped(*getattr(one.fields, field)) for field in FIELDS},
            tuple(SharedReference(**dict(reference)) for reference in one.references),
            dict(one.erased),
        )
        for one in read.people
    )
    times = [read.written, *dict(read.erased).values()]
    times += [stamp.time for one in people for stamp in one.fields.values()]
    times += [time for one in people for time in (one.created, *one.erased.values())]
    if max(times) > now + _AHEAD_SECONDS:
        raise ValueError("its door's clock, or this one's, is wrong by more than a day; set it")
    if len({one.id for one in people}) < len(people):
        raise ValueError("names somebody twice")
    return SharedPeople(people, dict(read.erased)), read.written


def _person(person: SharedPerson) -> dict[str, object]:
    return {
        "id": person.id,
        "created": person.created,
        "fields": {field: [stamped.value, stamped.time] for field, stamped in person.fields.items()},
        "references": [
            vars(one) | {"descriptor": _text(one.descriptor), "picture": _text(one.picture)}
            for one in person.references
        ],
        "erased": [[_text(digest), time] for digest, time in person.erased.items()],
    }


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")
