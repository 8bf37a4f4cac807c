"""Photos and screens that are held before a camera: what is shown, on what, and how it is moved."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from peephole.evaluation.replays import (
    RATE,
    SECONDS,
    Camera,
    Clip,
    Floats,
    Portrait,
    Skull,
    Stance,
    draw_head,
    scenery,
    wander,
)
from peephole.vision.image import Image

Kind = Literal["print", "screen"]
_FINER = 2


@dataclass(frozen=True)
class Surface:
    """What a picture is shown on.

    Attributes:
        kind: Paper, or a screen.
        pitch: Of the halftone dots or of the screen's pixels, in pixels of a frame that is seen from the front.
        pattern: How much of the light they take, 0 to 1.
        gamma: Of the reproduction.
        black: Darkest light, 0 to 1.
        tint: [3], factors of blue, green and red.
        glare: Light that is mirrored, 0 to 1.
        rim: Width of the paper's border or the bezel, in picture widths.
        rim_light: Its grey level.
        bend: How much the paper is curved, in reciprocal picture widths.
    """

    kind: Kind
    pitch: float
    pattern: float
    gamma: float
    black: float
    tint: tuple[float, float, float]
    glare: float
    rim: float
    rim_light: float
    bend: float = 0.0


@dataclass(frozen=True)
class Ranges:
    """From which range each property of an attack is drawn: one set for choosing thresholds, another for the report."""

    pitch: tuple[float, float] = (0.4, 2.0)
    pattern: tuple[float, float] = (0.1, 0.5)
    glare: tuple[float, float] = (0.0, 0.25)
    shake: tuple[float, float] = (0.01, 0.04)
    sway: tuple[float, float] = (0.08, 0.3)
    turn: tuple[float, float] = (3.0, 18.0)
    bend: tuple[float, float] = (0.3, 0.9)


CHOOSING = Ranges()
REPORTING = Ranges(
    pitch=(0.3, 2.6), pattern=(0.05, 0.6), glare=(0.0, 0.35), shake=(0.005, 0.06), sway=(0.05, 0.4), turn=(2.0, 25.0)
)


def some_surface(random: np.random.Generator, kind: Kind, ranges: Ranges) -> Surface:
    """Return one of many surfaces."""
    tint = random.uniform(0.85, 1.0, 3)
    paper = kind == "print"
    return Surface(
        kind=kind,
        pitch=random.uniform(*ranges.pitch),
        pattern=random.uniform(*ranges.pattern),
        gamma=random.uniform(0.8, 1.3),
        black=random.uniform(0.08, 0.2) if paper else random.uniform(0.0, 0.08),
        tint=(float(tint[0]), float(tint[1]), float(tint[2])),
        glare=random.uniform(*ranges.glare) * (0.4 if paper else 1),
        rim=random.uniform(0.0, 0.08),
        rim_light=random.uniform(200, 250) if paper else random.uniform(5, 40),
    )


def draw_surface(picture: Floats, shown: Image, surface: Surface, plane: NDArray[np.float64], turn: float) -> None:
    """Draw a picture [h,w,3] on a surface over a frame [H,W,3].

    plane: [3,3], from the surface (its middle at 0, its width 1) to the frame; turn: by how much it is turned aside
    (radians), which a bent one shows.
    """
    high, wide = shown.shape[:2]
    half = np.array([0.5 + surface.rim, 0.5 * high / wide + surface.rim])
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half * 1.05
    seen = cv2.perspectiveTransform(corners[None], plane)[0]
    x0, y0 = np.maximum(np.floor(seen.min(axis=0)).astype(int) - 2, 0)
    x1, y1 = np.minimum(np.ceil(seen.max(axis=0)).astype(int) + 2, picture.shape[1::-1])
    if x1 <= x0 or y1 <= y0:
        return
    rows, columns = np.mgrid[0 : (y1 - y0) * _FINER, 0 : (x1 - x0) * _FINER].astype(np.float32)
    frame = np.stack([(columns + 0.5) / _FINER - 0.5 + x0, (rows + 0.5) / _FINER - 0.5 + y0], axis=-1)
    at = cv2.perspectiveTransform(frame, np.linalg.inv(plane))
    u, v = np.asarray(at[..., 0], np.float32), np.asarray(at[..., 1], np.float32)
    if surface.bend:
        flat = u
        for _ in range(2):
            u = np.asarray(flat + math.tan(turn) * surface.bend * u**2, np.float32)
    light = _reproduced(shown, surface, u, v, high, wide)
    # How many pixels of the frame a width of the surface is, seen from the front.
    across = float(np.hypot(*(seen[1] - seen[0])) / (2 * half[0] * 1.05) / max(math.cos(turn), 0.3))
    light *= _pattern(surface, u * across / surface.pitch, v * across / surface.pitch, light)
    light += surface.glare * 255 * np.exp(-(((u - 0.2 - turn) / 0.25) ** 2) - ((v + 0.2) / 0.5) ** 2)[..., None]
    on = (np.abs(u) < half[0]) & (np.abs(v) < half[1])
    size = (int(x1 - x0), int(y1 - y0))
    alpha = cv2.resize(on.astype(np.float32), size, interpolation=cv2.INTER_AREA)[..., None]
    drawn = cv2.resize(light * on[..., None], size, interpolation=cv2.INTER_AREA).reshape(size[1], size[0], 3)
    picture[y0:y1, x0:x1] = picture[y0:y1, x0:x1] * (1 - alpha) + drawn


def _reproduced(shown: Image, surface: Surface, u: Floats, v: Floats, high: int, wide: int) -> Floats:
    xs, ys = (u + 0.5) * wide - 0.5, v * wide + high / 2 - 0.5
    light = cv2.remap(shown, xs.astype(np.float32), ys.astype(np.float32), cv2.INTER_LINEAR).astype(np.float32)
    inside = (np.abs(u) < 0.5) & (np.abs(v) < 0.5 * high / wide)
    light = np.where(inside[..., None], light, surface.rim_light)
    found = surface.black + (1 - surface.black) * (light / 255) ** surface.gamma
    return np.asarray(255 * found * np.array(surface.tint), np.float32)


def _pattern(surface: Surface, x: Floats, y: Floats, light: Floats) -> Floats:
    """Return by which factor dots or pixels take light away, in pitches of the pattern."""
    if surface.kind == "screen":
        grid = 1 - surface.pattern * (1 - (0.5 + 0.5 * np.cos(2 * math.pi * x)) * (0.5 + 0.5 * np.cos(2 * math.pi * y)))
        return np.asarray(grid[..., None], np.float32)
    a, b = (x + y) * math.pi * math.sqrt(2), (x - y) * math.pi * math.sqrt(2)
    dots = np.cos(a) * np.cos(b)
    shade = 4 * (light.mean(axis=2) / 255) * (1 - light.mean(axis=2) / 255)
    return np.asarray((1 + surface.pattern * 0.6 * shade * dots)[..., None], np.float32)


def plane_of(stance: Stance, camera: Camera, width: float) -> NDArray[np.float64]:
    """Return the homography of a surface `width` pixels wide that stands, leans and turns so before a camera."""
    focal = 1.1 * camera.width
    away = focal / width
    cy, sy, cp, sp = math.cos(stance.yaw), math.sin(stance.yaw), math.cos(stance.pitch), math.sin(stance.pitch)
    cl, sl = math.cos(stance.lean), math.sin(stance.lean)
    lean = np.array([[cl, -sl, 0], [sl, cl, 0], [0, 0, 1]])
    yaw = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    pitch = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    turned = lean @ yaw @ pitch
    lens = np.array([[focal, 0, camera.width / 2], [0, focal, camera.height / 2], [0, 0, 1]])
    place = np.array([(stance.x - camera.width / 2) / width, (stance.y - camera.height / 2) / width, away])
    return np.asarray(lens @ np.column_stack([turned[:, 0], turned[:, 1], place]), np.float64)


Shown = Callable[[int], tuple[Image, tuple[float, float, float]]]
"""Of a frame's number, the picture that is shown, and the middle and the width of the face in it, in its pixels."""


def photo(random: np.random.Generator, portrait: Portrait) -> Shown:
    """Show a portrait, cut out of the picture more or less widely."""
    box = portrait.box
    middle = (box.x + box.width / 2, box.y + box.height / 2)
    cut, (x0, y0) = _around(portrait.image, middle, random.uniform(0.75, 1.2) * box.width)
    return lambda number: (cut, (middle[0] - x0, middle[1] - y0, box.width))


def video(random: np.random.Generator, clip: Clip) -> Shown:
    """Show a clip, cut around where its face is, forward and backward without an end."""
    xs, ys, widths = (np.array(values) for values in zip(*clip.faces, strict=True))
    half = random.uniform(1.0, 1.5) * float(widths.max()) + max(float(np.ptp(xs)), float(np.ptp(ys))) / 2
    middle = ((float(xs.max()) + float(xs.min())) / 2, (float(ys.max()) + float(ys.min())) / 2)
    cuts = [_around(frame, middle, half) for frame in clip.frames]

    def shown(number: int) -> tuple[Image, tuple[float, float, float]]:
        turn = number % max(1, 2 * len(cuts) - 2)
        place = min(turn, 2 * len(cuts) - 2 - turn)
        cut, (x0, y0) = cuts[place]
        x, y, width = clip.faces[place]
        return cut, (x - x0, y - y0, width)

    return shown


def _around(image: Image, middle: tuple[float, float], half: float) -> tuple[Image, tuple[int, int]]:
    """Cut a picture around a point; return it with where its upper left corner was."""
    high, wide = image.shape[:2]
    x0, y0 = max(0, int(middle[0] - half)), max(0, int(middle[1] - half))
    x1, y1 = min(wide, int(middle[0] + half)), min(high, int(middle[1] + half * 1.1))
    return image[y0:y1, x0:x1], (x0, y0)


def held(
    random: np.random.Generator,
    shown: Shown,
    surface: Surface,
    ranges: Ranges,
    *,
    steady: bool = False,
    turn: float | None = None,
) -> Clip:
    """Hold a surface before a camera, by hand or on a stand, for some seconds; turn: most degrees, if not of ranges."""
    camera = Camera.some(random)
    background = scenery(random, camera.height, camera.width).astype(np.float32)
    width = camera.width * random.uniform(0.2, 0.3)
    share = 0.0 if steady else 1.0
    most = math.radians(turn if turn is not None else random.uniform(*ranges.turn)) * share
    yaw, pitch, lean = wander(random, most), wander(random, most * 0.6), wander(random, most * 0.4)
    sway = [wander(random, width * random.uniform(*ranges.sway) * share) for _ in range(2)]
    shake = [wander(random, width * random.uniform(*ranges.shake) * share, 3, 5) for _ in range(2)]
    nearer = wander(random, 0.15 * share)
    x, y = camera.width * random.uniform(0.4, 0.6), camera.height * random.uniform(0.42, 0.58)
    first, (left, top, face) = shown(0)
    high, wide = first.shape[:2]
    # The surface is placed by the face of the first picture.
    to_surface = np.array([[1 / wide, 0, -0.5], [0, 1 / wide, -high / wide / 2], [0, 0, 1]])
    to_middle = np.array([[1, 0, 0.5 - left / wide], [0, 1, (high / 2 - top) / wide], [0, 0, 1]])
    frames, faces = [], []
    for number in range(round(SECONDS * RATE)):
        t = number / RATE
        image, (u, v, size) = shown(number)
        stance = Stance(
            x + sway[0](t) + shake[0](t),
            y + sway[1](t) + shake[1](t),
            width * (1 + nearer(t)),
            lean(t),
            yaw(t),
            pitch(t),
        )
        plane = plane_of(stance, camera, stance.width * wide / face) @ to_middle
        picture = background.copy()
        draw_surface(picture, image, surface, plane, stance.yaw)
        frames.append(camera.take(picture, random))
        seen = cv2.perspectiveTransform(np.array([[[u, v], [u + size, v]]]), plane @ to_surface)[0]
        faces.append((float(seen[0, 0]), float(seen[0, 1]), float(np.hypot(*(seen[1] - seen[0])))))
    return Clip(frames, faces)


def cut_out(random: np.random.Generator, portrait: Portrait, ranges: Ranges) -> Clip:
    """Move a flat head, cut out of paper, as a visitor would move."""
    return _visitor(random, portrait, None, ranges)


def visitor(random: np.random.Generator, portrait: Portrait) -> Clip:
    """Have somebody of flesh come nearer, stand and look around a little."""
    return _visitor(random, portrait, Skull.some(random), None)


def _visitor(random: np.random.Generator, portrait: Portrait, skull: Skull | None, ranges: Ranges | None) -> Clip:
    camera = Camera.some(random)
    background = scenery(random, camera.height, camera.width).astype(np.float32)
    near = camera.width * random.uniform(0.2, 0.3)
    far = near * random.uniform(0.6, 1.0)
    most = math.radians(random.uniform(*ranges.turn) if ranges is not None else random.uniform(1, 18))
    yaw, pitch, lean = wander(random, most), wander(random, most * 0.6), wander(random, 0.08)
    sway = [wander(random, near * random.uniform(0.1, 0.35)), wander(random, near * random.uniform(0.03, 0.12))]
    talk = wander(random, random.choice([0.0, 0.015]), 1, 3)
    x, y = camera.width * random.uniform(0.4, 0.6), camera.height * random.uniform(0.4, 0.52)
    arrival = random.uniform(0.5, 1.0) * SECONDS
    rise = random.uniform(0.0, 0.25)  # towards a camera that hangs above or below the eyes
    frames, faces = [], []
    for number in range(round(SECONDS * RATE)):
        t = number / RATE
        come = min(t / arrival, 1.0)
        width = far + (near - far) * come
        stance = Stance(
            x + sway[0](t), y + sway[1](t), width, lean(t), yaw(t), pitch(t) + rise * (come - 0.5) * (far < 0.9 * near)
        )
        picture = background.copy()
        draw_head(picture, portrait, stance, skull, talk(t))
        frames.append(camera.take(picture, random))
        faces.append((stance.x, stance.y, stance.width))
    return Clip(frames, faces)


def bent(surface: Surface, random: np.random.Generator, ranges: Ranges) -> Surface:
    """Return the surface bent."""
    return replace(surface, bend=float(random.uniform(*ranges.bend)) * float(random.choice([-1, 1])))
