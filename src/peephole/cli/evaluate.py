"""`peephole evaluate`: how good is a recogniser?"""

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from peephole.cli.albums import Source, described
from peephole.cli.openset import DescriptorsOption, openset, print_parts, quality, strangers
from peephole.cli.options import (
    Arithmetic,
    Crop,
    CropOption,
    ImagesOption,
    JsonOption,
    LandmarksOption,
    Metric,
    ModelOption,
)
from peephole.cli.output import print_json, progress

if TYPE_CHECKING:
    from peephole.evaluation.album import Album
    from peephole.evaluation.benchmark import Report
    from peephole.evaluation.embedding import Embedded, Embedder
    from peephole.evaluation.thirds import Part

group = typer.Typer(no_args_is_help=True, help="Measure a recogniser.")

group.command("openset")(openset)
group.command("strangers")(strangers)
group.command("quality")(quality)


@group.command("lfw")
def lfw(
    images: ImagesOption,
    pairs: Annotated[Path, typer.Option("--pairs", metavar="FILE", help="pairs.txt as published.")],
    model: ModelOption = None,
    arithmetic: Annotated[
        Arithmetic, typer.Option(help="int16, int8: an integer program. float: the checkpoint that --model names.")
    ] = Arithmetic.INT16,
    crop: CropOption = None,
    metric: Annotated[Metric, typer.Option(help="Distance of descriptors.")] = Metric.L2,
    landmarks: LandmarksOption = None,
    descriptors: DescriptorsOption = None,
    by_quality: Annotated[bool, typer.Option("--by-quality", help="Errors by image quality, too.")] = False,
    json: JsonOption = False,
) -> None:
    """Run the 10-fold verification protocol of Labeled Faces in the Wild.

    Prints accuracy (mean of the folds, each with the threshold that is best on the other nine) with its standard
    error, the area under the curve, the share of same pairs accepted where 1 % and 0.1 % of the different ones are,
    and the threshold (mean of the folds). A picture in which no face is found is described by its middle and counted
    as `missed`; `accuracy_missed_wrong` counts every pair with such a picture as an error.

    With --by-quality, the same errors in the lowest, middle and highest third of the pairs by each measure of quality
    (that of the worse picture of the two), all judged by the thresholds of the whole.
    """
    from peephole.cli.programs import load_embedder
    from peephole.evaluation.benchmark import measure
    from peephole.evaluation.lfw import read_pairs

    if descriptors is not None and arithmetic == Arithmetic.FLOAT:
        raise typer.BadParameter("--descriptors keeps those of integer programs alone")
    wanted = read_pairs(pairs)
    embedder = load_embedder(model, arithmetic)
    crop = crop or Crop(embedder.crop)
    album = None
    if by_quality or descriptors is not None:
        album = described(Source(images, pairs, descriptors, crop, landmarks), embedder)
        found = album.embedded()
    else:
        found = _embedded(images, pairs, crop, landmarks, embedder)
    report = measure(wanted, found, metric.value)
    told = report.as_json() | {
        "metric": metric.value,
        "crop": crop.value,
        "arithmetic": arithmetic.value,
        "model": embedder.name,
        "model_id": embedder.model_id,
    }
    parts = _lfw_parts(report, album, pairs, metric.value) if album is not None and by_quality else None
    if json:
        print_json(told if parts is None else told | {"by_quality": [dataclasses.asdict(part) for part in parts]})
        return
    for name, value in told.items():
        print(f"{name:<22} {value:.5g}" if isinstance(value, float) else f"{name:<22} {value}")
    if parts is not None:
        print()
        print_parts(parts)


def _embedded(
    images: Path, pairs: Path, crop: Crop, landmarks: Path | None, embedder: "Embedder"
) -> "dict[str, Embedded]":
    from peephole.cli.programs import make_cutter, threads
    from peephole.evaluation.embedding import SMALLEST_CENTRED_FACE, embed
    from peephole.evaluation.lfw import picture_name, read_pairs
    from peephole.image_files import list_pictures, read_pictures

    wanted = read_pairs(pairs)
    cut = make_cutter(crop, embedder.size, landmarks, SMALLEST_CENTRED_FACE)
    wanted.check_pictures(list_pictures(images), str(images))
    stream = embed(read_pictures(images, lambda n: picture_name(n) in wanted.names), cut, embedder, threads())
    return {picture_name(item.name): item for item in progress(stream, "describing", len(wanted.names))}


def _lfw_parts(report: "Report", album: "Album", pairs: Path, metric: str) -> "list[Part]":
    from peephole.evaluation.benchmark import pair_distances
    from peephole.evaluation.lfw import read_pairs
    from peephole.evaluation.quality import need_measures
    from peephole.evaluation.thirds import pair_measures, verification_parts

    wanted = read_pairs(pairs)
    need_measures(album)
    distance, same = pair_distances(wanted, album.embedded(), metric)
    return verification_parts(distance, same, report.result, pair_measures(wanted, album))
