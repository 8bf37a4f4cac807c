"""What a relay and a button on GPIO lines share: how gpiozero's errors are told."""

import warnings

from gpiozero.exc import PinWarning

# Where there are no pins gpiozero warns of each library that it has tried; the error that follows says it once.
warnings.filterwarnings("ignore", category=PinWarning)


def not_had(pin: int | None, error: Exception) -> str:
    """Say that a line cannot be had; lgpio and gpiozero have errors of their own, of no common kind."""
    return f"GPIO line {pin} cannot be had ({error})"
