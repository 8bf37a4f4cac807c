"""Faces of people who do not exist, made of the training faces and described by the teacher once.

A student that must give a teacher's answers learns from any face, whoever's it is (Beyer et al., "Knowledge
distillation: a good teacher is patient and consistent", 2022). The pack holds 64 thousand faces, and a long run sees
each of them dozens of times; blending, joining and bending aligned faces gives it as many others as the time of the
teacher allows. They are stored, so that the teacher's time is paid once, not in every pass.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import normalize

from peephole.alignment import TEMPLATE_SIDE, template_windows
from peephole.training.augmentation import cut, window_matrix
from peephole.training.checkpoints import START_AGAIN
from peephole.training.faces import PackedFaces
from peephole.whole_files import write_whole

Points = NDArray[np.float64]

CHUNK = 1024
# The template window's share of a made crop, whose rest is room for windows that miss the face.
WINDOW_SHARE = 0.74


@dataclass(frozen=True)
class Mixing:
    """How faces are made. blended, joined: shares of faces that are two, laid over each other or one for each part.

    The others are one face. All are bent: stretch and shear are standard deviations of the logarithm of either side and
    of the sideways move of a pixel a row; a face that stands alone is bent by `alone` times as much.
    """

    blended: float = 0.45
    joined: float = 0.35
    stretch: float = 0.05
    shear: float = 0.04
    alone: float = 2.0


def _bent(
    faces: PackedFaces, row: int, how: Mixing, strength: float, rng: np.random.Generator
) -> tuple[NDArray[np.uint8], Points]:
    """Return a face alone in an upright crop of the pack's size, bent a little, and its five points there."""
    size = faces.crops[row].shape[0]
    window = faces.windows[row].copy()
    window[2] /= WINDOW_SHARE
    upright = window_matrix(window, size, bool(rng.random() < 0.5))  # crop pixels -> the packed crop's
    across, down = np.exp(rng.normal(0, how.stretch * strength, 2))
    bend = np.array([[across, rng.normal(0, how.shear * strength)], [0.0, down]])
    middle = np.full(2, (size - 1) / 2)
    matrix = np.column_stack((upright[:, :2] @ bend, upright[:, :2] @ (middle - bend @ middle) + upright[:, 2]))
    points = np.linalg.solve(matrix[:, :2], (faces.landmarks[row] - matrix[:, 2]).T.astype(np.float64)).T
    if np.linalg.det(matrix[:, :2]) < 0:
        points = points[[1, 0, 2, 4, 3]]
    return cut(faces.crops[row], matrix, size), points


def _ramp(size: int, points: Points, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return the share of the first of two joined faces, [S,S]: an edge of a few pixels somewhere across the face."""
    eyes, mouth = points[:2].mean(0), points[3:].mean(0)
    centre = eyes + (mouth - eyes) * rng.uniform(0.1, 0.9)
    angle = rng.uniform(0, 2 * np.pi)
    y, x = np.mgrid[:size, :size]
    away = (x - centre[0]) * np.cos(angle) + (y - centre[1]) * np.sin(angle)
    share: NDArray[np.float32] = (1 / (1 + np.exp(-away / rng.uniform(1.5, 6)))).astype(np.float32)
    return share


def make_face(
    faces: PackedFaces, first: int, second: int, how: Mixing, rng: np.random.Generator
) -> tuple[NDArray[np.uint8], Points]:
    """Return a made face, uint8 [S,S], of one or two rows, and its five points [5,2]."""
    kind = rng.random()
    if kind >= how.blended + how.joined:
        return _bent(faces, first, how, how.alone, rng)
    (one, a), (two, b) = _bent(faces, first, how, 1.0, rng), _bent(faces, second, how, 1.0, rng)
    if kind < how.blended:
        share = float(rng.uniform(0.3, 0.7))
        return cv2.addWeighted(one, share, two, 1 - share, 0), share * a + (1 - share) * b  # type: ignore[return-value]
    ramp = _ramp(len(one), (a + b) / 2, rng)
    return (ramp * one + (1 - ramp) * two + 0.5).astype(np.uint8), (a + b) / 2


def aligned(crops: NDArray[np.uint8], landmarks: NDArray[np.float32]) -> Tensor:
    """Cut the template windows for the teacher: uint8 [N,1,112,112]."""
    windows = template_windows(landmarks).astype(np.float32)
    matrices = (window_matrix(window, TEMPLATE_SIDE, False) for window in windows)
    return torch.from_numpy(np.stack([cut(c, m, TEMPLATE_SIDE) for c, m in zip(crops, matrices, strict=True)])[:, None])


def _told(teacher: nn.Module, faces: Tensor) -> NDArray[np.float32]:
    # Half-precision products move the teacher's answer by less than 1e-3 in cosine and halve its time.
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        said: NDArray[np.float32] = normalize(teacher(faces).float()).numpy()
    return said


def values_told(teacher: nn.Module) -> int:
    """Return how many values the teacher's descriptors have."""
    return len(_told(teacher, torch.zeros((1, 1, TEMPLATE_SIDE, TEMPLATE_SIDE), dtype=torch.uint8))[0])


def _stored(path: Path, make: Callable[[], dict[str, NDArray[Any]]]) -> None:
    """Write what `make` returns, unless it is there; a kill leaves all of it or nothing."""
    if path.exists():
        return
    arrays: dict[str, Any] = make()
    write_whole(path, lambda file: np.savez(file, **arrays), advice=START_AGAIN)


def make_mixtures(
    faces: PackedFaces, rows: NDArray[np.int64], count: int, teacher: nn.Module, folder: Path, seed: int = 1
) -> None:
    """Make `count` faces, in whole chunks, out of `rows`; store them and what the teacher says of them in `folder`.

    Chunks that are there already are kept, so an interrupted call goes on; a chunk depends on the seed and its number.
    """

    def chunk(number: int) -> dict[str, NDArray[Any]]:
        rng = np.random.default_rng((seed, 7, number))
        pairs = rng.choice(rows, (CHUNK, 2))
        made = [make_face(faces, int(first), int(second), Mixing(), rng) for first, second in pairs]
        crops, landmarks = np.stack([face for face, _ in made]), np.stack([p for _, p in made]).astype(np.float32)
        told = _told(teacher, aligned(crops, landmarks))
        return {"crops": crops, "landmarks": landmarks, "teacher": told.astype(np.float16)}

    folder.mkdir(parents=True, exist_ok=True)
    for number in range(-(-count // CHUNK)):
        _stored(folder / f"mixtures-{number:04}.npz", partial(chunk, number))


def make_views(faces: PackedFaces, teacher: nn.Module, folder: Path) -> None:
    """Store in `folder` what the teacher says of every face in grey."""

    def chunk(number: int) -> dict[str, NDArray[Any]]:
        part = slice(number * CHUNK, min(len(faces), (number + 1) * CHUNK))
        cuts = aligned(faces.crops[part], faces.landmarks[part])
        return {"grey": _told(teacher, cuts).astype(np.float16)}

    folder.mkdir(parents=True, exist_ok=True)
    for number in range(-(-len(faces) // CHUNK)):
        _stored(folder / f"views-{number:04}.npz", partial(chunk, number))


def colour_shift(faces: PackedFaces, rows: NDArray[np.int64], folder: Path) -> NDArray[np.float32]:
    """Return by how much the teacher's descriptors of `rows` in grey differ from the stored ones in the mean: [D].

    The stored ones are of colour pictures. What grey alone moves in all faces alike brings people nearer to each other:
    on held-out people the teacher accepts 0.869 of the same-person pairs at 1 % false accepts in grey, 0.889 with this
    taken off, 0.906 in colour.
    """
    paths = [folder / f"views-{number:04}.npz" for number in range(-(-len(faces) // CHUNK))]
    grey = np.concatenate([np.load(path)["grey"] for path in paths]).astype(np.float32)
    shift: NDArray[np.float32] = (grey[rows] - faces.teacher[rows]).mean(0)
    return shift


def with_mixtures(faces: PackedFaces, count: int, folder: Path, shift: NDArray[np.float32]) -> PackedFaces:
    """Return the faces and, after them, the `count` that were made in `folder`; nobody knows who they are.

    shift: what is taken off their descriptors, [D]; see `colour_shift`.
    """
    parts = [np.load(folder / f"mixtures-{number:04}.npz") for number in range(-(-count // CHUNK))]
    names = ("crops", "landmarks", "teacher")
    crops, landmarks, teacher = (np.concatenate([part[name] for part in parts])[:count] for name in names)
    told = teacher.astype(np.float32) - shift
    told /= np.linalg.norm(told, axis=1, keepdims=True)
    return PackedFaces(
        np.concatenate((faces.crops, crops)),
        np.concatenate((faces.landmarks, landmarks)),
        np.concatenate((faces.teacher, told)),
        np.concatenate((faces.identity, np.full(len(crops), -1, np.int32))),
        faces.digest,
    )


def half_made(rows: NDArray[np.int64], first: int, count: int) -> NDArray[np.int64]:
    """Return the rows of a pass: `count` made faces from row `first` on, and about as many real ones, by repeating."""
    times = max(1, round(count / len(rows)))
    return np.concatenate([np.tile(rows, times), np.arange(first, first + count)])
