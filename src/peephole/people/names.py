"""Names are text for display: nearly anything goes, but two people must not look alike in a list."""

import unicodedata
from collections.abc import Iterable

from peephole.people.records import PersonSummary

LONGEST = 64


_REPLACEMENT = "\ufffd"
"""What stands for bytes that are no text: several names in an encoding that is not ours would come to be one."""


def clean_name(name: str, whose: str = "a person") -> str:
    """Return a name with its spacing tidied; raise ValueError for one that cannot be shown, or was no UTF-8.

    whose: who needs it, for the sentence of an empty one.
    """
    tidy = " ".join(unicodedata.normalize("NFC", name).split())
    if not tidy:
        raise ValueError(f"{whose} needs a name; give one with at least one letter")
    if len(tidy) > LONGEST:
        raise ValueError(f"the name {tidy[:20]!r}... is too long; use at most {LONGEST} characters")
    if _REPLACEMENT in tidy:
        raise ValueError("the name is not written in UTF-8; type it again")
    if any(unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Co", "Cn") and letter != "\u200d" for letter in tidy):
        raise ValueError("the name holds characters that cannot be shown; type it again")
    return tidy


def name_key(name: str) -> str:
    """Return what makes two names the same: case, spacing and width of letters do not count."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def names_by_id(people: Iterable[PersonSummary]) -> dict[str, str]:
    """Return the names of people by their ids."""
    return {row.person.id: row.person.name for row in people}
