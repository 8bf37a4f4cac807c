"""How our detector's boxes lie around faces: what the default `CropRule` is taken from.

    python benchmarks/boxes.py ../shared/data/synthetic

A folder of portraits with room around the face; crops that end beside it will not do, since the detector's larger
windows find no place in them and the boxes come out small. The face's window is the template's, fitted to the points
that our landmark program finds. Lengths are in sides of that window.
"""

import argparse
import json
from pathlib import Path

import numpy as np

from peephole.alignment import template_windows
from peephole.doorbell.assembly import landmark_finder
from peephole.evaluation.embedding import SMALLEST_CENTRED_FACE
from peephole.image_files import decode_grey, list_pictures, read_pictures
from peephole.vision.detector import Detector


def measure(pictures: Path) -> dict[str, object]:
    """Compare box and window of every face whose points are not in doubt."""
    detector, finder = Detector(min_size=SMALLEST_CENTRED_FACE), landmark_finder()
    names = set(list_pictures(pictures))
    found: list[tuple[float, float, float]] = []
    for picture in read_pictures(pictures, names.__contains__):
        grey = decode_grey(picture)
        for face in detector.detect(grey):
            landmarks = finder.find(grey, face.box)
            if landmarks.doubt:
                continue
            box = face.box
            x, y, side, _ = template_windows(landmarks.points[None] / 256)[0]
            found.append(
                (box.width / side, (box.x + (box.width - 1) / 2 - x) / side, (box.y + (box.height - 1) / 2 - y) / side)
            )
    ratio, across, down = np.array(found).T
    return {
        "pictures": len(names),
        "faces": len(found),
        "side": {"mean": float(ratio.mean()), "deviation": float(ratio.std())},
        "across": {"mean": float(across.mean()), "deviation": float(across.std())},
        "down": {"mean": float(down.mean()), "deviation": float(down.std())},
    }


def main() -> None:
    """Print what was measured as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pictures", type=Path)
    print(json.dumps(measure(parser.parse_args().pictures), indent=2))


if __name__ == "__main__":
    main()
