"""A real doorbell with a door and its check of faces, one person who may open, and pictures held up in her place."""

from dataclasses import dataclass, field

import numpy as np
import pytest

from peephole.door.actuator import Nothing
from peephole.door.opener import DoorOpener
from peephole.door.settings import DoorSettings
from peephole.doorbell.assembly import landmark_finder
from peephole.doorbell.doorbell import Doorbell, Photo
from peephole.doorbell.events import Opened
from peephole.doorbell.pictures import to_grey
from peephole.doorbell.recogniser import Recogniser
from peephole.evaluation.attacks import REPORTING, cut_out, held, photo, some_surface
from peephole.evaluation.replays import RATE, Clip, Portrait
from peephole.live import Announcer, Message, View
from peephole.liveness.checks import FaceChecks
from peephole.people.records import Rules
from peephole.store.store import Store
from peephole.vision.detector import Detector
from peephole.vision.image import Image
from peephole.vision.sources.frame import Frame

EVENING = 1_795_000_000.0


@dataclass
class Household:
    """A real doorbell that knows one person, who may open; the door and its checks take turns with the frames."""

    store: Store
    recogniser: Recogniser
    enrolled: list[Photo]
    challenge: str = "off"
    rules: Rules = field(default_factory=lambda: Rules(may_open=True))

    def __post_init__(self) -> None:
        self.bell = Doorbell(self.store, self.recogniser)
        self.bell.enrol("Eileen", self.enrolled)
        self.bell.set_rules("Eileen", self.rules)
        self.heard: list[Message] = []
        self.now = EVENING
        announcer = Announcer()
        announcer.listen(self.heard.append)
        finder = landmark_finder()
        self.checks = FaceChecks(
            self.store.liveness.note,
            challenge_wanted=lambda: self.challenge == "turn",
            worth_asking=lambda visit: self.opener.may_still_open(visit),
            points=lambda: lambda grey, face: finder.find(grey, face.box),
            announce=announcer.announce,
            choose=lambda: "left",
            camera="front",
        )
        settings = DoorSettings(mode="dry-run", challenge=self.challenge, open_rate=2e-3)
        self.opener = DoorOpener(
            settings,
            self.bell,
            self.store.door,
            Nothing(),
            announcer,
            (self.checks,),
            clock=lambda: self.now,
            camera="front",
        )
        for service in (self.checks, self.opener):
            announcer.listen(service.hear)
        self.announcer = announcer

    def see(self, frames: list[Image], rate: float = RATE) -> None:
        begin = self.now
        for number, image in enumerate(frames):
            self.now = begin + number / rate
            events = self.bell.process(Frame(image, self.now, number))
            self.tell(View(Frame(image, self.now, number), self.bell.current(), camera="front"), *events)
        self.tell(*self.bell.flush())

    def tell(self, *messages: Message) -> None:
        for message in messages:
            self.announcer.announce(message)
        self.checks.turn()
        self.opener.turn()

    @property
    def opened(self) -> bool:
        return any(isinstance(one, Opened) for one in self.heard)

    @property
    def reasons(self) -> set[str]:
        return {row.reason for row in self.store.door.recent()}


def portrait_of_eileen() -> Portrait:
    """Her picture, or a skip where the demo's are not installed."""
    pytest.importorskip("skimage", reason="needs the extra demo")
    from peephole.vision.sources.demo import EILEEN, head_of

    image = np.asarray(head_of(EILEEN), np.uint8)
    return Portrait(image, Detector(min_size=60).detect(to_grey(image))[0].box)


def photo_of(portrait: Portrait) -> list[Photo]:
    return [Photo("portrait.png", portrait.image)]


def attack(portrait: Portrait, kind: str, seed: int) -> Clip:
    random = np.random.default_rng(seed)
    if kind == "cut out":
        return cut_out(random, portrait, REPORTING)
    surface = some_surface(random, "print" if kind == "print" else "screen", REPORTING)
    return held(random, photo(random, portrait), surface, REPORTING)
