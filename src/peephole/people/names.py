"""Names are text for display: nearly anything goes, but two people must not look alike in a list."""

import unicodedata

LONGEST = 64


def clean_name(name: str) -> str:
    """Return a name with its spacing tidied; raise ValueError for one that cannot be shown."""
    tidy = " ".join(unicodedata.normalize("NFC", name).split())
    if not tidy:
        raise ValueError("a person needs a name; give one with at least one letter")
    if len(tidy) > LONGEST:
        raise ValueError(f"the name {tidy[:20]!r}... is too long; use at most {LONGEST} characters")
    if any(unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Co", "Cn") and letter != "\u200d" for letter in tidy):
        raise ValueError("the name holds characters that cannot be shown; type it again")
    return tidy


def name_key(name: str) -> str:
    """Return what makes two names the same: case, spacing and width of letters do not count."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())
