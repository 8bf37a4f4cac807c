"""The actuator that the settings name."""

from peephole.door.actuator import Actuator, Nothing
from peephole.door.settings import DoorSettings
from peephole.door.webhook import Webhook


def make_actuator(settings: DoorSettings) -> Actuator:
    """Return what opens the door, without touching it; in any mode but `on` that is nothing.

    Raises ImportError where a package is missing.
    """
    if settings.mode != "on":
        return Nothing()
    if settings.actuator == "gpio" and settings.pin is not None:
        try:
            from peephole.door.gpio import GpioRelay
        except ModuleNotFoundError as error:
            raise ImportError(
                f"[door] in the settings needs the package {error.name}; install it with: pip install 'peephole[gpio]'"
            ) from error
        return GpioRelay(settings.pin, settings.active_high)
    if settings.actuator == "webhook" and settings.webhook is not None:
        return Webhook(settings.webhook)
    return Nothing()
