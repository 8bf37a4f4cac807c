"""People as doors tell each other of them: every field with the time it was decided, and who is erased."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from peephole.people.records import ReferenceSource

Field = Literal["name", "tell", "may_open", "hours", "minor", "consent", "same_as"]
FIELDS: tuple[Field, ...] = ("name", "tell", "may_open", "hours", "minor", "consent", "same_as")
Value = str | bool | tuple[str, float | None]
"""Of `consent` the text and its date, of `may_open` and `minor` a bool, else text; `same_as` is an id, or empty."""

KEPT_APART = 0.0
"""The time of a name that a door gave to somebody because the true one is taken there: any other one outranks it."""


@dataclass(frozen=True)
class Stamped:
    """A value, and when it was decided, seconds since 1970."""

    value: Value
    time: float

    def outranks(self, other: "Stamped") -> bool:
        """Say whether this is the later one; of two at once the greater one is, so that all doors agree."""
        return (self.time, repr(self.value)) > (other.time, repr(other.value))


@dataclass(frozen=True)
class SharedReference:
    """One look at a person; `descriptor` is little-endian int16, `picture` a small JPEG."""

    descriptor: bytes
    model: str
    picture: bytes
    quality: int
    source: ReferenceSource
    created: float

    def digest(self) -> bytes:
        """Return 32 bytes by which doors know that two references are one."""
        parts = (self.model.encode(), self.descriptor, self.picture, repr((self.quality, self.created)).encode())
        whole = hashlib.sha256()
        for part in parts:
            whole.update(len(part).to_bytes(8, "big") + part)
        return whole.digest()


@dataclass(frozen=True)
class SharedPerson:
    """A person as one door knows them; `erased` are references that were removed: their digests, and when."""

    id: str
    created: float
    fields: Mapping[Field, Stamped]
    references: tuple[SharedReference, ...] = ()
    erased: Mapping[bytes, float] = field(default_factory=dict)


@dataclass(frozen=True)
class SharedPeople:
    """Everybody as one door knows them; `erased` are people who were removed: their ids, and when."""

    people: tuple[SharedPerson, ...] = ()
    erased: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class HeldPerson:
    """A person of this door, of whose references the digests are enough; those that were set aside are among them."""

    id: str
    created: float
    fields: Mapping[Field, Stamped]
    digests: frozenset[bytes] = frozenset()
    erased: Mapping[bytes, float] = field(default_factory=dict)


@dataclass(frozen=True)
class HeldPeople:
    """Everybody at this door.

    Attributes:
        people: By id.
        erased: Ids of people who were removed, and when.
        sizes: How many bytes the descriptors of each model have here.
    """

    people: Mapping[str, HeldPerson]
    erased: Mapping[str, float]
    sizes: Mapping[str, int]


@dataclass(frozen=True)
class PersonChange:
    """What is to be done about one person.

    Attributes:
        id: Of the person.
        created: When the person was named first, for a new one.
        new: Whether the person is to be added.
        fields: What is decided anew.
        references: To be added.
        erased: Digests of references to be removed, or to be remembered as removed, and when they were.
    """

    id: str
    created: float
    new: bool
    fields: Mapping[Field, Stamped]
    references: tuple[SharedReference, ...] = ()
    erased: Mapping[bytes, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Merge:
    """What an export changes at a door.

    Attributes:
        changes: One for each person whom it changes anything about.
        erased: Ids of people to be removed, or to be remembered as removed, and when they were.
        told: What the owner should read, one sentence for each change that shows.
    """

    changes: tuple[PersonChange, ...] = ()
    erased: Mapping[str, float] = field(default_factory=dict)
    told: tuple[str, ...] = ()


@dataclass(frozen=True)
class TrustedDoor:
    """Another door of the owner.

    Attributes:
        id: Of the door, 32 hexadecimal digits.
        name: What it is called here.
        public: Its public keys.
        sequence: Number of its newest export that was read here; older ones are refused.
        heard: When that was written, seconds since 1970; None: none was read yet.
        since: When it was trusted, seconds since 1970; None: before that was noted.
    """

    id: str
    name: str
    public: bytes
    sequence: int = 0
    heard: float | None = None
    since: float | None = None

    @property
    def fingerprint(self) -> str:
        """The id, which is a digest of the keys, as people compare it."""
        return in_fours(self.id)


def in_fours(digits: str) -> str:
    """Return digits in groups of four, as people read them to each other."""
    return " ".join(digits[start : start + 4] for start in range(0, len(digits), 4))
