"""The checks at work: hear the doorbell, look at the faces of its visits, and answer the door (docs/liveness.md)."""

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType

from peephole.door.liveness import Liveness, joined
from peephole.doorbell.doorbell import LiveFace
from peephole.doorbell.events import Challenge, VisitEnded
from peephole.doorbell.pictures import to_grey
from peephole.live import Message, View
from peephole.liveness.challenge import TurnChallenge
from peephole.liveness.evidence import Finding, finding, judge
from peephole.liveness.following import Grey
from peephole.liveness.turning import Side
from peephole.liveness.watching import Watching
from peephole.vision.landmarks import Landmarks
from peephole.vision.sources.frame import Frame

Points = Callable[[Grey, LiveFace], Landmarks]
_NOTHING = finding("not_done", "not_seen")
_BEHIND = finding("not_done", "behind")
_BEHIND_SECONDS = 1.0
"""So much older than the newest frame may be what was looked at last; meanwhile a photo may have come."""
_MOST_VISITS = 16
_WEIGHT = {"not_done": 0, "passed": 1, "failed": 2}
"""What is told of a visit is the heaviest that was said of it."""


@dataclass
class _Visit:
    """One visit under watch. found: what is known by now. said: the heaviest of all that was found."""

    watching: Watching = field(default_factory=Watching)
    challenge: TurnChallenge | None = None
    found: Finding = _NOTHING
    said: Finding = _NOTHING


class FaceChecks:
    """The passive check, and the challenge where wanted, as `door.liveness.LivenessCheck` and `listening.Service`.

    `hear` only notes the newest frame of each visit; looking at it takes a few milliseconds in a thread of its own,
    which passes over frames where it falls behind.
    """

    def __init__(
        self,
        note: Callable[[str, Liveness, str], None] = lambda visit, result, reason: None,
        wanted: Callable[[], bool] = lambda: True,
        camera: str = "",
        challenge_wanted: Callable[[], bool] = lambda: False,
        worth_asking: Callable[[str], bool] = lambda visit: True,
        points: Callable[[], Points] | None = None,
        announce: Callable[[Challenge], None] = lambda event: None,
        choose: Callable[[], Side] = lambda: secrets.choice(("left", "right")),
    ) -> None:
        """Start with nobody in view; entering starts the thread.

        note: writes down what was said of a visit that is over, and why. wanted: tells whether anybody asks; else
        frames are not looked at. camera: the one at the door, by its name. challenge_wanted: tells whether the head is
        to be turned by whoever wants to pass. worth_asking: tells of a visit whether that could still come to anything;
        else the visitor is left alone, and does not pass. points: makes what finds the five points of a face, once that
        is wanted. announce: tells the visitor. choose: throws the coin.
        """
        self._note = note
        self._wanted = wanted
        self._camera = camera
        self._challenge_wanted = challenge_wanted
        self._worth_asking = worth_asking
        self._make_points = points
        self._points: Points | None = None
        self._announce = announce
        self._choose = choose
        self._visits: dict[str, _Visit] = {}
        self._newest: dict[str, tuple[Frame, LiveFace]] = {}
        self._ended: list[str] = []
        self._trouble: str | None = None
        self._stopped = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._work, name="liveness", daemon=True)

    def result(self, visit: str) -> Liveness:
        """Return what the last seconds of a visit say, and `failed` for good once there was a sign of a picture."""
        return self.finding(visit).result

    def finding(self, visit: str) -> Finding:
        """Return the same with its reason."""
        known, waiting = self._visits.get(visit), self._newest.get(visit)
        if known is None:
            return _NOTHING
        if known.said.result == "failed":  # whatever has come into view since
            return known.said
        if waiting is not None and waiting[0].time - known.watching.newest > _BEHIND_SECONDS:
            return _BEHIND
        return known.found

    def hear(self, message: Message) -> None:
        """Note a frame with faces, or that a visit is over."""
        if isinstance(message, View):
            faces = [face for face in message.faces if face.visit]
            if faces and message.camera == self._camera and self._wanted():
                with self._changed:
                    self._newest |= {face.visit: (message.frame, face) for face in faces}
                    self._changed.notify()
        elif isinstance(message, VisitEnded):
            with self._changed:
                self._ended.append(message.visit)
                self._changed.notify()

    def connections(self) -> tuple[str, ...]:
        """Connect to nothing."""
        return ()

    def trouble(self) -> str | None:
        """Return why faces cannot be judged, if so."""
        return self._trouble

    def __enter__(self) -> "FaceChecks":
        """Start the thread."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Write down what was said of the visits that have ended, and end."""
        with self._changed:
            self._stopped = True
            self._changed.notify()
        self._thread.join(5.0)

    def turn(self) -> None:
        """Look at what is new; called by the thread."""
        with self._changed:
            newest, self._newest = self._newest, {}
            ended, self._ended = self._ended, []
        trouble = None
        for visit, (frame, face) in newest.items():
            try:
                self._look(visit, frame, face)
            except Exception as error:  # then nothing is known of this face any more, and the door stays shut
                self._visits[visit] = _Visit(said=self._visit(visit).said)
                trouble = _sentence(error)
        for visit in ended:
            try:
                self._end(visit)
            except Exception as error:
                trouble = _sentence(error)
        self._trouble = trouble

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._newest or self._ended or self._stopped)
                if self._stopped and not self._ended:
                    return
            self.turn()

    def _look(self, visit: str, frame: Frame, face: LiveFace) -> None:
        known = self._visit(visit)
        grey = to_grey(frame.image)
        if not known.watching.see(grey, face.box, frame.time):
            return
        found = judge(known.watching.evidence())
        if self._challenge_wanted():
            found = both(found, self._asked(known, grey, frame.time, face, found))
        known.found = found
        if known.said.result != "failed" and _WEIGHT[found.result] >= _WEIGHT[known.said.result]:
            known.said = found

    def _visit(self, visit: str) -> _Visit:
        """Return what is known of a visit; of too many the one that was not seen for longest is forgotten.

        One that has failed is forgotten after all others.
        """
        known = self._visits.setdefault(visit, _Visit())
        while len(self._visits) > _MOST_VISITS:
            others = (one for one in self._visits if one != visit)
            del self._visits[min(others, key=self._worth)]
        return known

    def _worth(self, visit: str) -> tuple[bool, float]:
        known = self._visits[visit]
        return known.said.result == "failed", known.watching.newest

    def _asked(self, known: _Visit, grey: Grey, time: float, face: LiveFace, found: Finding) -> Finding:
        """Go on with the challenge of a visit, or leave the visitor alone."""
        if self._points is None and self._make_points is not None:
            self._points = self._make_points()
        if self._points is None:
            return finding("not_done", "not_asked")
        asked = known.challenge = known.challenge or TurnChallenge(self._choose)
        if "failed" in (found.result, known.said.result) or not self._worth_asking(face.visit):
            news = asked.withdraw()
        else:
            who = face.label if face.kind == "known" else None
            news = asked.see(self._points(grey, face), face.box.width, time, known.watching.breaks, who)
        if news:
            self._announce(Challenge(face.visit, time, asked.state, asked.wanted, asked.text, self._camera))
        return asked.finding

    def _end(self, visit: str) -> None:
        known = self._visits.pop(visit, None)
        if known is not None:
            self._note(visit, known.said.result, known.said.reason)


def _sentence(error: Exception) -> str:
    return f"liveness: {error if isinstance(error, OSError) else f'unexpected {error!r}'}"


def both(first: Finding, second: Finding) -> Finding:
    """Return what two checks say together (`door.liveness.joined`), with the reason of the one that decides."""
    result = joined([first.result, second.result])
    return first if first.result == result else second
