"""Faces that are cut once, so that every quantizer describes the very same pixels."""

import itertools
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from peephole.evaluation.embedding import BATCH, Cutter, Embedded
from peephole.evaluation.lfw import picture_name
from peephole.image_files import EncodedPicture, decode_grey


@dataclass(frozen=True, eq=False)
class Faces:
    """Cut faces: their names as pairs use them, pixels uint8 [N,S,S], and whether each was found, bool [N]."""

    names: tuple[str, ...]
    pixels: NDArray[np.uint8]
    found: NDArray[np.bool_]

    def described(self, descriptors: NDArray[np.generic]) -> dict[str, Embedded]:
        """Return descriptors [N,D] of these faces, in their order, by name."""
        rows = zip(self.names, descriptors, self.found.tolist(), strict=True)
        return {name: Embedded(name, descriptor, found) for name, descriptor, found in rows}


def cut_faces(pictures: Iterable[EncodedPicture], cut: Cutter, threads: int) -> Faces:
    """Cut one face out of every picture. Raises `ValueError` naming the picture that cannot be read."""

    def one(picture: EncodedPicture) -> tuple[str, NDArray[np.uint8], bool]:
        face, found = cut(picture.name, decode_grey(picture))
        return picture_name(picture.name), face, found

    made = []
    stream = iter(pictures)
    with ThreadPoolExecutor(threads) as pool:
        while batch := list(itertools.islice(stream, BATCH)):  # so that not all pictures are in memory
            made += list(pool.map(one, batch))
    names, faces, found = zip(*made, strict=True) if made else ((), (), ())
    size = cut.size
    return Faces(tuple(names), np.array(faces, np.uint8).reshape(-1, size, size), np.array(found, np.bool_))
