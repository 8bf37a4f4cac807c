"""A button on a GPIO line, through gpiozero."""

import threading
from collections.abc import Callable
from types import TracebackType

from gpiozero import Button, Factory

from peephole.bell.settings import BellSettings
from peephole.gpio import not_had
from peephole.live import Message

BOUNCE_SECONDS = 0.03
"""Shorter than that a line is not pressed: contacts bounce, and long wires catch noise."""


class BellButton:
    """A service (`listening.Service`) that rings when a button is pressed; held down it rings once.

    The line's own thread only leaves a mark; ringing, which may take a while on a busy disk, has another one.
    """

    def __init__(
        self,
        settings: BellSettings,
        ring: Callable[[str, str], None],
        tell: Callable[[str], None],
        factory: Factory | None = None,
    ) -> None:
        """Note the line; entering takes it.

        ring: rings, given who did it and the name of a camera. tell: is told in a sentence what does not work.
        factory: how gpiozero comes to its pins, None: as it finds them.
        """
        self._settings = settings
        self._ring = ring
        self._tell = tell
        self._factory = factory
        self._line: Button | None = None
        self._trouble: str | None = None
        self._pressed = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="bell", daemon=True)

    def hear(self, message: Message) -> None:
        """Need nothing of what happens."""

    def connections(self) -> tuple[str, ...]:
        """Connect to nothing."""
        return ()

    def trouble(self) -> str | None:
        """Return why the button does not ring, or did not the last time."""
        return self._trouble

    def __enter__(self) -> "BellButton":
        """Take the line, and listen."""
        pin = self._settings.pin
        try:
            self._line = Button(
                pin,
                pull_up=not self._settings.active_high,
                bounce_time=BOUNCE_SECONDS,
                pin_factory=self._factory,
            )
            self._line.when_pressed = self._pressed.set
        except Exception as error:
            self._set_trouble(f"the bell: {not_had(pin, error)}")
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give the line back."""
        if self._line is not None:
            self._line.close()
        self._stop.set()
        self._pressed.set()
        self._thread.join(5.0)

    def _work(self) -> None:
        while True:
            self._pressed.wait()
            if self._stop.is_set():
                return
            self._pressed.clear()
            try:
                self._ring("button", self._settings.camera or "")
                self._trouble = None
            except Exception as error:  # the next press is another try
                self._set_trouble(f"the bell: {error}")

    def _set_trouble(self, trouble: str) -> None:
        self._trouble = trouble
        self._tell(trouble)
