"""The settings that the door works by, and the actuator that they name."""

from collections.abc import Callable

from peephole.door.actuator import Actuator, Nothing
from peephole.door.settings import DoorSettings
from peephole.door.webhook import Webhook
from peephole.extras import missing
from peephole.mqtt.settings import Mqtt

UNSEEN = (
    "the door is set to on, and stays a dry run until its log shows one in which a live camera saw somebody for whom it"
    " would have opened, with liveness as it is set; then start again, or set it anew on the page"
)


def in_force(door: DoorSettings, seen: Callable[[str], bool]) -> tuple[DoorSettings, str | None]:
    """Return the settings that the door works by, and why they are a dry run though `on` is asked for.

    seen: whether a dry run was seen with a setting of `liveness` (`DoorTable.dry_run_seen`).
    """
    if door.mode != "on" or not door.dry_run_first or seen(door.liveness):
        return door, None
    return door.model_copy(update={"mode": "dry-run"}), UNSEEN


def make_actuator(settings: DoorSettings, broker: Mqtt) -> Actuator:
    """Return what opens the door, without touching it; in any mode but `on` that is nothing.

    broker: where an actuator that is reached by MQTT listens. Raises ImportError where a package is missing.
    """
    if settings.mode != "on":
        return Nothing()
    if settings.actuator == "gpio" and settings.pin is not None:
        try:
            from peephole.door.gpio import GpioRelay
        except ModuleNotFoundError as error:
            raise ImportError(missing("[door] in the settings", error.name, "gpio")) from error
        return GpioRelay(settings.pin, settings.active_high)
    if settings.actuator == "webhook" and settings.webhook is not None:
        return Webhook(settings.webhook)
    if settings.actuator == "mqtt" and settings.mqtt_topic is not None:
        try:
            from peephole.door.mqtt import Messages, MqttLock
        except ModuleNotFoundError as error:
            raise ImportError(missing("[door] in the settings", error.name, "mqtt")) from error
        return MqttLock(broker, Messages(settings.mqtt_topic, settings.mqtt_open, settings.mqtt_close))
    return Nothing()
