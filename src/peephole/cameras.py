"""The cameras of a household, each watched in a thread of its own; one that fails or ends leaves the others alone."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from peephole.live import Announcer, LiveDoorbell, State, Status, View
from peephole.retries import Retries
from peephole.vision.sources import Frame, FrameSource

STOP_SECONDS = 20.0
"""A camera whose thread has not ended so long after `stop` hangs, and is not waited for."""
TRIES_TOGETHER = 3
"""So often a camera is tried again after a fault of ours while no other camera works."""


@dataclass(frozen=True)
class Failure:
    """Why a camera is not watched any more; `camera` is its name."""

    camera: str
    error: Exception

    @property
    def is_ours(self) -> bool:
        """Whether it is a fault of the program and not of a source or a disk."""
        return not isinstance(self.error, OSError | ValueError)


class Cameras:
    """All cameras of a household; where one is meant and none is named it is the first."""

    pictures = True

    def __init__(self, cameras: Sequence[LiveDoorbell]) -> None:
        """Take at least one; all share an announcer, and their names differ."""
        self.cameras = tuple(cameras)
        self.announcer: Announcer = cameras[0].announcer
        self._stop_by: float | None = None

    @property
    def status(self) -> Status:
        """How the worst of them is doing; of several the line says which ones are not watched."""
        if len(self.cameras) == 1:
            return self.cameras[0].status
        return joined([live.status for live in self.cameras])

    @property
    def newest(self) -> View | None:
        """The newest picture of the first."""
        return self.cameras[0].newest

    @property
    def newest_at(self) -> float | None:
        """When a frame came last, from any of them, by time.monotonic(); None: never."""
        return max((live.newest_at for live in self.cameras if live.newest_at is not None), default=None)

    @property
    def present(self) -> tuple[str, ...]:
        """Who is at any of them, in words."""
        return tuple(name for live in self.cameras for name in live.present)

    def find(self, name: str) -> LiveDoorbell:
        """Return the camera of a name, the first for none; raise ValueError where there is no such camera."""
        for live in self.cameras if name else self.cameras[:1]:
            if name in ("", live.camera):
                return live
        named = ", ".join(live.camera for live in self.cameras if live.camera)
        raise ValueError(f"{name}: there is no camera of this name" + (f"; there are: {named}" if named else ""))

    def ring(self, source: str, camera: str = "") -> None:
        """Somebody pressed the bell at a camera; may be called from any thread."""
        self.find(camera).ring(source)

    def watch(
        self,
        sources: Sequence[FrameSource],
        *,
        at_its_pace: bool,
        failed: Callable[[Failure], None],
        reopen: Callable[[LiveDoorbell], FrameSource] | None = None,
    ) -> list[Failure]:
        """Watch a source with each camera until all have ended, and return what went wrong for good.

        failed: is told of it at once, in the thread of the camera. reopen: opens the source of a camera anew. With it a
        live one that failed is tried again. After a fault of ours that goes on as long as another camera works: a fault
        that all of them have needs a new process.
        """
        failures: list[Failure] = []
        going_on = set(self.cameras)

        def watch(live: LiveDoorbell, source: FrameSource) -> None:
            try:
                live.watch(source, at_its_pace=at_its_pace, retries=retries.get(live))
            except Exception as error:
                failures.append(Failure(live.camera, error))
                failed(failures[-1])
            finally:
                going_on.discard(live)

        def retries_of(live: LiveDoorbell, reopen: Callable[[LiveDoorbell], FrameSource]) -> Retries:
            def allowed(error: Exception) -> bool:
                if not Failure(live.camera, error).is_ours:
                    return True
                others = [retries[other] for other in tuple(going_on) if other is not live]
                tried = retries[live].failures >= TRIES_TOGETHER
                return any(not other.failing or not tried for other in others)

            def tell(error: Exception) -> None:
                if (failure := Failure(live.camera, error)).is_ours:
                    failed(failure)

            return Retries(lambda: reopen(live), allowed, tell)

        retries = {} if reopen is None else {live: retries_of(live, reopen) for live in self.cameras}
        pairs = zip(self.cameras, sources, strict=True)
        threads = [
            threading.Thread(target=watch, args=pair, name=f"camera {pair[0].camera}".rstrip(), daemon=True)
            for pair in pairs
        ]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            if self._stop_by is not None and time.monotonic() > self._stop_by:
                break
            for thread in threads:
                thread.join(0.2 / len(threads))
        return failures

    def stop(self) -> None:
        """End `watch` soon; may be called from any thread, and before it."""
        if self._stop_by is None:
            self._stop_by = time.monotonic() + STOP_SECONDS
        for live in self.cameras:
            live.stop()


@dataclass
class Unopened:
    """A source that could not be opened: a camera's end before its begin, told when it is watched."""

    name: str
    error: OSError | ValueError
    live: bool = False

    def __iter__(self) -> Iterator[Frame]:
        """Raise what opening it raised."""
        raise self.error

    def close(self) -> None:
        """Do nothing."""


def joined(statuses: Sequence[Status]) -> Status:
    """Return how several cameras are doing, as of one: as bad as the worst, in a line that names those."""
    worst: State = next(
        (state for state in ("lost", "ended", "starting") if any(one.state == state for one in statuses)), "watching"
    )
    if worst == "watching":
        return Status("watching", f"Watching {len(statuses)} cameras")
    return Status(worst, "; ".join(f"{one.camera}: {one.text}" for one in statuses if one.state == worst))
