"""Nobody whom a network is measured on may be among those it is trained on, as far as names tell."""

import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from peephole.evaluation.lfw import read_pairs
from peephole.training.faces import Faces

SHOWN = 5


def normalised(name: str) -> str:
    """Return a name without accents, case and punctuation: `Beyoncé_Knowles` and `beyonce knowles` are one."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    return " ".join(re.findall(r"\w+", plain.casefold().replace("_", " ")))


def people_of_pairs(path: Path) -> frozenset[str]:
    """Return the names of the people whom a pairs file names, as it writes them (`Aaron_Peirsol`)."""
    return frozenset(name.rpartition("_")[0] for name in read_pairs(path).names)


def shared_people(faces: Faces, measured_on: Iterable[str]) -> NDArray[np.int64]:
    """Return the identities of the faces' people whose normalised name is among those measured on."""
    taken = {normalised(name) for name in measured_on}
    return np.array([i for i, name in enumerate(faces.names) if name and normalised(name) in taken], np.int64)


def without_overlap(
    faces: Faces, rows: NDArray[np.int64], measured_on: Iterable[str], overlap: str
) -> NDArray[np.int64]:
    """Return the rows that may be trained on.

    overlap: `refuse` raises `ValueError` naming the first people who are in both sets; `leave out` drops their rows.
    Nothing can be said of people without a name.
    """
    shared = shared_people(faces, measured_on)
    known = np.isin(faces.identity[rows], shared)
    if overlap == "refuse" and known.any():
        people = sorted({faces.names[i] for i in faces.identity[rows[known]]})
        more = f" and {len(people) - SHOWN} more" if len(people) > SHOWN else ""
        raise ValueError(
            f"{len(people)} people to train on are in the evaluation set too: {', '.join(people[:SHOWN])}{more}; "
            'remove their folders, or set overlap = "leave out" in [evaluation]'
        )
    return rows[~known]
