"""Damaged files and messages, and what whoever reads them may do: refuse in one sentence, in bounded memory."""

import json
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

ODD = [None, True, -1, 0, 2**31, 2**63, 10**400, 1e308, float("inf"), float("nan"), "", "x" * 999, "\ud800", [], {}]
LENGTHS = [b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b"\x00\x00\x00\x80", b"\xff" * 8, b"\xff\xff\xff\x7f" + bytes(4)]
MEMORY = 1 << 30  # more than any of these files needs; less than a length of four gigabytes


@st.composite
def spoilt(draw: st.DrawFn, whole: bytes) -> bytes:
    """A file that was cut, of which bytes were changed, left out, doubled or put in, or that is another one."""
    at = draw(st.integers(0, len(whole)))
    match draw(st.sampled_from(["cut", "changed", "length", "left out", "doubled", "put in", "another"])):
        case "cut":
            return whole[:at]
        case "changed":
            junk = draw(st.binary(min_size=1, max_size=8))
            return whole[:at] + junk + whole[at + len(junk) :]
        case "length":
            number = draw(st.sampled_from(LENGTHS))
            return whole[:at] + number + whole[at + len(number) :]
        case "left out":
            return whole[:at] + whole[at + draw(st.integers(1, 64)) :]
        case "doubled":
            return whole[:at] + whole[max(0, at - draw(st.integers(1, 64))) :]
        case "put in":
            return whole[:at] + draw(st.binary(max_size=64)) + whole[at:]
        case _:
            return draw(st.binary(max_size=200))


def _places(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    below = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in below:
        yield (*above, key)
        yield from _places(one, (*above, key))


@st.composite
def spoilt_value(draw: st.DrawFn, whole: Any) -> Any:
    """The same nested lists and tables, one value of which is gone or another one."""
    value = json.loads(json.dumps(whole))
    *above, last = draw(st.sampled_from(list(_places(value))))
    place = value
    for key in above:
        place = place[key]
    if draw(st.booleans()):
        place[last] = draw(st.sampled_from(ODD))
    elif draw(st.booleans()):
        del place[last]
    else:
        place[last] = draw(st.integers() | st.text(max_size=9) | st.lists(st.integers(), max_size=3))
    return value


@contextmanager
def refused_in_a_sentence() -> Iterator[None]:
    """What is read within may be refused by `ValueError` or `OSError`, one line long; nothing else may be raised."""
    with bounded_memory():
        try:
            yield
        except (ValueError, OSError) as error:
            said = str(error)
            assert said.strip() and "\n" not in said, f"{type(error).__name__}: {said!r}"


@contextmanager
def bounded_memory() -> Iterator[None]:
    """Let this process have one more gigabyte and no more: whatever believes a false length gets a MemoryError."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    now = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (now + MEMORY, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)
