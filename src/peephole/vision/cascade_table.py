"""The frontal-face cascade of the OpenCV wheel, converted at run time to the integers of the kernel."""

from functools import cache
from pathlib import Path
from typing import TypeVar
from xml.etree import ElementTree

import cv2
import numpy as np
from numpy.typing import NDArray

from peephole.fixedpoint.reference.cascade import LEAF_BITS, THRESHOLD_BITS, WINDOW, Cascade

# OpenCV compares a stage's sum with its threshold less this.
STAGE_SLACK = 1e-5

Integer = TypeVar("Integer", np.int16, np.int32)


def default_path() -> Path:
    """Return where the OpenCV 4 wheel keeps the frontal-face cascade."""
    folder = getattr(getattr(cv2, "data", None), "haarcascades", None)
    if folder is None:
        raise FileNotFoundError("this OpenCV carries no face cascade: install opencv-python-headless below version 5")
    return Path(folder) / "haarcascade_frontalface_default.xml"


def _quantized(values: list[float], bits: int, dtype: type[Integer]) -> NDArray[Integer]:
    """Round to Q(bits), halves up, and refuse what does not fit."""
    scaled = np.floor(np.array(values, np.float64) * 2**bits + 0.5)
    limits = np.iinfo(dtype)
    if scaled.size and (scaled.min() < limits.min or scaled.max() > limits.max):
        raise ValueError(f"a number of the cascade does not fit Q{bits} of {limits.bits} bits")
    result: NDArray[Integer] = scaled.astype(dtype)
    return result


def _text(element: ElementTree.Element, name: str) -> str:
    child = element.find(name)
    if child is None or not child.text:
        raise ValueError(f"an element <{name}> is missing")
    return child.text


def _children(element: ElementTree.Element, name: str) -> ElementTree.Element:
    child = element.find(name)
    if child is None:
        raise ValueError(f"an element <{name}> is missing")
    return child


def _rectangles(feature: ElementTree.Element) -> list[list[int]]:
    if (feature.findtext("tilted") or "0").strip() != "0":
        raise ValueError("tilted features are not supported")
    rectangles = []
    for element in _children(feature, "rects"):
        numbers = [float(word) for word in (element.text or "").split()]
        if len(numbers) != 5 or any(number != int(number) for number in numbers):
            raise ValueError("a rectangle is not five whole numbers")
        rectangles.append([int(number) for number in numbers])
    return rectangles


def _parse(root: ElementTree.Element) -> Cascade:
    cascade = _children(root, "cascade")
    if [int(_text(cascade, side)) for side in ("width", "height")] != [WINDOW, WINDOW]:
        raise ValueError(f"its window is not {WINDOW}x{WINDOW} pixels")
    features = [_rectangles(feature) for feature in _children(cascade, "features")]
    counts: list[int] = []
    stage_threshold: list[float] = []
    threshold: list[float] = []
    leaf: list[float] = []
    rectangles: list[list[int]] = []
    per_stump: list[int] = []
    for stage in _children(cascade, "stages"):
        stumps = list(_children(stage, "weakClassifiers"))
        counts.append(len(stumps))
        stage_threshold.append(float(_text(stage, "stageThreshold")) - STAGE_SLACK)
        for stump in stumps:
            node = _text(stump, "internalNodes").split()
            leaves = [float(word) for word in _text(stump, "leafValues").split()]
            if node[:2] != ["0", "-1"] or len(node) != 4 or len(leaves) != 2:
                raise ValueError("it has trees where only stumps are supported")
            threshold.append(float(node[3]))
            leaf += leaves
            per_stump.append(len(features[int(node[2])]))
            rectangles += features[int(node[2])]
    return Cascade(
        stage_weak=np.array(counts, np.uint16),
        stage_threshold=_quantized(stage_threshold, LEAF_BITS, np.int32),
        threshold=_quantized(threshold, THRESHOLD_BITS, np.int16),
        leaf=_quantized(leaf, LEAF_BITS, np.int16).reshape(-1, 2),
        rectangle_count=np.array(per_stump, np.uint8),
        rectangle=np.array(rectangles, np.int8).reshape(-1, 5),
        carried=np.zeros(len(counts), np.uint8),
    )


@cache
def load_cascade(path: Path | None = None) -> Cascade:
    """Read a cascade of stumps over upright rectangles in OpenCV's XML; by default the wheel's frontal face."""
    path = path or default_path()
    try:
        root = ElementTree.parse(path).getroot()  # noqa: S314 - a file of an installed package
        return _parse(root)
    except FileNotFoundError:
        raise FileNotFoundError(f"{path}: there is no such cascade file") from None
    except (ElementTree.ParseError, ValueError, IndexError, OverflowError) as error:
        raise ValueError(f"{path} is not a cascade that can be used: {error}") from None
