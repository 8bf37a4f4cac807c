"""How far the landmark program's points lie from those of the pack, behind our detector, on LFW.

    python benchmarks/landmarks.py --data ../shared/data

Errors are in distances between the eyes, mean of the five points (NME); the pack's points come from another detector
(YuNet) and are not exact themselves. A picture in which our detector finds no face is left out and counted.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from peephole.alignment import template_windows
from peephole.evaluation.embedding import SMALLEST_CENTRED_FACE, most_central, read_landmarks
from peephole.evaluation.lfw import picture_name
from peephole.fixedpoint.program import IntegerProgram
from peephole.image_files import decode_grey, list_pictures, read_pictures
from peephole.vision.detector import Detector
from peephole.vision.landmarks import LandmarkFinder
from peephole.weights import landmark_program


def figures(errors: NDArray[np.float64], windows: NDArray[np.float64]) -> dict[str, float]:
    """Sum up NME [N] and what the window that alignment cuts is off by [N,3]: shift, log of the scale, degrees."""
    return {
        "nme_mean": float(errors.mean()),
        "nme_median": float(np.median(errors)),
        "nme_95": float(np.quantile(errors, 0.95)),
        "window_shift_rms": float(np.sqrt((windows[:, 0] ** 2).mean())),
        "window_scale_rms": float(np.sqrt((windows[:, 1] ** 2).mean())),
        "window_degrees_rms": float(np.sqrt((windows[:, 2] ** 2).mean())),
    }


def off_by(found: NDArray[np.float64], true: NDArray[np.float64]) -> tuple[float, float, float]:
    """Compare two template windows (centre x, y, side, angle): shift in sides, log of the scale, degrees."""
    shift = float(np.hypot(*(found[:2] - true[:2])) / true[2])
    return shift, float(np.log(found[2] / true[2])), float(np.rad2deg(found[3] - true[3]))


def measure(data: Path, model: Path, every: int) -> dict[str, object]:
    """Run one and two looks over every so many pictures."""
    landmarks = read_landmarks(data / "lfw" / "landmarks.npz")
    chosen = set(sorted(list_pictures(data / "lfw" / "lfw.tar"))[::every])
    detector, program = Detector(min_size=SMALLEST_CENTRED_FACE), IntegerProgram.load(model)
    finders = {looks: LandmarkFinder(program, looks) for looks in (1, 2)}
    errors: dict[int, list[float]] = {looks: [] for looks in finders}
    windows: dict[int, list[tuple[float, float, float]]] = {looks: [] for looks in finders}
    doubts: dict[str, int] = {}
    for picture in read_pictures(data / "lfw" / "lfw.tar", chosen.__contains__):
        grey = decode_grey(picture)
        faces = detector.detect(grey)
        if not faces:
            doubts["no face"] = doubts.get("no face", 0) + 1
            continue
        true = landmarks[picture_name(picture.name)].astype(np.float64)
        eyes = float(np.hypot(*(true[1] - true[0])))
        for looks, finder in finders.items():
            found = finder.find(grey, most_central(faces, grey))
            points = found.points / 256
            errors[looks].append(float(np.hypot(*(points - true).T).mean()) / eyes)
            windows[looks].append(off_by(*template_windows(np.stack((points, true)))))
        if found.doubt:
            doubts[found.doubt] = doubts.get(found.doubt, 0) + 1
    told = {f"looks_{n}": figures(np.array(errors[n]), np.array(windows[n])) for n in finders}
    return {"model_id": program.model_id, "pictures": len(chosen), "doubts": doubts} | told


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the research data")
    parser.add_argument("--model", type=Path, default=landmark_program(), help="landmark program")
    parser.add_argument("--every", type=int, default=1, help="take every so many pictures")
    arguments = parser.parse_args()
    print(json.dumps(measure(arguments.data, arguments.model, arguments.every), indent=2))


if __name__ == "__main__":
    main()
