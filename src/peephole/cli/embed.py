"""`peephole embed`: descriptors of many pictures, for use elsewhere."""

from pathlib import Path
from typing import Annotated, Any

import typer

from peephole.cli.options import Arithmetic, Crop, CropOption, ImagesOption, JsonOption, LandmarksOption, ModelOption
from peephole.cli.output import check_output, plain, print_json, progress
from peephole.whole_files import write_whole


def embed(
    images: ImagesOption,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE.npz", help="Where to write the arrays.")],
    crop: CropOption = None,
    arithmetic: Annotated[
        Arithmetic, typer.Option(help="int16, int8: an integer program. float: the checkpoint that --model names.")
    ] = Arithmetic.INT16,
    model: ModelOption = None,
    landmarks: LandmarksOption = None,
    json: JsonOption = False,
) -> None:
    """Describe the most central face of every picture in a tar file or folder.

    Writes an .npz file with the arrays `name` [N] (path inside the tar or folder), `descriptor` [N,D], `missed`
    (pictures in which no face was found, or that have no landmarks; they have no descriptor) and `model_id`.
    A picture that cannot be read stops the run, and nothing is written.
    """
    import numpy as np

    from peephole.cli.programs import load_embedder, make_cutter, threads
    from peephole.evaluation.embedding import embed as describe
    from peephole.image_files import list_pictures, read_pictures
    from peephole.vision.detector import SMALLEST_FACE

    check_output(output, ".npz", images, *(path for path in (model, landmarks) if path))
    embedder = load_embedder(model, arithmetic)
    crop = crop or Crop(embedder.crop)
    cut = make_cutter(crop, embedder.size, landmarks, SMALLEST_FACE)
    total = len(list_pictures(images))
    found = list(progress(describe(read_pictures(images), cut, embedder, threads()), "describing", total))
    faces = [item for item in found if item.found]
    missed = [item.name for item in found if not item.found]
    if not faces:
        raise ValueError(f"{images}: no face was found in any of {len(found)} pictures, so nothing was written")
    arrays: dict[str, Any] = {
        "name": np.array([item.name for item in faces]),
        "descriptor": np.stack([item.descriptor for item in faces]),
        "missed": np.array(missed, dtype=str),
        "model_id": np.array(embedder.model_id),
    }
    write_whole(output, lambda stream: np.savez(stream, **arrays))
    if json:
        told = {"file": str(output), "pictures": len(found), "faces": len(faces), "missed": missed}
        print_json(told | {"arithmetic": arithmetic.value, "crop": crop.value, "model_id": embedder.model_id})
        return
    print(f"{len(faces)} descriptors of {len(found)} pictures written to {plain(str(output))}")
    for name in missed:
        print(f"no face: {plain(name)}")
