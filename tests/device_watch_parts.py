"""A device in RAM on a cable that can be unplugged, watched by a thread as `peephole device page` does."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator

from device_line import DECIDED, VISIT_ENDED, VISIT_STARTED, MadeUpDevice, SpoiltLine, session_on
from peephole import _core
from peephole.device.errors import LostLineError, WrongKeyError
from peephole.device.keys import key_id
from peephole.device.line import Line
from peephole.device.watch import DeviceWatch
from peephole.live import Message
from waiting import PATIENCE, until

UNSURE, KNOWN, STRANGER = range(3)  # ph_kind
LOOKS_AGREE, FAR_FROM_EVERYBODY = range(2)  # ph_reason


class Cable:
    """Leads to a device: `plugged` or not, `silent` when the device does not answer, `to_owner` spoils its answers."""

    name = "cable"

    def __init__(self, device: MadeUpDevice) -> None:
        self.device = device
        self.plugged = True
        self.silent = False
        self.opened = 0
        self.to_owner: Callable[[bytes], bytes] = lambda content: content
        self._come = b""

    @contextlib.contextmanager
    def open(self) -> Iterator[Line]:
        self.opened += 1
        self._check()
        self._come = b""
        yield self

    def read(self, seconds: float) -> bytes:
        self._check()
        come = self._come if self.silent else self._come + self.device.take(b"")
        self._come = b""
        if not come:
            time.sleep(min(seconds, 0.002))
        return come

    def write(self, content: bytes) -> None:
        self._check()
        answer = self.device.take(content)
        self._come += b"" if self.silent else self.to_owner(answer)

    def _check(self) -> None:
        if not self.plugged:
            raise LostLineError("cable: unplugged")


class Watched:
    """A watch at work, and what it announced."""

    def __init__(
        self,
        device: MadeUpDevice,
        heartbeat: float = 0.2,
        patience: float = 30,
        pauses: tuple[float, float] = (0.01, 0.05),
    ) -> None:
        self.device = device
        self.cable = Cable(device)
        with device.lock:
            device.core.press()
        self._keys = [session_on(self.cable).pair()]
        self.heard: list[Message] = []
        self.watch = DeviceWatch(
            "cable", self.cable.open, self._find_key, 0.1, heartbeat=heartbeat, pauses=pauses, patience=patience
        )
        self.watch.announcer.listen(self.heard.append)
        self._thread = threading.Thread(target=self.watch.watch)

    def __enter__(self) -> "Watched":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.watch.stop()
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()

    def _find_key(self, identity: bytes) -> bytes:
        for key in self._keys:
            if identity == key_id(key):
                return key
        raise WrongKeyError("no such key")

    def connected(self) -> None:
        until(lambda: self.watch.status.state == "watching")

    def unplug(self) -> None:
        self.cable.plugged = False
        until(lambda: self.watch.status.state == "lost")

    def connect_another(self, device: MadeUpDevice) -> None:
        """Put another device of the same owner on the cable."""
        device.core = _core.Device(device.gallery, 6)  # whose keys are others
        device.core.press()
        self._keys.append(session_on(SpoiltLine(device)).pair())
        self.device = self.cable.device = device
        self.cable.plugged = True

    def plug_in(self) -> None:
        self.cable.plugged = True
        self.connected()

    def comes(self, visit: int) -> None:
        self._tell(VISIT_STARTED, visit, UNSURE, LOOKS_AGREE, 0, 0)

    def is_known(self, visit: int, person: int) -> None:
        self._tell(DECIDED, visit, KNOWN, LOOKS_AGREE, person, 0)

    def leaves(self, visit: int, person: int = 0, stranger: int = 0) -> None:
        kind, reason = (KNOWN, LOOKS_AGREE) if person else (STRANGER, FAR_FROM_EVERYBODY)
        self._tell(VISIT_ENDED, visit, kind, reason, person, stranger)

    def _tell(self, event: int, visit: int, kind: int, reason: int, person: int, stranger: int) -> None:
        with self.device.lock:
            self.device.core.tell(event, visit, True, kind, reason, person, stranger, 0, 0)
