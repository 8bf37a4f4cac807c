"""A home with a door: a lock that notes what it is told, and a doorbell that knows one who may come in."""

from dataclasses import dataclass, field

from doorbell_parts import ANNA, MORNING, Actor, Frame, doorbell, paint, walk
from peephole.door.opener import DoorOpener
from peephole.door.settings import DoorSettings
from peephole.doorbell.doorbell import Photo
from peephole.live import LiveDoorbell, Message, View
from peephole.people.records import Rules
from peephole.store.store import Store


@dataclass
class Strike:
    """A lock that notes what it is told, and has a fault when it is to have one."""

    fault: Exception | None = None
    told: list[str] = field(default_factory=list)

    def prepare(self) -> None:
        self.told.append("prepare")

    def release(self, seconds: float) -> None:
        self.told.append("release")
        if self.fault is not None:
            raise self.fault

    def secure(self) -> None:
        self.told.append("secure")

    def close(self) -> None:
        self.told.append("close")

    def connections(self) -> tuple[str, ...]:
        return ()

    @property
    def releases(self) -> int:
        return self.told.count("release")


class Home:
    """A doorbell that knows Anna, who may open, and a door that decides after each frame."""

    def __init__(self, store: Store, lock: object = None, checks: tuple[object, ...] = (), **settings: object) -> None:
        self.store = store
        self.bell = doorbell(store)
        self.bell.enrol("Anna", [Photo("a.jpg", paint([Actor(ANNA, noise=200)]).image)])
        self.bell.set_rules("Anna", Rules(may_open=True))
        self.live = LiveDoorbell(self.bell)
        self.heard: list[Message] = []
        self.now = MORNING
        self.actuator = lock or Strike()
        usual = {"mode": "on", "dry_run_first": False, "actuator": "gpio", "pin": 17, "liveness": "off"}
        given = {**usual, "pulse_seconds": 0.2, **settings}
        self.opener = DoorOpener(
            DoorSettings(**given),
            self.bell,
            store.door,
            self.actuator,
            self.live.announcer,
            checks,
            clock=lambda: self.now,
            live=True,
        )
        self.live.announcer.listen(self.heard.append)
        self.live.announcer.listen(self.opener.hear)

    def see(self, frames: list[Frame], *, late: float = 0.0) -> None:
        """Show frames; `late`: so many seconds after they were taken the door decides."""
        for frame in frames:
            self.now = frame.time + late
            events = self.bell.process(frame)
            self.live.announcer.announce(View(frame, self.bell.current()))
            for event in events:
                self.live.announcer.announce(event)
            self.opener.turn()

    def rows(self) -> list[tuple[str, str, str, str]]:
        """What is written down, the oldest first."""
        return [(row.verdict, row.reason, row.by, row.done) for row in reversed(self.store.door.recent())]

    def told(self, kind: type) -> list[Message]:
        return [message for message in self.heard if isinstance(message, kind)]


def long_walk(start: float = MORNING, looks: int = 12, **more: int) -> list[Frame]:
    return walk(ANNA, start, looks=looks, **more)


def beside(start: float, other: int, looks: int = 12) -> list[Frame]:
    """Anna comes, and somebody with her."""
    seen = [
        paint(
            [
                Actor(ANNA, x=20 + i, width=60 + 3 * i, noise=i + 1),
                Actor(other, x=160, y=20, width=60 + 2 * i, noise=i + 1),
            ],
            start + i / 5,
        )
        for i in range(looks)
    ]
    return [*seen, *(paint([], start + looks / 5 + i / 5) for i in range(20))]
