"""How our detector's boxes lie around faces: what the default `CropRule` and the augmentation's scatter are taken from.

    python benchmarks/boxes.py --data ../shared/data

Faces of the training pack, never of LFW, that are no enlargements; a window is the template's, fitted to the pack's
landmarks. Lengths are in sides of that window.
"""

import argparse
import json
from pathlib import Path

import numpy as np

from peephole.alignment import template_windows
from peephole.image_files import decode_grey, read_pictures
from peephole.vision.detector import Detector, Face

SMALLEST, FACES = 50, 2500


def central(faces: list[Face], side: int) -> Face | None:
    """Return the face nearest to the middle of a picture of side x side pixels."""
    middle = (side - 1) / 2
    return min(
        faces,
        key=lambda face: (
            (face.box.x + face.box.width / 2 - middle) ** 2 + (face.box.y + face.box.height / 2 - middle) ** 2
        ),
        default=None,
    )


def chosen(index: np.lib.npyio.NpzFile) -> dict[str, int]:
    """Draw faces: key -> row."""
    whole = np.flatnonzero(index["origin_side"] >= 100)
    rows = np.random.default_rng(1).choice(whole, min(FACES, len(whole)), replace=False)
    return {f"{index['key'][row]}.webp": int(row) for row in rows}


def measure(data: Path) -> dict[str, object]:
    """Compare box and window of each drawn face."""
    index = np.load(data / "train" / "index.npz")
    rows, detector = chosen(index), Detector(min_size=SMALLEST)
    found: list[tuple[float, float, float]] = []
    for shard in sorted((data / "train").glob("*.tar")):
        for picture in read_pictures(shard, rows.__contains__):
            grey = decode_grey(picture)
            face = central(detector.detect(grey), len(grey))
            x, y, side, _ = template_windows(index["landmarks"][rows[picture.name]][None])[0]
            # A box far from a face's size is a false hit.
            if face is None or not 0.55 < face.box.width / side < 1.25:
                continue
            box = face.box
            found.append(
                (box.width / side, (box.x + (box.width - 1) / 2 - x) / side, (box.y + (box.height - 1) / 2 - y) / side)
            )
    ratio, across, down = np.array(found).T
    return {
        "faces": len(rows),
        "found": len(found),
        "side": {"mean": float(ratio.mean()), "deviation_of_log": float(np.log(ratio).std())},
        "across": {"mean": float(across.mean()), "deviation": float(across.std())},
        "down": {"mean": float(down.mean()), "deviation": float(down.std())},
    }


def main() -> None:
    """Print what was measured as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    print(json.dumps(measure(parser.parse_args().data), indent=2))


if __name__ == "__main__":
    main()
