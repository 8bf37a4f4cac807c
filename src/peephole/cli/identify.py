"""`peephole identify`: who is in these pictures?"""

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from peephole.cli.errors import DONE, FAILED, complain, describe
from peephole.cli.options import DataOption, JsonOption, ModelOption
from peephole.cli.output import plain, print_json

if TYPE_CHECKING:
    from peephole.doorbell.doorbell import IdentifiedFace


def _as_json(face: "IdentifiedFace") -> dict[str, Any]:
    decision = face.decision
    return {
        "box": dataclasses.asdict(face.box),
        "decision": decision.kind,
        "person": face.name,
        "distance": decision.distance,
        "margin": decision.margin,
        "reason": decision.reason,
        "text": decision.text,
    }


def _print(image: Path, faces: list[dict[str, Any]]) -> None:
    if not faces:
        print(f"{plain(str(image))}: no face")
    for face in faces:
        box = face["box"]
        where = f"{box['width']}x{box['height']} at {box['x']},{box['y']}"
        nearest = f", nearest {face['person']} at {face['distance']}" if face["person"] else ""
        print(plain(f"{image}: {where}: {face['decision']}{nearest} ({face['reason']})"))


def identify(
    images: Annotated[list[Path], typer.Argument(metavar="IMAGE...", help="Picture files.")],
    data: DataOption,
    model: ModelOption = None,
    json: JsonOption = False,
) -> int:
    """Find every face in the pictures, and the enrolled person nearest to it.

    For each face: its box, the decision (known, stranger or unsure), the nearest person whatever the decision, the
    squared distance to that person and the reason. Nothing is stored. A picture that cannot be read gets a line on
    stderr and exit code 1 in the end; the others are still looked at.
    """
    from peephole.cli.gallery import opened_doorbell
    from peephole.vision.image_files import read_picture

    found, code = [], DONE
    with opened_doorbell(data, model) as doorbell:
        for image in images:
            try:
                faces = [_as_json(face) for face in doorbell.identify(read_picture(image))]
            except (OSError, ValueError) as error:
                complain(describe(error))
                code = FAILED
                continue
            found.append({"image": str(image), "faces": faces})
            if not json:
                _print(image, faces)
    if json:
        print_json(found)
    return code
