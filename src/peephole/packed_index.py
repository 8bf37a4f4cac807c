"""The index of the packed training faces: who is who, and who of them is held out of every training."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from peephole.array_files import open_arrays
from peephole.digests import digest_of_file


@dataclass(frozen=True, eq=False)
class PackedIndex:
    """What `index.npz` tells, row by row alike.

    keys: names of the crops in the shards. identity: int32 [N], -1 unknown. landmarks: float32 [N,5,2], x and y in crop
    pixels: image-left eye, image-right eye, nose, image-left and image-right mouth corner. teacher: float32 [N,D], unit
    length; D is 0 where none are stored. digest: of the file, which names every crop, so another pack, or the same one
    fetched anew and changed, has another.
    """

    keys: tuple[str, ...]
    identity: NDArray[np.int32]
    landmarks: NDArray[np.float32]
    teacher: NDArray[np.float32]
    digest: str


def read_index(folder: Path) -> PackedIndex:
    """Read the index of the pack in `folder`. Raises `FileNotFoundError`, or `ValueError` for one that is damaged."""
    path = folder / "index.npz"
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such index; name a folder of packed training faces")
    with open_arrays(path, "packed faces", "not a whole index of packed faces; fetch the pack again") as arrays:
        keys, identity = tuple(map(str, arrays["key"])), arrays["identity"].astype(np.int32)
        landmarks, teacher = arrays["landmarks"].astype(np.float32), arrays["teacher"].astype(np.float32)
        if identity.shape != (len(keys),) or landmarks.shape != (len(keys), 5, 2) or len(teacher) != len(keys):
            raise ValueError("the arrays are not of one length")
        length = np.linalg.norm(teacher, axis=1, keepdims=True)
    if teacher.shape[1] and not (length > 0).all():
        nothing = keys[int(np.argmin(length > 0))]
        raise ValueError(f"{path}: stores no direction as the teacher's descriptor of {nothing}; leave that face out")
    return PackedIndex(
        keys, identity, landmarks, teacher / length if teacher.shape[1] else teacher, digest_of_file(path)
    )


def split_held_out(identity: NDArray[np.int32], people: int, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Split the rows of identities [N] in (train, held out): so many whole people with 3 images or more are held out.

    Raises `ValueError` where there are not so many.
    """
    known, counts = np.unique(identity[identity >= 0], return_counts=True)
    candidates = known[counts >= 3]
    if len(candidates) < people:
        raise ValueError(
            f"{len(candidates)} people have three images or more; held_out_identities = {people} asks for more"
        )
    chosen = np.random.default_rng(seed).choice(candidates, people, replace=False)
    held = np.isin(identity, chosen)
    return np.flatnonzero(~held), np.flatnonzero(held)
