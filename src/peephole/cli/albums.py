"""Described faces for the commands that measure: read from the file that keeps them, or described and kept."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from peephole.cli.options import Crop
from peephole.cli.output import check_folder_of, progress
from peephole.whole_files import write_whole

if TYPE_CHECKING:
    from peephole.evaluation.album import Album
    from peephole.evaluation.embedding import Embedder


@dataclass(frozen=True)
class Source:
    """Where faces come from: pictures, the pairs file that names those that count, and the file that keeps them.

    spoil: seed of the faults that each face is given; None for none.
    """

    images: Path | None
    pairs: Path | None
    descriptors: Path | None
    crop: Crop
    landmarks: Path | None
    spoil: int | None = None

    def spoilt(self, seed: int) -> "Source":
        """Return the same faces, spoilt; they are kept in a file of their own beside the others."""
        kept = self.descriptors
        beside = None if kept is None else kept.with_name(f"{kept.stem}-spoilt-{seed}{kept.suffix}")
        return dataclasses.replace(self, descriptors=beside, spoil=seed)


def described(source: Source, embedder: "Embedder") -> "Album":
    """Return the faces with their measures of quality. Raises `ValueError` or `OSError` for what does not fit."""
    from peephole.evaluation.album import read_album
    from peephole.evaluation.lfw import read_pairs
    from peephole.image_files import list_pictures

    pairs = read_pairs(source.pairs) if source.pairs is not None else None
    wanted = pairs.names if pairs is not None else None
    crop = source.crop.value if source.spoil is None else f"{source.crop.value}, spoilt by {source.spoil}"
    kept = source.descriptors
    if kept is not None and kept.exists():
        album, name = read_album(kept, embedder.model_id, crop, embedder.length), kept
    elif source.images is not None:
        if pairs is not None:
            pairs.check_pictures(list_pictures(source.images), str(source.images))
        album, name = _describe(source, source.images, embedder, crop, wanted), source.images
    elif kept is not None:
        raise FileNotFoundError(f"{kept}: no such file of descriptors; give --images, and it will be written")
    else:
        raise typer.BadParameter("give --images, or --descriptors of an earlier run")
    return album if wanted is None else album.only(wanted, str(name))


def _describe(source: Source, images: Path, embedder: "Embedder", crop: str, wanted: frozenset[str] | None) -> "Album":
    from peephole.cli.programs import make_cutter, threads
    from peephole.doorbell.assembly import landmark_finder
    from peephole.doorbell.policy import Policy
    from peephole.evaluation.embedding import SMALLEST_CENTRED_FACE
    from peephole.evaluation.lfw import picture_name
    from peephole.evaluation.looks import gather, measured_looks
    from peephole.evaluation.spoiling import SpoiltCut
    from peephole.image_files import list_pictures, read_pictures
    from peephole.vision.detector import Detector

    if source.descriptors is not None:
        check_folder_of(source.descriptors)
    cut = make_cutter(source.crop, embedder.size, source.landmarks, SMALLEST_CENTRED_FACE)
    names = [name for name in list_pictures(images) if wanted is None or picture_name(name) in wanted]
    looks = measured_looks(
        read_pictures(images, lambda name: wanted is None or picture_name(name) in wanted),
        cut if source.spoil is None else SpoiltCut(cut, source.spoil),
        embedder,
        Detector(min_size=SMALLEST_CENTRED_FACE),
        landmark_finder(),
        Policy(),
        threads(),
    )
    try:
        album = gather(progress(looks, "describing", len(names)), embedder.model_id, crop)
    except ValueError as error:
        raise ValueError(f"{images}: {error}") from error
    if source.descriptors is not None:
        write_whole(source.descriptors, album.save)
    return album
