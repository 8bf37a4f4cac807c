"""What runs beside the doorbell as the settings say: each service hears what happens, in a thread of its own."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from peephole.cli.errors import complain

if TYPE_CHECKING:
    from peephole.door.opener import DoorOpener
    from peephole.doorbell.doorbell import Doorbell
    from peephole.listening import Service
    from peephole.live import LiveDoorbell
    from peephole.settings.household import Settings
    from peephole.store.store import Store


def services_of(
    settings: "Settings", doorbell: "Doorbell", live: "LiveDoorbell", opener: "DoorOpener | None" = None
) -> list["Service"]:
    """Return the services that the settings switch on, not started yet; raise ImportError where an extra is missing.

    opener: what opens the door, already among the services of the caller.
    """
    services: list[Service] = []
    if settings.mqtt.host is not None:
        services.append(_broker(settings, doorbell, live, opener))
    if settings.notify.targets:
        services.append(_notifier(settings, doorbell))
    return services


def housekeeper(settings: "Settings", store: "Store", live: "LiveDoorbell") -> "Service":
    """Return what forgets what is old."""
    from peephole.housekeeping import Housekeeper

    return Housekeeper(lambda now: store.forget_old(settings.retention, now), live.announcer, complain)


def door_opener(
    settings: "Settings", store: "Store", doorbell: "Doorbell", live: "LiveDoorbell", at_the_door: bool
) -> "DoorOpener":
    """Return what opens the door; at_the_door: the picture is that of a camera, else there is a dry run at most.

    Raises ImportError where an extra is missing.
    """
    from peephole.door.assembly import make_actuator
    from peephole.door.opener import DoorOpener

    door = settings.door
    if door.mode == "on" and not at_the_door:
        complain("this is no camera at the door, so the door stays shut: a dry run")
        door = door.model_copy(update={"mode": "dry-run"})
    return DoorOpener(door, doorbell, store.door, make_actuator(door), live.announcer)


@contextmanager
def running(services: "Sequence[Service]", live: "LiveDoorbell") -> Iterator[None]:
    """Within the block the services run and hear what happens; at its end each sends what waits."""
    with ExitStack() as stack:
        for service in services:
            stack.enter_context(service)
            stack.callback(live.announcer.listen(service.hear))
        yield


def _broker(settings: "Settings", doorbell: "Doorbell", live: "LiveDoorbell", opener: "DoorOpener | None") -> "Service":
    try:
        from peephole.mqtt.link import BrokerLink
    except ModuleNotFoundError as error:
        raise ImportError(
            f"[mqtt] in the settings needs the package {error.name}; install it with: pip install 'peephole[mqtt]'"
        ) from error
    lock = opener if opener is not None and opener.settings.mode != "off" else None
    return BrokerLink(settings.mqtt, doorbell, live, lock=lock, tell=complain)


def _notifier(settings: "Settings", doorbell: "Doorbell") -> "Service":
    from peephole.notify.notifier import Notifier
    from peephole.notify.senders import sender_of

    def note(text: str, reason: str, visit: str | None) -> None:
        complain(text, level="info", part="notify", reason=reason, visit=visit)

    return Notifier(settings.notify, doorbell, sender_of, complain, note)
