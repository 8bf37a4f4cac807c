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


def face_json(face: "IdentifiedFace") -> dict[str, Any]:
    """One face; `person` is who it is, as in events and visits, and `nearest` who is most alike."""
    decision = face.decision
    return {
        "box": dataclasses.asdict(face.box),
        "decision": decision.kind,
        "person": face.name if decision.kind == "known" else None,
        "nearest": face.name,
        "distance": decision.distance,
        "margin": decision.margin,
        "reason": decision.reason,
        "text": decision.text,
    }


def face_line(face: dict[str, Any], known: int) -> str:
    """The same for people: `known, Anna at 0.42`, or `stranger, nearest Anna at 2.31`; 1.00 is the bar `known`."""
    from peephole.doorbell.policy import share_of

    box = face["box"]
    where = f"{box['width']}x{box['height']} at {box['x']},{box['y']}"
    nearest = f"nearest {face['nearest']}" if face["nearest"] is not None else None
    who = face["person"] or nearest
    compared = f", {who} at {share_of(face['distance'], known)}" if who else ""
    return f"{where}: {face['decision']}{compared} ({face['reason']})"


def _print(image: Path, faces: list[dict[str, Any]], known: int) -> None:
    if not faces:
        print(f"{plain(str(image))}: no face")
    for face in faces:
        print(plain(f"{image}: {face_line(face, known)}"))


def identify(
    images: Annotated[list[Path], typer.Argument(metavar="IMAGE...", help="Picture files.")],
    data: DataOption,
    model: ModelOption = None,
    json: JsonOption = False,
) -> int:
    """Find every face in the pictures, and the enrolled person nearest to it.

    For each face: its box, the decision (known, stranger or unsure), the person where the decision is known, the
    nearest person whatever the decision, the distance to that one and the reason. A distance of 1.00 is the bar for
    known, and less is more alike; with `--json` distances are squared. Nothing is stored. A picture that cannot be read
    gets a line on stderr and exit code 1 in the end; the others are still looked at.
    """
    from peephole.cli.gallery import opened_doorbell
    from peephole.image_files import read_picture

    found, code = [], DONE
    with opened_doorbell(data, model) as doorbell:
        known = doorbell.bars().known
        for image in images:
            try:
                faces = [face_json(face) for face in doorbell.identify(read_picture(image))]
            except (OSError, ValueError) as error:
                complain(describe(error))
                code = FAILED
                continue
            found.append({"image": str(image), "faces": faces})
            if not json:
                _print(image, faces, known)
    if json:
        print_json(found)
    return code
