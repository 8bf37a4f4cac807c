"""Described faces of many people, kept in one file: the protocols on it take seconds, describing takes minutes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from peephole.array_files import open_arrays
from peephole.evaluation.embedding import Embedded
from peephole.evaluation.lfw import picture_name


@dataclass(frozen=True)
class Album:
    """Faces that were found, row by row alike, and the pictures in which none was.

    names: of the pictures, without folder and suffix. descriptors: [N,D]. missed: names of the pictures without a
    face, whose middles are `missed_descriptors` [M,D] (or [0,D] where they were not kept). qualities: measures [N] by
    name (`evaluation.looks.MEASURES`; empty where they were not taken). model_id, crop: what described them; empty
    where the file does not say.
    """

    names: tuple[str, ...]
    descriptors: NDArray[np.generic]
    missed: tuple[str, ...]
    missed_descriptors: NDArray[np.generic]
    qualities: Mapping[str, NDArray[np.int32]]
    model_id: str
    crop: str

    def person_names(self) -> tuple[str, ...]:
        """Return whose picture each one is: its name up to the last underscore, as in Labeled Faces in the Wild."""
        return tuple(name.rpartition("_")[0] or name for name in self.names)

    def people(self) -> NDArray[np.int64]:
        """Return the same as numbers, int64 [N]."""
        return np.unique(self.person_names(), return_inverse=True)[1].astype(np.int64)

    def embedded(self) -> dict[str, Embedded]:
        """Return every picture's descriptor by name, those of middles too.

        Raises `ValueError` where the file did not keep those.
        """
        if len(self.missed_descriptors) != len(self.missed):
            raise ValueError(
                f"the file of descriptors has none of {self.missed[0]}, in which no face was found; "
                "let peephole evaluate write it"
            )
        found = {name: Embedded(name, row, True) for name, row in zip(self.names, self.descriptors, strict=True)}
        middles = zip(self.missed, self.missed_descriptors, strict=True)
        return found | {name: Embedded(name, row, False) for name, row in middles}

    def check_alike(self, other: "Album") -> None:
        """Raise `ValueError` unless the rows of another album, those that come to the door, are of the same pictures.

        Whoever is compared with somebody else's row looks like a stranger.
        """
        if self.names != other.names:
            raise ValueError(
                "the spoilt faces are not those of the same pictures in the same order; "
                "let peephole evaluate write both anew"
            )
        ours, theirs = self.descriptors, other.descriptors
        if (ours.dtype, ours.shape) != (theirs.dtype, theirs.shape):
            raise ValueError(
                f"the spoilt faces have descriptors of {theirs.shape[1]} {theirs.dtype} values, the others of "
                f"{ours.shape[1]} {ours.dtype}; let peephole evaluate write both anew"
            )

    def only(self, names: Iterable[str], source: str) -> "Album":
        """Return the album of these pictures. Raises `ValueError` where one was never looked at."""
        wanted = frozenset(names)
        absent = sorted(wanted - set(self.names) - set(self.missed))
        if absent:
            others = f" and {len(absent) - 1} more" if len(absent) > 1 else ""
            raise ValueError(f"{source}: lacks {absent[0]}{others}, which the pairs file names")
        return self._rows([name in wanted for name in self.names], [name in wanted for name in self.missed])

    def _rows(self, found: list[bool], missed: list[bool]) -> "Album":
        rows, lost = np.flatnonzero(found), np.flatnonzero(missed)
        return Album(
            tuple(self.names[row] for row in rows),
            self.descriptors[rows],
            tuple(self.missed[row] for row in lost),
            self.missed_descriptors[lost] if len(self.missed_descriptors) else self.missed_descriptors,
            {measure: values[rows] for measure, values in self.qualities.items()},
            self.model_id,
            self.crop,
        )

    def save(self, stream: IO[bytes]) -> None:
        """Write the arrays of `peephole embed` (`name`, `descriptor`, `missed`, `model_id`) and the others."""
        np.savez(
            stream,
            name=np.array(self.names),
            descriptor=self.descriptors,
            missed=np.array(self.missed, dtype=str),
            missed_descriptor=self.missed_descriptors,
            model_id=np.array(self.model_id),
            crop=np.array(self.crop),
            **{f"quality_{measure}": values for measure, values in self.qualities.items()},  # type: ignore[arg-type]
        )


def read_album(path: Path, model_id: str, crop: str, length: int | None = None) -> Album:
    """Read what `Album.save` or `peephole embed` has written.

    Raises `FileNotFoundError`, or `ValueError` for a file of another kind or descriptors of another model, crop or
    length (None where that is not known).
    """
    with open_arrays(path, "descriptors", "not a file of descriptors; make one with peephole embed") as arrays:
        found = dict(arrays)
        names, descriptors = [picture_name(str(name)) for name in found["name"]], found["descriptor"]
        qualities = {key[8:]: values.astype(np.int32) for key, values in found.items() if key.startswith("quality_")}
        made_by, missed = str(found["model_id"]), [picture_name(str(name)) for name in found["missed"]]
    if descriptors.ndim != 2 or len(descriptors) != len(names) or descriptors.dtype.kind not in "iuf":
        raise ValueError(
            f"{path}: holds {len(names)} names and descriptors {descriptors.dtype} of shape {descriptors.shape}"
        )
    if len(set(names) | set(missed)) != len(names) + len(missed):
        raise ValueError(f"{path}: two of its pictures have one name")
    another = "or name another file, which is written from --images"
    if made_by != model_id:
        raise ValueError(
            f"{path}: its descriptors were made by model {made_by or 'none'}, not by {model_id}; "
            f"name that program with --model, {another}"
        )
    if length is not None and descriptors.shape[1] != length:
        raise ValueError(
            f"{path}: its descriptors have {descriptors.shape[1]} values, the program gives {length}; "
            "let peephole evaluate write it anew"
        )
    if crop != str(found.get("crop", crop)):
        raise ValueError(f"{path}: its faces were cut by {found['crop']}, not by {crop}; cut them alike, {another}")
    none = np.zeros((0, descriptors.shape[1]), descriptors.dtype)
    if any(values.shape != (len(names),) for values in qualities.values()):
        raise ValueError(f"{path}: its measures of quality are not one a picture; let it be written anew")
    middles = found.get("missed_descriptor", none)
    if middles.shape[1:] != descriptors.shape[1:] or middles.dtype != descriptors.dtype:
        raise ValueError(f"{path}: its descriptors of missed faces are not like the others; let it be written anew")
    return Album(tuple(names), descriptors, tuple(missed), middles, qualities, made_by, str(found.get("crop", crop)))
