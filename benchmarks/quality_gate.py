"""Where recognition ends, on people of the training pack whom the run held out: what the quality gate is set by.

    python benchmarks/quality_gate.py [--model M] [--pack ../shared/data/train] [--faces 600]

Faces are spoilt in several ways, worse and worse, and compared with the others of their people as they are. Written
into docs/accuracy.md. LFW has no part in it.
"""

import argparse
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from accuracy import CHECKOUT, DOCUMENT
from numpy.typing import NDArray

from peephole.cli.marked import put, table
from peephole.cli.programs import load_program
from peephole.doorbell.assembly import landmark_finder
from peephole.doorbell.policy import Policy
from peephole.doorbell.quality import assess, exposure, fault, sharpness
from peephole.engine import Engine
from peephole.evaluation.calibration import ONE_PERSON, HeldOut, held_out, packed_pictures, squared_distances
from peephole.evaluation.embedding import SMALLEST_CENTRED_FACE, most_central
from peephole.evaluation.lfw import picture_name
from peephole.evaluation.spoiling import WAYS
from peephole.evaluation.thirds import thirds
from peephole.fixedpoint.program import IntegerProgram
from peephole.image_files import decode_grey
from peephole.vision.crop import crop_face
from peephole.vision.detector import Detector

RATE = 1e-3
# Below this cosine of the teacher two faces with one label are taken for wrongly labelled.
OTHERS = 0.2


@dataclass(frozen=True)
class Faces:
    """Cut faces uint8 [N,S,S], their widths and neighbours [N], their people [N] and the teacher's cosines [N,N]."""

    crops: NDArray[np.uint8]
    width: list[int]
    neighbours: list[int]
    identity: NDArray[np.int32]
    cosine: NDArray[np.float32]


def read(pack: Path, program: IntegerProgram) -> Faces:
    """Read the faces of the people whom the training run of this program held out, cut as it says."""
    people, seed = int(program.card["held_out_identities"]), int(program.card["seed"])
    held: HeldOut = held_out(pack, people, seed)
    row = {key: number for number, key in enumerate(held.keys)}
    detector = Detector(min_size=SMALLEST_CENTRED_FACE)
    finder = landmark_finder() if program.crop == "aligned" else None
    rows, crops, found = [], [], []
    for picture in packed_pictures(pack, held.keys):
        grey = decode_grey(picture)
        if faces := detector.detect(grey):
            box = most_central(faces, grey)
            found.append(next(face for face in faces if face.box == box))
            rows.append(row[picture_name(picture.name)])
            side = program.input.height
            crops.append(crop_face(grey, box, side) if finder is None else finder.cut(grey, box, side).pixels)
    teacher = held.teacher[rows]
    width, neighbours = [face.box.width for face in found], [face.neighbours for face in found]
    return Faces(np.stack(crops), width, neighbours, held.identity[rows], teacher @ teacher.T)


def same_people(faces: Faces, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which faces [N] are others of the people of some rows [R]: bool [R,N]."""
    same: NDArray[np.bool_] = (faces.identity[rows][:, None] == faces.identity) & (faces.cosine[rows] > OTHERS)
    same[np.arange(len(rows)), rows] = False
    return same


def rejects_by_value(clean: NDArray[np.int16], faces: Faces, bar: int, policy: Policy) -> list[str]:
    """Return the false rejects of pairs with a face of the lowest, middle and highest third by `value`.

    Where more than a third have the highest value, they are one with the middle.
    """
    values = [
        assess(width, neighbours, crop, policy).value
        for width, neighbours, crop in zip(faces.width, faces.neighbours, faces.crops, strict=True)
    ]
    same = same_people(faces, np.arange(len(clean)))
    far = (squared_distances(clean) > bar) & same
    number, spans = thirds(np.array(values, np.int32))
    shares = {at: f"{far[number == at].sum() / same[number == at].sum():.3f}" for at in spans}
    return [shares.get(at, "as the middle") for at in range(3)]


def rates(
    spoilt: NDArray[np.int16], clean: NDArray[np.int16], rows: NDArray[np.int64], faces: Faces, bar: int
) -> tuple[float, float]:
    """Return the shares of pairs (a spoilt face, a clean one) within the bar: of one person, and of two."""
    a, b = spoilt.astype(np.float64), clean.astype(np.float64)
    near = (a**2).sum(1)[:, None] + (b**2).sum(1) - 2 * (a @ b.T) <= bar
    same = same_people(faces, rows)
    different = (faces.identity[rows][:, None] != faces.identity) & (faces.cosine[rows] < ONE_PERSON)
    return float(near[same].mean()), float(near[different].mean())


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--pack", type=Path, default=CHECKOUT.parent / "shared" / "data" / "train")
    parser.add_argument("--faces", type=int, default=600)
    given = parser.parse_args()
    program = load_program(given.model)
    engine, policy = Engine(program), Policy()
    bar = program.thresholds(program.crop).distance_at(RATE)
    faces = read(given.pack, program)
    clean = engine.descriptors(faces.crops)
    rng = np.random.default_rng(5)
    some = np.sort(rng.choice(len(clean), min(given.faces, len(clean)), replace=False))
    lines = []
    for name, amount in [("as it is", 0.0), *((name, amount) for name, way in WAYS.items() for amount in way.amounts)]:
        crops = faces.crops[some]
        if name in WAYS:
            crops = np.stack([WAYS[name].spoil(crop, amount, rng) for crop in crops])
        accepted, impostors = rates(engine.descriptors(crops), clean, some, faces, bar)
        lights = [exposure(crop) for crop in crops]
        sharp = [sharpness(crop) for crop in crops]
        refused = [fault(100, s, light, False, policy) != "" for s, light in zip(sharp, lights, strict=True)]
        medians = (np.median(values) for values in (sharp, [x.contrast for x in lights], [x.clipped for x in lights]))
        lines.append(
            [name, f"{amount:g}" if amount else "", f"{accepted:.3f}", f"{impostors:.2e}"]
            + [f"{value:.0f}" for value in medians]
            + [f"{np.mean(refused):.3f}"]
        )
        print(*lines[-1], flush=True)
    thirds_of = []
    for sure in (24, 60, 120, 200):
        rejects = rejects_by_value(clean, faces, bar, replace(policy, good_neighbours=sure))
        thirds_of.append([sure, *rejects])
        print(*thirds_of[-1], flush=True)
    put(DOCUMENT, "value-choice", table(["good_neighbours", "lowest third by value", "middle", "highest"], thirds_of))
    titles = ["way", "amount", "recognised", "false accepts", "sharpness", "contrast", "clipped", "refused by the gate"]
    put(DOCUMENT, "gate-choice", table(titles, lines))


if __name__ == "__main__":
    main()
