"""Cameras that watch films: frames that are made up, a watcher that tells its flush, a house of several."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from peephole.cameras import Cameras, Failure
from peephole.doorbell.doorbell import LiveFace
from peephole.doorbell.events import Event, Problem, Rang
from peephole.live import Announcer, LiveDoorbell, Message, View
from peephole.vision.sources import Frame


@dataclass
class Film:
    """Frames, and then the end or a failure; `wait` holds the end back."""

    name: str
    frames: int = 3
    failure: Exception | None = None
    wait: threading.Event | None = None
    live: bool = False
    closed: threading.Event = field(default_factory=threading.Event)

    def __iter__(self) -> Iterator[Frame]:
        for number in range(self.frames):
            yield Frame(np.zeros((4, 4, 3), np.uint8), number / 10, number)
        if self.failure is not None:
            raise self.failure
        if self.wait is not None:
            self.wait.wait(60)

    def close(self) -> None:
        self.closed.set()


@dataclass
class Watcher:
    """Tells a flush, so that one can see that the visits of its camera were ended."""

    camera: str

    def recover(self) -> list[Event]:
        return []

    def process(self, frame: Frame) -> list[Event]:
        return []

    def gallery_version(self) -> object:
        return None

    def ring(self, time: float, source: str, image: object) -> list[Event]:
        return [Rang("v1", time, source, self.camera)]

    def flush(self) -> list[Event]:
        return [Problem(0, "flush", "flushed", self.camera)]

    def current(self) -> tuple[LiveFace, ...]:
        return ()


@dataclass
class House:
    cameras: Cameras
    heard: list[Message]
    failures: list[Failure] = field(default_factory=list)

    @classmethod
    def of(cls, *names: str) -> "House":
        announcer, heard = Announcer(), list[Message]()
        announcer.listen(heard.append)
        return cls(Cameras([LiveDoorbell(Watcher(name), announcer, name) for name in names]), heard)

    def watch(self, *films: object) -> list[Failure]:
        return self.cameras.watch(films, at_its_pace=False, failed=self.failures.append)  # type: ignore[arg-type]

    def flushed(self) -> set[str]:
        return {one.camera for one in self.heard if isinstance(one, Problem) and one.reason == "flush"}

    def looks(self, camera: str) -> int:
        return sum(isinstance(one, View) and one.camera == camera for one in self.heard)
