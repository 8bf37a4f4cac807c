"""C identifiers from the names of a model."""

import itertools
import re
from collections.abc import Callable, Iterable

KEYWORDS = """auto break case char const continue default do double else enum extern float for goto if inline int long
    register restrict return short signed sizeof static struct switch typedef union unsigned void volatile while
    bool true false asm main"""
# Local names of the templates, and what they use of the C library.
LOCAL = "arena weights pixels mirrored out given end rows made layer status memcpy memmove memset NULL"
# `self_test` is a file of every project, next to that of the program.
RESERVED = frozenset(f"{KEYWORDS} {LOCAL} self_test".split())
# What the headers of the kernels and of the C library declare.
DECLARED = re.compile(
    r"ph_\w*|PH_\w*|TRY|TRACE(_START|_AGAIN)?|(u?int\w*|size|ptrdiff|wchar)_t|(U?INT\w*|SIZE|PTRDIFF|WCHAR)_(MAX|MIN|C)"
)


def identifier(text: str) -> str:
    """Return a C identifier that reads like a name: fire2.expand1x1 becomes fire2_expand1x1."""
    plain = re.sub(r"[^0-9A-Za-z]+", "_", text).strip("_") or "x"
    plain = f"x{plain}" if plain[0].isdigit() else plain
    return f"{plain}_" if plain in RESERVED or DECLARED.fullmatch(plain) else plain


def comment(text: str) -> str:
    """Return a text fit for a C comment: on one line, without what would end or nest it, and without trigraphs."""
    shown = "".join(c if c.isprintable() and c != "\\" else "_" for c in text)
    return shown.replace("*/", "*_").replace("/*", "/_").replace("??", "?_")


def c_string(text: str) -> str:
    """Return a text fit for between the quotes of a C string: ASCII, and nothing that is an escape there."""
    return "".join(c if c.isascii() and c.isprintable() and c not in '"\\' else "_" for c in text).replace("??", "?_")


def identifiers(names: Iterable[str], made_of: Callable[[str], Iterable[str]], used: set[str]) -> dict[str, str]:
    """Return an identifier for each name, so that nothing that the C makes of one is used twice.

    made_of: what it makes of an identifier: functions, constants. used: what is in use already; what is made is added.
    """
    found: dict[str, str] = {}
    for name in names:
        start = identifier(name)
        tried = itertools.chain([start], (f"{start}_{number}" for number in itertools.count(2)))
        found[name] = next(text for text in tried if used.isdisjoint(made_of(text)))
        used.update(made_of(found[name]))
    return found
