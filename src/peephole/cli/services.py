"""What runs beside the doorbell as the settings say: each service hears what happens, in a thread of its own."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from peephole.cli.errors import complain

if TYPE_CHECKING:
    from peephole.doorbell.doorbell import Doorbell
    from peephole.listening import Service
    from peephole.live import LiveDoorbell
    from peephole.settings.household import Settings
    from peephole.store.store import Store


def services_of(settings: "Settings", doorbell: "Doorbell", live: "LiveDoorbell") -> list["Service"]:
    """Return the services that the settings switch on, not started yet; raise ImportError where an extra is missing."""
    services: list[Service] = []
    if settings.mqtt.host is not None:
        services.append(_broker(settings, doorbell, live))
    if settings.notify.targets:
        services.append(_notifier(settings, doorbell))
    return services


def housekeeper(settings: "Settings", store: "Store", live: "LiveDoorbell") -> "Service":
    """Return what forgets what is old."""
    from peephole.housekeeping import Housekeeper

    return Housekeeper(lambda now: store.forget_old(settings.retention, now), live.announcer, complain)


@contextmanager
def running(services: "Sequence[Service]", live: "LiveDoorbell") -> Iterator[None]:
    """Within the block the services run and hear what happens; at its end each sends what waits."""
    with ExitStack() as stack:
        for service in services:
            stack.enter_context(service)
            stack.callback(live.announcer.listen(service.hear))
        yield


def _broker(settings: "Settings", doorbell: "Doorbell", live: "LiveDoorbell") -> "Service":
    try:
        from peephole.mqtt.link import BrokerLink
    except ModuleNotFoundError as error:
        raise ImportError(
            f"[mqtt] in the settings needs the package {error.name}; install it with: pip install 'peephole[mqtt]'"
        ) from error
    return BrokerLink(settings.mqtt, doorbell, live, lock=None, tell=complain)


def _notifier(settings: "Settings", doorbell: "Doorbell") -> "Service":
    from peephole.notify.notifier import Notifier
    from peephole.notify.senders import sender_of

    return Notifier(settings.notify, doorbell, sender_of, complain)
