"""`peephole evaluate`: how good is a recogniser?"""

from pathlib import Path
from typing import Annotated

import typer

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

group = typer.Typer(no_args_is_help=True, help="Measure a recogniser.")

# The pictures are centred on faces about 100 pixels wide; smaller hits near the middle are noses and mouths.
SMALLEST_FACE = 60


@group.callback()
def _group() -> None:
    # Keeps `lfw` a command of its own while it is the only one.
    return


@group.command("lfw")
def lfw(
    images: ImagesOption,
    pairs: Annotated[Path, typer.Option("--pairs", metavar="FILE", help="pairs.txt as published.")],
    model: ModelOption = None,
    arithmetic: Annotated[
        Arithmetic, typer.Option(help="int16: an integer program. float: the checkpoint that --model names.")
    ] = Arithmetic.INT16,
    crop: CropOption = None,
    metric: Annotated[Metric, typer.Option(help="Distance of descriptors.")] = Metric.L2,
    landmarks: LandmarksOption = None,
    json: JsonOption = False,
) -> None:
    """Run the 10-fold verification protocol of Labeled Faces in the Wild.

    Prints accuracy (mean of the folds, each with the threshold that is best on the other nine) with its standard
    error, the area under the curve, the share of same pairs accepted where 1 % and 0.1 % of the different ones are,
    and the threshold (mean of the folds). A picture in which no face is found is described by its middle and counted
    as `missed`; `accuracy_missed_wrong` counts every pair with such a picture as an error.
    """
    from peephole.cli.programs import load_embedder, make_cutter, threads
    from peephole.evaluation.benchmark import measure
    from peephole.evaluation.embedding import embed
    from peephole.evaluation.lfw import picture_name, read_pairs
    from peephole.image_files import list_pictures, read_pictures

    wanted = read_pairs(pairs)
    embedder = load_embedder(model, arithmetic)
    crop = crop or Crop(embedder.crop)
    cut = make_cutter(crop, embedder.size, landmarks, SMALLEST_FACE)
    wanted.check_pictures(list_pictures(images), str(images))
    stream = embed(read_pictures(images, lambda n: picture_name(n) in wanted.names), cut, embedder, threads())
    found = {picture_name(item.name): item for item in progress(stream, "describing", len(wanted.names))}
    report = measure(wanted, found, metric.value).as_json() | {
        "metric": metric.value,
        "crop": crop.value,
        "arithmetic": arithmetic.value,
        "model": embedder.name,
        "model_id": embedder.model_id,
    }
    if json:
        print_json(report)
        return
    for name, value in report.items():
        print(f"{name:<22} {value:.5g}" if isinstance(value, float) else f"{name:<22} {value}")
