"""The pairs file of Labeled Faces in the Wild."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

from peephole.image_files import SUFFIXES


@dataclass(frozen=True)
class Pair:
    """Two pictures by name (`Person_Name_0001`) and whether they show one person."""

    left: str
    right: str
    same: bool


@dataclass(frozen=True)
class PairList:
    """The pairs in the order of the file: `folds` runs of equal length, each half same and half different."""

    pairs: tuple[Pair, ...]
    folds: int

    @cached_property
    def names(self) -> frozenset[str]:
        """Every picture that some pair names."""
        return frozenset(name for pair in self.pairs for name in (pair.left, pair.right))

    def check_pictures(self, paths: Iterable[str], source: str) -> None:
        """Raise `ValueError` unless each picture that a pair names is among the paths, and only once."""
        count = Counter(picture_name(path) for path in paths)
        names = self.names
        absent = sorted(name for name in names if not count[name])
        if absent:
            others = f" and {len(absent) - 1} more" if len(absent) > 1 else ""
            raise ValueError(f"{source}: lacks {absent[0]}{others}, which the pairs file names")
        if twice := sorted(name for name in names if count[name] > 1):
            raise ValueError(f"{source}: holds {count[twice[0]]} pictures named {twice[0]}; give one of each")


def picture_name(path: str) -> str:
    """Return the name that pairs use for a picture file: its file name without folder and suffix."""
    name = PurePosixPath(path).name
    # Only a picture's suffix: a person's name may hold a full stop.
    stem, dot, suffix = name.rpartition(".")
    return stem if dot + suffix.lower() in SUFFIXES else name


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or int(text) == 0:
        raise ValueError(f"{text!r} is not a positive number")
    return int(text)


def _pair(fields: list[str]) -> Pair:
    if len(fields) == 3:
        person, left, right = fields
        return Pair(f"{person}_{_number(left):04d}", f"{person}_{_number(right):04d}", same=True)
    if len(fields) == 4:
        person, left, other, right = fields
        return Pair(f"{person}_{_number(left):04d}", f"{other}_{_number(right):04d}", same=False)
    raise ValueError(f"has {len(fields)} columns, not 3 (same person) or 4 (two people)")


def _header(fields: list[str]) -> tuple[int, int]:
    if len(fields) != 2:
        raise ValueError("should hold two numbers: how many folds, and how many pairs of each kind in a fold")
    return _number(fields[0]), _number(fields[1])


def _check_order(pairs: list[Pair], folds: int, each: int) -> None:
    if len(pairs) != 2 * folds * each:
        raise ValueError(f"holds {len(pairs)} pairs where its first line promises {2 * folds * each}")
    for fold in range(folds):
        run = pairs[2 * each * fold : 2 * each * (fold + 1)]
        same = sum(pair.same for pair in run)
        if same != each:
            raise ValueError(f"fold {fold + 1} holds {same} pairs of one person where {each} are promised")


def read_pairs(path: Path) -> PairList:
    """Read `pairs.txt` as published: a header, then for each fold the pairs of one person and those of two.

    Blank lines are skipped. Raises `FileNotFoundError`, or `ValueError` naming the line that is wrong.
    """
    if not path.exists():
        raise FileNotFoundError(f"{path}: no such pairs file")
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: not a text file, so not a pairs file") from error
    numbered = [(number, line.split()) for number, line in enumerate(lines, start=1) if line.strip()]
    if not numbered:
        raise ValueError(f"{path}: empty; expected the pairs of the protocol")
    pairs: list[Pair] = []
    shape = (0, 0)
    for at, (number, fields) in enumerate(numbered):
        try:
            if at == 0:
                shape = _header(fields)
            else:
                pairs.append(_pair(fields))
        except ValueError as error:
            raise ValueError(f"{path}: line {number} {error}") from error
    try:
        _check_order(pairs, *shape)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    return PairList(tuple(pairs), shape[0])
