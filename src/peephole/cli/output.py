"""What commands print, JSON for programs and plain text for people, and where they may write.

Progress goes to stderr, and only to a terminal.
"""

import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

Item = TypeVar("Item")
JOINER = "\u200d"


def print_json(value: Any) -> None:
    """Print one JSON value on one line, without the noise of binary fractions (see `rounded`)."""
    print(json.dumps(rounded(value), ensure_ascii=False))


def rounded(value: Any) -> Any:
    """Return the value with six digits behind the point of every float, and six in all of those below one."""
    if isinstance(value, float):
        return round(value, 6) if abs(value) >= 1 else float(f"{value:.6g}")
    if isinstance(value, dict):
        return {key: rounded(one) for key, one in value.items()}
    return [rounded(one) for one in value] if isinstance(value, list | tuple) else value


def plain(text: str) -> str:
    """Return a name fit for a terminal: control characters, which could move its cursor, are spelt out.

    The joiner of an emoji's parts is none of them.
    """
    return "".join(c if c.isprintable() or c == JOINER else c.encode("unicode_escape").decode() for c in text)


def counted(count: int, what: str) -> str:
    """Return so many of something in words: 1 look, 2 looks, 2 people."""
    many = {"person": "people"}.get(what, f"{what}s")
    return f"{count:,} {what if count == 1 else many}"


def print_table(titles: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print rows in aligned columns under their titles; whole numbers to the right, their thousands apart."""
    right = [any(isinstance(row[column], int) for row in rows) for column in range(len(titles))]
    cells = [[f"{cell:,}" if isinstance(cell, int) else plain(str(cell)) for cell in row] for row in (titles, *rows)]
    widths = [max(_wide(row[column]) for row in cells) for column in range(len(titles))]
    for row in cells:
        gaps = [" " * (width - _wide(cell)) for cell, width in zip(row, widths, strict=True)]
        aligned = [gap + cell if far else cell + gap for cell, gap, far in zip(row, gaps, right, strict=True)]
        print("  ".join(aligned).rstrip())


def _wide(text: str) -> int:
    """Return how many columns a text takes on a terminal."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def local_time(seconds_since_1970: float | None, seconds: bool = False) -> str:
    """Return seconds since 1970 as a local date and time, to the minute or the second; a dash for never."""
    if seconds_since_1970 is None:
        return "-"
    shape = "%Y-%m-%d %H:%M:%S" if seconds else "%Y-%m-%d %H:%M"
    return datetime.fromtimestamp(seconds_since_1970).astimezone().strftime(shape)


def check_folder_of(output: Path) -> None:
    """Raise an `OSError` unless a file can be put there: said before the work, not after it."""
    folder = output.absolute().parent
    if output.is_dir():
        raise IsADirectoryError(f"{output}: a folder; name a file to write")
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder}: no such folder to write {output.name} into")
    if not os.access(folder, os.W_OK | os.X_OK, effective_ids=os.access in os.supports_effective_ids):
        raise PermissionError(f"{folder}: may not be written to; choose another place for {output.name}")


def check_new(output: Path, force: bool) -> None:
    """Refuse, by a `FileExistsError`, an output that is there already, unless the owner said `--force`."""
    if not force and os.path.lexists(output):
        raise FileExistsError(f"{output}: exists already; name another file, or say --force to replace it")


def check_file(path: Path, what: str) -> None:
    """Refuse, by an `OSError`, what is no file that could be read; what: it should have been."""
    if path.is_dir():
        raise IsADirectoryError(f"{path}: a folder, not {what}")
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file")


def check_output(output: Path, ending: str, *read: Path) -> None:
    """Refuse an output that cannot be written, has another ending, or would replace what the command reads.

    Raises `OSError` or `ValueError`.
    """
    check_folder_of(output)
    if output.suffix != ending:
        raise ValueError(f"{output}: would be written as {ending}; name a file that ends so")
    place = output.resolve()
    for source in (path.resolve() for path in read):
        if place == source or (source in place.parents and place.exists()):
            raise ValueError(f"{output}: is read by this command and would be replaced; name another file")


def progress(items: Iterable[Item], title: str, total: int) -> Iterator[Item]:
    """Pass the items on, with a progress bar on stderr where that is a terminal."""
    if sys.stderr is None or not sys.stderr.isatty():
        yield from items
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=total)
        for item in items:
            yield item
            bar.advance(task)
