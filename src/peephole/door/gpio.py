"""A relay on a GPIO line, through gpiozero."""

import threading
from contextlib import suppress

from gpiozero import DigitalOutputDevice, Factory

from peephole.gpio import not_had


class GpioRelay:
    """A relay that opens the door while its line is active (see `actuator.Actuator`).

    The line is inactive from `prepare` on. What the line does when the process is killed, the hardware decides.
    """

    def __init__(self, pin: int, active_high: bool, factory: Factory | None = None) -> None:
        """Note the line, in Broadcom's numbers; `factory`: how gpiozero comes to its pins, None: as it finds them."""
        self._pin = pin
        self._active_high = active_high
        self._factory = factory
        self._line: DigitalOutputDevice | None = None
        self._closed = False
        self._lock = threading.Lock()

    def prepare(self) -> None:
        """Take the line and make it inactive; raises OSError where it cannot be had."""
        with self._lock:
            self._taken()

    def release(self, seconds: float) -> None:
        """Make the line active until `secure`."""
        with self._lock:
            line = self._taken()
            try:
                line.on()
            except Exception as error:
                raise OSError(f"GPIO line {self._pin} cannot be set ({error})") from error

    def secure(self) -> None:
        """Make the line inactive."""
        with self._lock:
            if self._line is not None:
                with suppress(Exception):  # nothing more can be done, and whoever shuts the door has to go on
                    self._line.off()

    def close(self) -> None:
        """Make the line inactive and give it back."""
        self.secure()
        with self._lock:
            self._closed = True
            if self._line is not None:
                self._line.close()
                self._line = None

    def connections(self) -> tuple[str, ...]:
        """Connect to nothing."""
        return ()

    def _taken(self) -> DigitalOutputDevice:
        if self._closed:
            raise OSError(f"GPIO line {self._pin} was given back")
        if self._line is None:
            try:
                self._line = DigitalOutputDevice(
                    self._pin, active_high=self._active_high, initial_value=False, pin_factory=self._factory
                )
            except Exception as error:
                raise OSError(not_had(self._pin, error)) from error
        return self._line
