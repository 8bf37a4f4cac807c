"""Health, figures and systemd's watchdog of a running household."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from peephole.cli.errors import complain

if TYPE_CHECKING:
    from peephole.cameras import Cameras
    from peephole.doorbell.doorbell import Doorbell
    from peephole.listening import Service
    from peephole.live import LiveDoorbell
    from peephole.operations.health import Health
    from peephole.operations.supervisor import Supervisor
    from peephole.web.metrics import Metrics


@dataclass(frozen=True)
class Operations:
    """What looks after a running household."""

    health: "Health"
    metrics: "Metrics"
    supervisor: "Supervisor"


@contextmanager
def operating(
    live: "Cameras | LiveDoorbell", doorbell: "Doorbell", services: "Sequence[Service]"
) -> Iterator[Operations]:
    """Within the block health is looked at and what happens is counted. services: entered already."""
    from peephole.door.opener import DoorOpener
    from peephole.operations.health import Health
    from peephole.operations.supervisor import Supervisor, checks_of
    from peephole.web.metrics import Metrics

    parts = {_part(service): service for service in services}
    checks = {name: service.trouble for name, service in parts.items()}
    door = next((service for service in services if isinstance(service, DoorOpener)), None)
    notices = {} if door is None else {"lock-out": door.lock_out, "dry-run": lambda: door.held}
    health = Health({**checks_of(live.cameras), **checks}, notices=notices)
    metrics = Metrics(live, doorbell.counts, parts, health)
    supervisor = Supervisor(live.cameras, health, complain)
    leave = [live.announcer.listen(hear) for hear in (health.hear, metrics.hear, supervisor.hear)]
    try:
        with supervisor:
            yield Operations(health, metrics, supervisor)
    finally:
        for stop_listening in leave:
            stop_listening()


def _part(service: "Service") -> str:
    """Name a service by its room: notify, mqtt, door, housekeeping."""
    return type(service).__module__.split(".")[1]
