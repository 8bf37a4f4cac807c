"""The evaluation set's faces, cut once and kept, for all networks that are measured on them."""

import hashlib
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from tqdm import tqdm  # type: ignore[import-untyped]

from peephole.evaluation.benchmark import measure
from peephole.evaluation.embedding import (
    SMALLEST_CENTRED_FACE,
    AlignedCut,
    CentreCut,
    DetectedCut,
    Embedded,
    read_landmarks,
)
from peephole.evaluation.lfw import PairList, picture_name, read_pairs
from peephole.evaluation.verification import METRICS
from peephole.image_files import decode_grey, list_pictures, read_pictures
from peephole.training.checkpoints import START_AGAIN
from peephole.training.config import EvaluationConfig
from peephole.training.module import to_input
from peephole.vision.detector import Detector
from peephole.whole_files import write_whole

# Faces described at once.
BATCH = 128


@dataclass(frozen=True, eq=False)
class CutFaces:
    """The faces that pairs name: names, crops uint8 [N,S,S], and whether each was found (else it is the middle)."""

    names: Sequence[str]
    crops: NDArray[np.uint8]
    found: NDArray[np.bool_]


def _images(evaluation: EvaluationConfig) -> Path:
    if evaluation.images is None:
        raise ValueError("[evaluation] names no images to measure on; set images to the tar or folder of the pictures")
    return evaluation.images


def _digest(evaluation: EvaluationConfig, crop: str, size: int) -> str:
    images = _images(evaluation)
    state = images.stat()
    digest = hashlib.sha256(f"{images.resolve()} {state.st_size} {state.st_mtime_ns} {crop} {size}".encode())
    digest.update(evaluation.pairs.read_bytes())
    if crop == "aligned" and evaluation.landmarks is not None:
        digest.update(evaluation.landmarks.read_bytes())
    return digest.hexdigest()[:12]


def _cutter(evaluation: EvaluationConfig, crop: str, size: int) -> CentreCut | DetectedCut | AlignedCut:
    if crop == "center":
        return CentreCut(size)
    if crop == "detect":
        return DetectedCut(size, Detector(min_size=SMALLEST_CENTRED_FACE))
    if evaluation.landmarks is None:
        raise ValueError("[evaluation] crops asks for aligned faces; set landmarks, or take center in its place")
    return AlignedCut(size, read_landmarks(evaluation.landmarks))


def cut_faces(evaluation: EvaluationConfig, pairs: PairList, crop: str, size: int, cache: Path) -> CutFaces:
    """Return the pairs' faces cut to size x size, from `cache` where they were cut before.

    Raises `FileNotFoundError` or `ValueError` where pictures, pairs or landmarks are missing.
    """
    kept = cache / f"evaluation-{crop}-{size}-{_digest(evaluation, crop, size)}.npz"
    if not kept.exists():
        cutter, images = _cutter(evaluation, crop, size), _images(evaluation)
        pairs.check_pictures(list_pictures(images), str(images))
        pictures = read_pictures(images, lambda name: picture_name(name) in pairs.names)
        with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
            cuts = pool.map(lambda p: (picture_name(p.name), *cutter(p.name, decode_grey(p))), pictures)
            names, crops, found = zip(*tqdm(cuts, f"cutting ({crop})", len(pairs.names), disable=None), strict=True)
        cache.mkdir(parents=True, exist_ok=True)
        arrays: dict[str, Any] = {"names": np.array(names), "crops": np.stack(crops), "found": np.array(found)}
        write_whole(kept, lambda file: np.savez(file, **arrays), advice=START_AGAIN)
    with np.load(kept) as archive:
        return CutFaces(archive["names"].tolist(), archive["crops"], archive["found"])


@torch.no_grad()
def _described(network: nn.Module, faces: CutFaces) -> Mapping[str, Embedded]:
    parts = torch.split(torch.from_numpy(faces.crops[:, None]), BATCH)
    layout = torch.channels_last
    descriptors = torch.cat([network(to_input(part).contiguous(memory_format=layout)) for part in parts]).numpy()
    cells = zip(faces.names, descriptors, faces.found.tolist(), strict=True)
    return {name: Embedded(name, descriptor, found) for name, descriptor, found in cells}


def measure_network(
    network: nn.Module, evaluation: EvaluationConfig, size: int, cache: Path
) -> list[dict[str, float | int | str | None]]:
    """Run the protocol on a float network in eval mode: one record a crop and metric, as `peephole evaluate` prints.

    All metrics are taken of the same descriptors. Raises as `cut_faces` does.
    """
    pairs = read_pairs(evaluation.pairs)
    records: list[dict[str, float | int | str | None]] = []
    for crop in evaluation.crops:
        embedded = _described(network, cut_faces(evaluation, pairs, crop, size, cache))
        records += [{"crop": crop, "metric": metric} | measure(pairs, embedded, metric).as_json() for metric in METRICS]
    return records
