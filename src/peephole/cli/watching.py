"""The cameras of a household made ready, and watched until they end."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from peephole.cli.errors import DONE, FAILED, INTERRUPTED, complain, describe
from peephole.cli.serving import told_to_stop

if TYPE_CHECKING:
    from peephole.accounts.accounts import Accounts
    from peephole.cameras import Cameras, Failure
    from peephole.doorbell.doorbell import Doorbell
    from peephole.doorbell.watcher import Watcher
    from peephole.live import LiveDoorbell
    from peephole.polygons import Polygon
    from peephole.settings.household import Settings
    from peephole.settings.owner import OwnerSettings
    from peephole.vision.sources import FrameSource


@dataclass(frozen=True)
class Watched:
    """What a camera watches, the parts of its picture that are never seen, and where faces are looked at."""

    source: str
    masks: "tuple[Polygon, ...]" = ()
    zone: "Polygon | None" = None


def sources_of(settings: "Settings", source: str | None) -> dict[str, Watched]:
    """Return what is watched, by the names of the cameras; an only one that the settings do not name has none.

    source: named in place of all of them. What the settings hide of it stays hidden, and its zone holds.
    """
    if source is not None:
        same = [camera for camera in settings.cameras if camera.source == source]
        masks = tuple(mask for camera in same for mask in camera.masks)
        return {"": Watched(source, masks, next((camera.zone for camera in same), None))}
    return {camera.name: Watched(camera.source, camera.masks, camera.zone) for camera in settings.cameras}


def watched(doorbell: "Doorbell", chosen: Mapping[str, Watched]) -> "tuple[dict[str, Watcher], Cameras]":
    """Return a watcher for each camera by its name, and the cameras that they watch, not watched yet."""
    from peephole.cameras import Cameras
    from peephole.live import Announcer, LiveDoorbell

    announcer = Announcer()
    watchers = {name: doorbell.watcher(name, tuple(chosen)) for name in chosen}
    for name, watcher in watchers.items():
        watcher.look_within(chosen[name].zone)
    cameras = [LiveDoorbell(watcher, announcer, name, chosen[name].zone) for name, watcher in watchers.items()]
    return watchers, Cameras(cameras)


def keeping_unknown(owner: "OwnerSettings", accounts: "Accounts", set_up: bool) -> Callable[[], bool]:
    """Return what tells whether anything of faces that are not known may be stored: not before somebody answers for it.

    set_up: somebody does, without an account.
    """
    answered = threading.Event()
    if set_up:
        answered.set()

    def may() -> bool:
        if owner.settings.retention.unknown_faces == "count":
            return False
        if not answered.is_set() and accounts.any():
            answered.set()
        return answered.is_set()

    return may


def opened_sources(cameras: "Cameras", chosen: Mapping[str, Watched], *, once: bool) -> "list[FrameSource]":
    """Open what each camera watches, named by its name; of several one that cannot be opened leaves the others alone.

    Raises what `open_source` does where not one can be opened.
    """
    from peephole.cameras import Unopened

    sources = [_opened(live, chosen[live.camera], once) for live in cameras.cameras]
    if all(isinstance(source, Unopened) for source in sources):
        raise next(source.error for source in sources if isinstance(source, Unopened))
    return sources


def _opened(live: "LiveDoorbell", what: Watched, once: bool) -> "FrameSource":
    from peephole.cameras import Unopened
    from peephole.vision.sources import open_source

    try:
        return open_source(what.source, report=live.report, beat=live.beat, once=once, masks=what.masks)
    except (OSError, ValueError) as error:
        return Unopened("", error)


def watch_once(cameras: "Cameras", sources: "Sequence[FrameSource]") -> int:
    """Watch until every source has ended or the process is told to stop; return the exit code."""
    interrupted = threading.Event()

    def stop() -> None:
        interrupted.set()
        cameras.stop()

    with told_to_stop(stop):
        failures = watch_all(cameras, sources, at_its_pace=False)
    if interrupted.is_set():
        complain("interrupted")
        return INTERRUPTED
    return FAILED if failures else DONE


def watch_all(
    cameras: "Cameras",
    sources: "Sequence[FrameSource]",
    *,
    at_its_pace: bool,
    again: Mapping[str, Watched] | None = None,
) -> "list[Failure]":
    """Watch until every source has ended, and return what failed; of several cameras each is told of at once.

    again: what each camera watches, to try again those that failed; None: not one is.

    Raises why the only camera failed; and of several a fault of ours, once all have ended.
    """
    several = len(cameras.cameras) > 1
    reopen = None if again is None else lambda live: _opened(live, again[live.camera], False)
    failures = cameras.watch(sources, at_its_pace=at_its_pace, failed=_tell if several else _keep_quiet, reopen=reopen)
    for failure in failures:
        if failure.is_ours or not several:
            raise failure.error
    return failures


def _tell(failure: "Failure") -> None:
    text = f"{failure.camera}: {describe(failure.error)}"
    complain(text, level="error", part="camera", reason="failed", camera=failure.camera)


def _keep_quiet(failure: "Failure") -> None:
    """Leave it to whoever takes what is raised."""
