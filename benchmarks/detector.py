"""The detector beside OpenCV's (scale 1.1, 4 neighbours) on the same cascade: faces found on LFW, false hits, time.

    python benchmarks/detector.py --data ../shared/data [--every N] [--json]

Needs the research data pack. A face is found if a hit overlaps the packed (YuNet) box by IoU 0.4 or more; every other
hit counts as false, for both detectors alike, though some are other people in the background.
"""

import argparse
import json
import sys
import tarfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from peephole.vision.cascade_table import default_path
from peephole.vision.detector import GLANCE, Detector

Grey = NDArray[np.uint8]
Boxes = NDArray[np.float64]  # [N,4] x, y, width, height
LEAST_OVERLAP = 0.4
ROUNDS = 7
FRAMES_PER_CLIP = 3


def opencv_detector(min_size: int) -> Callable[[Grey], Boxes]:
    """OpenCV at its usual settings."""
    cascade = cv2.CascadeClassifier(str(default_path()))

    def detect(grey: Grey) -> Boxes:
        found = cascade.detectMultiScale(grey, scaleFactor=1.1, minNeighbors=4, minSize=(min_size, min_size))
        return np.array(found, np.float64).reshape(-1, 4)

    return detect


def own_detector(min_size: int, glance: int = 1) -> Callable[[Grey], Boxes]:
    """The product's, with its own default scale and neighbours."""
    detector = Detector(min_size=min_size, glance=glance)

    def detect(grey: Grey) -> Boxes:
        boxes = [face.box for face in detector.detect(grey)]
        return np.array([[box.x, box.y, box.width, box.height] for box in boxes], np.float64).reshape(-1, 4)

    return detect


def overlaps(boxes: Boxes, box: Boxes) -> NDArray[np.float64]:
    """Intersection over union of each of the boxes with one."""
    low = np.maximum(boxes[:, :2], box[:2])
    high = np.minimum(boxes[:, :2] + boxes[:, 2:], box[:2] + box[2:])
    shared = np.clip(high - low, 0, None).prod(1)
    return np.asarray(shared / (boxes[:, 2:].prod(1) + box[2:].prod() - shared))


def lfw_pictures(folder: Path, every: int) -> Iterator[tuple[Grey, Boxes, Boxes]]:
    """Yield picture, packed box and OpenCV's packed box (all 0 where it found none)."""
    with np.load(folder / "landmarks.npz") as packed:
        names = packed["names"][::every].tolist()
        boxes = dict(zip(names, zip(packed["boxes"][::every], packed["haar_boxes"][::every], strict=True), strict=True))
    with tarfile.open(folder / "lfw.tar") as tar:
        for member in tar:
            name = member.name.removesuffix(".webp")
            stream = tar.extractfile(member) if name in boxes else None
            if stream is not None:
                grey = cv2.imdecode(np.frombuffer(stream.read(), np.uint8), cv2.IMREAD_GRAYSCALE)
                yield grey, *(box.astype(np.float64) for box in boxes[name])


def compare_recall(folder: Path, every: int, console: Console) -> dict[str, float]:
    """Count found faces and false hits of both detectors, and of ours as a doorbell looks, with a first glance."""
    detectors = {"peephole": own_detector(60), "opencv": opencv_detector(60), "glance": own_detector(60, GLANCE)}
    result = dict.fromkeys((f"{name}_{what}" for name in detectors for what in ("found", "found_haar", "false")), 0.0)
    pictures = 0
    total = -(-7701 // every)
    for grey, box, haar in track(lfw_pictures(folder, every), "LFW", total, console=console):
        pictures += 1
        for name, detect in detectors.items():
            hits = detect(grey)
            right = overlaps(hits, box) >= LEAST_OVERLAP
            result[f"{name}_found"] += bool(right.any())
            result[f"{name}_false"] += int((~right).sum())
            result[f"{name}_found_haar"] += bool(haar[2] and (overlaps(hits, haar) >= LEAST_OVERLAP).any())
    return {
        "pictures": pictures,
        **{name: int(value) for name, value in result.items() if "found" in name},
        **{f"{name}_an_image": round(value / pictures, 5) for name, value in result.items() if "false" in name},
    }


def clip_frames(folder: Path) -> list[Grey]:
    """Frames of the doorbell clips, grey, 320x240."""
    frames: list[Grey] = []
    for path in sorted(folder.glob("*.gif")):
        capture = cv2.VideoCapture(str(path))
        clip = []
        while (read := capture.read())[0]:
            clip.append(cv2.cvtColor(read[1], cv2.COLOR_BGR2GRAY))
        for frame in clip[:: max(1, len(clip) // FRAMES_PER_CLIP)][:FRAMES_PER_CLIP]:
            frames.append(cv2.resize(frame, (320, 240), interpolation=cv2.INTER_AREA))  # type: ignore[arg-type]
    return frames


def _seconds(detect: Callable[[Grey], Boxes], frame: Grey) -> float:
    start = time.perf_counter()
    detect(frame)
    return time.perf_counter() - start


def compare_time(frames: list[Grey], min_size: int, threads: int) -> dict[str, float]:
    """Median over the rounds for each frame, interleaved so that both meet the same machine; then the frames' mean."""
    cv2.setNumThreads(threads)
    detectors = (own_detector(min_size), opencv_detector(min_size), own_detector(min_size, GLANCE))
    times = np.array(
        [[[_seconds(detect, frame) for frame in frames] for detect in detectors] for _ in range(ROUNDS)]
    )  # [rounds, detectors, frames]
    own, opencv, glance = np.median(times, 0).mean(1) * 1000
    return {
        "min_size": min_size,
        "opencv_threads": cv2.getNumThreads(),
        "peephole_ms": round(float(own), 3),
        "opencv_ms": round(float(opencv), 3),
        "glance_ms": round(float(glance), 3),
        "ratio": round(float(own / opencv), 3),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="the research data pack")
    parser.add_argument("--every", type=int, default=1, help="only every Nth picture of LFW; 0: times only")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    if not (options.data / "lfw" / "lfw.tar").is_file():
        sys.exit(f"{options.data}: there is no lfw/lfw.tar; name the folder of the research data with --data")
    threads = cv2.getNumThreads()
    frames = clip_frames(options.data / "doorbell")
    times = [compare_time(frames, size, count) for size in (60, 40, 24) for count in sorted({1, threads})]
    cv2.setNumThreads(threads)
    recall = compare_recall(options.data / "lfw", options.every, Console(stderr=True)) if options.every else {}
    scratch = {str(size): Detector(min_size=size).scratch_bytes(240, 320) for size in (60, 40, 24)}
    report = {"recall": recall, "time_320x240": times, "scratch_bytes_320x240": scratch}
    if options.json:
        print(json.dumps(report))
        return
    for name, value in recall.items():
        print(f"{name:28} {value}")
    for row in times:
        print("  ".join(f"{name} {value}" for name, value in row.items()))
    print("scratch bytes at 320x240, by smallest face:", scratch)


if __name__ == "__main__":
    main()
