"""How often the passive liveness check passes photos and screens, and how often people, on visits made for it.

    python benchmarks/liveness.py [--data ../shared/data] [--visits 24] [--choose] [--only KIND] [--json]

Attacks are drawn: portraits on paper and screens that are moved before a scene, with what print, screen and camera do
to them imitated (`peephole.evaluation.attacks`). Visitors are portraits over the depth of a head that turns, and the
people of the seven clips of the pack, the only real ones. What is said of a visit is what the check says first, passed
or failed, and "not done" where it says neither within 3.5 seconds. People, backgrounds and the properties of attacks
are others for choosing thresholds (`--choose`) than for the report.
"""

import argparse
import dataclasses
import json
import math
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from peephole.door.liveness import Liveness
from peephole.doorbell.pictures import to_grey
from peephole.evaluation.attacks import (
    CHOOSING,
    REPORTING,
    Kind,
    Ranges,
    bent,
    cut_out,
    held,
    photo,
    some_surface,
    video,
    visitor,
)
from peephole.evaluation.replays import RATE, Clip, Portrait
from peephole.image_files import decode_grey, list_pictures, read_pictures
from peephole.liveness.evidence import BOUNDS, Bounds, Evidence, judge
from peephole.liveness.watching import Watching
from peephole.vision.detector import GLANCE, Box, Detector
from peephole.vision.image import Image
from peephole.vision.sources.files import VideoSource

Random = np.random.Generator
PEOPLE = ("visitor", "clip")
PLANES = (
    "photo on paper",
    "photo on paper, turned",
    "photo on paper, bent",
    "head cut out of paper",
    "photo on a screen",
)
DETECTOR = Detector(glance=GLANCE)
LEAST_TRACK = 15


@dataclasses.dataclass(frozen=True)
class People:
    """Whom visits are made of: portraits, and clips of real people."""

    portraits: Sequence[Portrait]
    clips: Sequence[Clip]


def people(data: Path, reporting: bool, count: int) -> People:
    """Read the half of the portraits that is for one purpose, and the clips, which are for the report alone."""
    paths = sorted((data / "synthetic").glob("*.jpg"))[int(reporting) :: 2]
    images = [np.asarray(cv2.imread(str(path)), np.uint8) for path in paths]
    names = [name for name in list_pictures(data / "lfw" / "lfw.tar") if name.split(".")[0].endswith("_0001")]
    names = [name for name in names if zlib.crc32(name.encode()) % 2 == reporting][: 2 * count]
    for picture in read_pictures(data / "lfw" / "lfw.tar", set(names).__contains__):
        images.append(np.repeat(decode_grey(picture)[..., None], 3, 2))
    found = [(image, DETECTOR.detect(to_grey(image))) for image in images]
    portraits = [Portrait(image, faces[0].box) for image, faces in found if faces and faces[0].box.width > 60]
    return People(portraits, list(tracks(data / "doorbell")) if reporting else [])


def tracks(folder: Path) -> Iterator[Clip]:
    """Follow the faces of the clips from frame to frame."""
    for path in sorted(folder.glob("*.gif")):
        open_ones: list[Clip] = []
        done: list[Clip] = []
        for frame in VideoSource(path):
            boxes = [face.box for face in DETECTOR.detect(to_grey(frame.image))]
            going = []
            for clip in open_ones:
                box = nearest(boxes, clip.faces[-1])
                if box is None:
                    done.append(clip)
                    continue
                boxes.remove(box)
                clip.frames.append(frame.image)
                clip.faces.append(place(box))
                going.append(clip)
            open_ones = going + [Clip([frame.image], [place(box)]) for box in boxes]
        yield from (clip for clip in done + open_ones if len(clip.frames) >= LEAST_TRACK)


def place(box: Box) -> tuple[float, float, float]:
    """Return the middle and the width of a box."""
    return box.x + box.width / 2, box.y + box.height / 2, float(box.width)


def nearest(boxes: Sequence[Box], face: tuple[float, float, float]) -> Box | None:
    """Return the box next to where a face was."""

    def distance(box: Box) -> float:
        return math.hypot(box.x + box.width / 2 - face[0], box.y + box.height / 2 - face[1])

    best = min(boxes, key=distance, default=None)
    return best if best is not None and distance(best) < 0.4 * face[2] else None


def some_video(random: Random, who: People, on: str) -> Clip:
    """Return a video of somebody, rendered or real."""
    if on == "clip":
        return who.clips[int(random.integers(len(who.clips)))]
    return visitor(random, who.portraits[int(random.integers(len(who.portraits)))])


def attack(random: Random, who: People, kind: str, ranges: Ranges) -> Clip:
    """Make one attack of a kind."""
    surface_kind: Kind = "print" if "paper" in kind else "screen"
    portrait = who.portraits[int(random.integers(len(who.portraits)))]
    surface = some_surface(random, surface_kind, ranges)
    steady = "on a stand" in kind
    if kind == "head cut out of paper":
        return cut_out(random, portrait, ranges)
    if "bent" in kind:
        return held(random, photo(random, portrait), bent(surface, random, ranges), ranges)
    if "video" in kind:
        shown = video(random, some_video(random, who, "clip" if "real" in kind else "visitor"))
        return held(random, shown, surface, ranges, steady=steady)
    turn = 40.0 if "turned" in kind else None
    return held(random, photo(random, portrait), surface, ranges, steady=steady, turn=turn)


ATTACKS = (
    *PLANES,
    "photo on a screen on a stand",
    "video on a screen",
    "video on a screen on a stand",
    "real video on a screen",
    "real video on a screen on a stand",
)


def visits(kind: str, who: People, count: int, ranges: Ranges, seed: int) -> Iterator[Clip]:
    """Make the visits of a kind; each has random numbers of its own."""
    if kind == "clip":
        yield from who.clips
        return
    for number in range(count):
        random = np.random.default_rng([seed, zlib.crc32(kind.encode()), number])
        if kind == "visitor":
            yield visitor(random, who.portraits[int(random.integers(len(who.portraits)))])
        else:
            yield attack(random, who, kind, ranges)


class Clock:
    """Time that the check and the detector took, over all frames with a face."""

    def __init__(self) -> None:
        self.check, self.detector, self.frames = 0.0, 0.0, 0


def evidence_of(clip: Clip, clock: Clock) -> list[Evidence]:
    """Show a clip to the check; return what it knows after each frame in which the detector found the face."""
    watching, found = Watching(), []
    for number, (image, face) in enumerate(zip(clip.frames, clip.faces, strict=True)):
        grey: Image = to_grey(image)
        begin = time.perf_counter()
        boxes = [seen.box for seen in DETECTOR.detect(grey)]
        middle = time.perf_counter()
        box = nearest(boxes, face)
        if box is None:
            continue
        start = time.perf_counter()
        watching.see(grey, box, number / RATE)
        found.append(watching.evidence())
        clock.check += time.perf_counter() - start
        clock.detector += middle - begin
        clock.frames += 1
    return found


def outcome(course: Sequence[Evidence], bounds: Bounds = BOUNDS) -> Liveness:
    """Return what is said first; a door opens at the first passed and stays shut after the first failed."""
    said = (judge(evidence, bounds).result for evidence in course)
    return next((result for result in said if result != "not_done"), "not_done")


def passes(courses: Sequence[Sequence[Evidence]], bounds: Bounds) -> int:
    """Count the visits that pass."""
    return sum(outcome(course, bounds) == "passed" for course in courses)


def whole(courses: Sequence[Sequence[Evidence]], value: Callable[[Evidence], float | None]) -> list[float]:
    """Return every value that a visit came to at any frame at which it might have been judged."""
    judged = [one for course in courses for one in course if one.frames >= BOUNDS.frames]
    return [found for one in judged if (found := value(one)) is not None]


def choose(courses: dict[str, list[list[Evidence]]]) -> dict[str, Any]:
    """Choose thresholds on visits that are for that alone.

    regularity: 1.1 times the most regular visitor.
    certainty: 1.25 times the lowest at which no flat picture passes that has no such pattern, whatever is beside it and
    however little parallax is enough.
    attached: a tenth above the visitor's that moves along most. still: a tenth below what a hundredth of the visitors
    are under.
    """
    own = courses["visitor"]
    regularity = round(1.1 * max(whole(own, lambda one: one.regularity)), 2)
    alone = dataclasses.replace(BOUNDS, regularity=regularity, attached=math.inf, still=0.0)
    flat = [course for kind in PLANES for course in courses[kind]]
    steps = np.arange(2, 40, 0.25)
    lowest = next(float(at) for at in steps if not passes(flat, dataclasses.replace(alone, certainty=float(at))))
    found = dataclasses.replace(
        BOUNDS,
        certainty=round(1.25 * lowest, 2),
        regularity=regularity,
        attached=round(0.1 + max(whole(own, lambda one: one.attached)), 2),
        still=round(float(np.quantile(whole(own, lambda one: one.still), 0.01)) - 0.1, 2),
    )
    return {"lowest_certainty": lowest, **dataclasses.asdict(found)}


def row(courses: Sequence[Sequence[Evidence]]) -> dict[str, Any]:
    """Count what was said of the visits of one kind; standard errors are those of a share of so many."""
    said = [outcome(course) for course in courses]
    count = len(said)
    figures: dict[str, Any] = {"visits": count}
    for result in ("passed", "failed", "not_done"):
        share = said.count(result) / max(count, 1)
        figures[result] = said.count(result)
        figures[f"{result}_error"] = round(math.sqrt(share * (1 - share) / max(count, 1)), 3)
    return figures


def main() -> None:
    """Make the visits, judge them and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="the pack of the portraits")
    parser.add_argument("--visits", type=int, default=24, help="of each kind; twice as many visitors")
    parser.add_argument("--choose", action="store_true", help="choose thresholds, on people and attacks of their own")
    parser.add_argument("--only", choices=(*PEOPLE, *ATTACKS), help="one kind of visits")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    who = people(arguments.data, not arguments.choose, arguments.visits)
    ranges, seed = (CHOOSING, 1) if arguments.choose else (REPORTING, 2)
    kinds: tuple[str, ...] = ("visitor", *PLANES) if arguments.choose else (*PEOPLE, *ATTACKS)
    kinds = (arguments.only,) if arguments.only else kinds
    clock = Clock()
    courses = {
        kind: [
            evidence_of(clip, clock)
            for clip in visits(kind, who, arguments.visits * (1 + (kind == "visitor")), ranges, seed)
        ]
        for kind in kinds
    }
    found: dict[str, Any] = {kind: row(of_kind) for kind, of_kind in courses.items()}
    if arguments.choose:
        found["bounds"] = choose(courses)
    found["ms"] = {
        "check": round(1e3 * clock.check / clock.frames, 2),
        "detector": round(1e3 * clock.detector / clock.frames, 2),
    }
    if arguments.json:
        print(json.dumps(found))
        return
    for name, value in found.items():
        print(f"{name}: {value}")


if __name__ == "__main__":
    main()
