"""What runs beside the doorbell as the settings say: each service hears what happens, in a thread of its own."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from peephole.cli.errors import complain, print_line, speak_through
from peephole.extras import missing

if TYPE_CHECKING:
    from pathlib import Path

    from peephole.cameras import Cameras
    from peephole.door.opener import DoorOpener
    from peephole.door.settings import DoorSettings
    from peephole.doorbell.candidates import Candidate
    from peephole.doorbell.doorbell import Doorbell
    from peephole.doorbell.watcher import Watcher
    from peephole.listening import Service
    from peephole.liveness.checks import Points
    from peephole.people.records import Rules
    from peephole.settings.household import Settings
    from peephole.settings.owner import OwnerSettings
    from peephole.store.store import Store


def services_of(
    settings: "Settings", store: "Store", doorbell: "Doorbell", live: "Cameras", opener: "DoorOpener"
) -> list["Service"]:
    """Return the services that the settings switch on, not started yet.

    opener: what opens the door, already among the services of the caller.

    Raises ImportError where an extra is missing, OSError or ValueError where the keys of a door that shares its people
    cannot be read or made.
    """
    services: list[Service] = []
    if settings.mqtt.host is not None:
        services.append(_broker(settings, doorbell, live, opener))
    services.append(_notifier(settings, store, doorbell, live))  # also for nobody: the page can name somebody
    if settings.bell.pin is not None:
        services.append(_button(settings, live))
    if settings.sync.folder is not None:
        services.append(_shared_folder(settings, settings.sync.folder, store, doorbell, live))
    return services


def housekeeper(settings: "Callable[[], Settings]", store: "Store", live: "Cameras") -> "Service":
    """Return what forgets what is old; settings: as they are in that moment."""
    from peephole.housekeeping import Housekeeper

    return Housekeeper(lambda now: store.forget_old(settings().retention, now), live.announcer, complain)


@dataclass(frozen=True)
class AtTheDoor:
    """Who is recognised at the camera that stands at the door, and what the owner has decided about them."""

    watcher: "Watcher"
    doorbell: "Doorbell"

    def candidates(self, rate: float) -> "tuple[Candidate, ...]":
        """Return who is recognised as of its newest frame; called by the thread that watches it."""
        return self.watcher.candidates(rate)

    def rules(self, key: str) -> "Rules":
        """Return what the owner has decided about a person."""
        return self.doorbell.rules(key)


def door_camera(settings: "Settings", cameras: "Cameras") -> str | None:
    """Return the name of the camera at the door, the first where the settings name none; None: it is not watched."""
    named = settings.door.camera
    if named is None:
        return cameras.cameras[0].camera
    return named if any(live.camera == named for live in cameras.cameras) else None


def door_in_force(door: "DoorSettings", at_the_door: bool) -> "DoorSettings":
    """Return the settings that the door works by: a dry run at most where no camera at the door is watched."""
    if door.mode == "on" and not at_the_door:
        complain("this is no camera at the door, so the door stays shut: a dry run")
        return door.model_copy(update={"mode": "dry-run"})
    return door


def door_opener(
    settings: "Settings", store: "Store", household: AtTheDoor, live: "Cameras", camera: str, at_the_door: bool
) -> tuple["DoorOpener", tuple["Service", ...]]:
    """Return what opens the door for faces at one camera, and the checks that it asks, to be started too.

    at_the_door: its picture is that of a camera which stands there, else there is a dry run at most.

    Raises ImportError where an extra is missing, OSError where the door's log cannot be read.
    """
    from peephole.door.assembly import in_force, make_actuator
    from peephole.door.opener import DoorOpener
    from peephole.liveness.checks import FaceChecks

    door, held = in_force(door_in_force(settings.door, at_the_door), store.door.dry_run_seen)
    liveness = FaceChecks(
        store.liveness.note,
        lambda: opener.wants_liveness(),
        camera,
        challenge_wanted=lambda: opener.wants_challenge(),
        worth_asking=lambda visit: opener.may_still_open(visit),
        points=_points,
        announce=live.announcer.announce,
    )
    lock = make_actuator(door, settings.mqtt)
    # Frames that are played fall behind the wall's clock on a busy machine.
    front = next(one for one in live.cameras if one.camera == camera)
    clock = time.time if at_the_door else front.now
    opener = DoorOpener(
        door,
        household,
        store.door,
        lock,
        live.announcer,
        checks=(liveness,),
        clock=clock,
        camera=camera,
        live=at_the_door,
        held=held,
    )
    return opener, (liveness,)


@contextmanager
def running(services: "Sequence[Service]", live: "Cameras") -> Iterator[None]:
    """Within the block the services run and hear what happens; at its end each sends what waits."""
    with ExitStack() as stack:
        for service in services:
            stack.enter_context(service)
            stack.callback(live.announcer.listen(service.hear))
        yield


def follow_owner(
    owner: "OwnerSettings", doorbell: "Doorbell", services: "Sequence[Service]", at_the_door: bool
) -> None:
    """Have the parts of a household go by what is changed on the page; at_the_door as for `door_opener`."""

    def changed(before: "Settings", now: "Settings") -> None:
        from peephole.door.assembly import in_force, make_actuator
        from peephole.door.opener import DoorOpener
        from peephole.doorbell.settings import policy_of
        from peephole.notify.notifier import Notifier
        from peephole.operations.log import speaker

        if now.recognition != before.recognition:
            doorbell.decide_by(policy_of(now.recognition))
        if now.log != before.log:
            speak_through(speaker(now.log, print_line))
        for service in services:
            if isinstance(service, Notifier) and now.notify != before.notify:
                service.follow(now.notify)
            elif isinstance(service, DoorOpener) and now.door != before.door:
                door, held = in_force(door_in_force(now.door, at_the_door), service.dry_run_seen)
                service.follow(door, make_actuator(door, now.mqtt), held)

    owner.follow(changed)


def _points() -> "Points":
    """Return what finds the points of a face."""
    from peephole.doorbell.assembly import landmark_finder

    finder = landmark_finder()
    return lambda grey, face: finder.find(grey, face.box)


def _broker(settings: "Settings", doorbell: "Doorbell", live: "Cameras", opener: "DoorOpener") -> "Service":
    try:
        from peephole.mqtt.link import BrokerLink
    except ModuleNotFoundError as error:
        raise ImportError(missing("[mqtt] in the settings", error.name, "mqtt")) from error
    lock = opener if opener.settings.mode != "off" else None
    return BrokerLink(settings.mqtt, doorbell, live, lock=lock, tell=complain)


def _button(settings: "Settings", live: "Cameras") -> "Service":
    try:
        from peephole.bell.button import BellButton
    except ModuleNotFoundError as error:
        raise ImportError(missing("[bell] in the settings", error.name, "gpio")) from error
    watched = any(one.camera == settings.bell.camera for one in live.cameras)  # else `--source` has taken its place
    bell = settings.bell if watched else settings.bell.model_copy(update={"camera": None})
    return BellButton(bell, live.ring, complain)


def _notifier(settings: "Settings", store: "Store", doorbell: "Doorbell", live: "Cameras") -> "Service":
    from peephole.doorbell.visit import Notified
    from peephole.live import Changed
    from peephole.notify.notifier import Noted, Notifier
    from peephole.notify.senders import sender_of

    def note(noted: Noted) -> None:
        complain(noted.text, level="info", part="notify", reason=noted.reason, visit=noted.visit)
        if noted.visit is not None:
            with suppress(OSError):  # a message goes out all the same; of a full disk the doorbell tells
                happened = Notified(noted.target, noted.happening, noted.reason, time.time())
                store.notifications.note(noted.visit, happened)
                live.announcer.announce(Changed("visits"))

    return Notifier(settings.notify, doorbell, sender_of, complain, note)


def _shared_folder(
    settings: "Settings", folder: "Path", store: "Store", doorbell: "Doorbell", live: "Cameras"
) -> "Service":
    from peephole.cli.doors import identity_of
    from peephole.sync.exchange import Terms
    from peephole.sync.folder import SharedFolder

    def say(text: str) -> None:
        complain(text, level="info", part="sync")

    terms = Terms(settings.sync.accept_may_open, *doorbell.descriptor_form())
    return SharedFolder(folder.absolute(), store.sharing, identity_of(settings), terms, live.announcer, say)
