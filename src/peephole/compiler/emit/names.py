"""C identifiers from the names of a model."""

import re
from collections.abc import Iterable, Sequence

KEYWORDS = """auto break case char const continue default do double else enum extern float for goto if inline int long
    register restrict return short signed sizeof static struct switch typedef union unsigned void volatile while
    bool true false asm main"""
# Local names of the templates, and what they use of the C library.
LOCAL = "arena weights pixels mirrored out given end rows made layer status memcpy memmove memset NULL"
RESERVED = frozenset(f"{KEYWORDS} {LOCAL}".split())


def identifier(text: str) -> str:
    """Return a C identifier that reads like a name: fire2.expand1x1 becomes fire2_expand1x1."""
    plain = re.sub(r"[^0-9A-Za-z]+", "_", text).strip("_") or "x"
    plain = f"x{plain}" if plain[0].isdigit() else plain
    return f"{plain}_" if plain in RESERVED else plain


def comment(text: str) -> str:
    """Return a text fit for a C comment: on one line, and without what would end or nest it."""
    shown = "".join(c if c.isprintable() and c != "\\" else "_" for c in text)
    return shown.replace("*/", "*_").replace("/*", "/_")


def identifiers(names: Iterable[str], forms: Sequence[str], used: set[str]) -> dict[str, str]:
    """Return an identifier for each name, so that none of what is made of them by `forms` is used twice.

    forms: as "run_{}". used: what is in use already; what is made is added.
    """
    found: dict[str, str] = {}
    for name in names:
        start = identifier(name)
        number = 1
        while any(form.format(_numbered(start, number)) in used for form in forms):
            number += 1
        found[name] = _numbered(start, number)
        used |= {form.format(found[name]) for form in forms}
    return found


def _numbered(text: str, number: int) -> str:
    return text if number == 1 else f"{text}_{number}"
