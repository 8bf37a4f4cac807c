"""Doors that share a folder: each writes its people into it when they change, and reads those of the doors it trusts.

The folder is any that all of them see: mounted, or kept the same by a program of the owner's. What lies in it is sealed
and signed, so whoever keeps it learns how many doors there are and how much they tell each other, and no more.
"""

import os
import stat
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType

from peephole.live import Announcer, Changed, Message
from peephole.people.shared import TrustedDoor
from peephole.store.sharing import SharingTable
from peephole.sync.envelope import MOST_BYTES
from peephole.sync.exchange import ReadAlreadyError, Terms, export_people, import_people
from peephole.sync.identity import Identity

ENDING = ".people"
PARTIAL = ".tmp"
EVERY_SECONDS = 15.0
HANGS_SECONDS = 60.0
"""A folder on another machine that does not answer for so long is told of."""


class SharedFolder:
    """Keeps people the same between doors (see `listening.Service`), in a thread of its own."""

    def __init__(
        self,
        folder: Path,
        sharing: SharingTable,
        identity: Identity,
        terms: Terms,
        announcer: Announcer,
        tell: Callable[[str], None],
        every: float = EVERY_SECONDS,
    ) -> None:
        """Prepare; entering starts. `tell` takes how much was changed and what is wrong, each in a sentence."""
        self._folder = folder
        self._sharing = sharing
        self._identity = identity
        self._terms = terms
        self._announcer = announcer
        self._tell = tell
        self._every = every
        self._written: tuple[object, ...] | None = None
        self._read: dict[str, tuple[int, int, int]] = {}
        self._faults: dict[str, str] = {}
        self._busy_since: float | None = None
        self._stopped = threading.Event()
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._work, name="sync", daemon=True)

    def hear(self, message: Message) -> None:
        """Look sooner where people were changed; never blocks."""
        if isinstance(message, Changed) and message.what == "people":
            self._wake.set()

    def connections(self) -> tuple[str, ...]:
        """Return the folder, and for whom what lies there is sealed."""
        try:
            names = ", ".join(door.name for door in self._sharing.doors())
        except OSError:
            names = ""
        return (f"folder {self._folder}: people, sealed for {names or 'nobody yet'}",)

    def trouble(self) -> str | None:
        """Return what the owner should put right, in one sentence."""
        since = self._busy_since
        if since is not None and time.monotonic() - since > HANGS_SECONDS:
            return f"people of other doors: {self._folder} does not answer"
        return "; ".join(self._faults.values()) or None

    def __enter__(self) -> "SharedFolder":
        """Start."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop; what is being written is finished, unless the folder does not answer."""
        self._stopped.set()
        self._wake.set()
        self._thread.join(5.0)

    def turn(self) -> None:
        """Write what is new here, and read what is new there."""
        doors: list[TrustedDoor] = []
        self._guarded("folder", lambda: doors.extend(self._write()))
        for door in doors:
            self._guarded(door.id, lambda: self._take(door))  # noqa: B023 - called at once
        for gone in self._faults.keys() - {"folder", *(door.id for door in doors)}:
            self._faults.pop(gone)

    def _work(self) -> None:
        while True:  # once at least, however soon the doorbell ends
            self._wake.clear()
            self._busy_since = time.monotonic()
            self.turn()
            self._busy_since = None
            if not self._stopped.is_set():
                self._wake.wait(self._every)
            if self._stopped.is_set():
                return

    def _guarded(self, part: str, work: Callable[[], None]) -> None:
        """Do something that a folder which is away, or a file that is none of ours, may keep us from."""
        try:
            work()
        except Exception as error:
            plain = isinstance(error, OSError | ValueError)
            fault = f"people of other doors: {error if plain else f'unexpected {type(error).__name__}'}"
            if self._faults.get(part) != fault:
                self._tell(fault)
            self._faults[part] = fault
        else:
            self._faults.pop(part, None)

    def _write(self) -> list[TrustedDoor]:
        """Write everybody into the folder where that changed, or where the file is gone; return who reads it."""
        if not self._folder.is_dir():
            raise FileNotFoundError(f"{self._folder}: no such folder; is it mounted?")
        doors = self._sharing.doors()
        mark = self._sharing.mark()
        place = self._folder / f"{self._identity.public.id}{ENDING}"
        for left in self._folder.glob(f".{place.stem}.*{PARTIAL}"):  # by a process of this door that was killed
            left.unlink(missing_ok=True)
        if not doors:
            place.unlink(missing_ok=True)  # whoever was forgotten could read on
        elif mark != self._written or not place.exists():
            replace_file(place, export_people(self._sharing, self._identity, doors, time.time()))
            self._written = mark  # of before: what was changed meanwhile is written the next time
        return doors

    def _take(self, door: TrustedDoor) -> None:
        """Read what another door wrote, if that is new."""
        place = self._folder / f"{door.id}{ENDING}"
        found = read_new(place, self._read.get(door.id))
        if found is None:
            return
        data, version = found
        try:
            _, done = import_people(self._sharing, self._identity, data, self._terms, time.time())
        except ReadAlreadyError:
            self._read[door.id] = version
            return
        except ValueError as error:
            raise ValueError(f"{place}: {error}") from error
        self._read[door.id] = version
        if done.told:  # whom it is about stands on the page, and in no log
            self._tell(f"people of {door.name}: {len(done.told)} news taken over")
        if done.changes or done.erased:
            self._announcer.announce(Changed("people"))


def read_new(
    path: Path, before: tuple[int, int, int] | None = None, follow: bool = False
) -> tuple[bytes, tuple[int, int, int]] | None:
    """Return the bytes of a file and its version; None where there is none, or it is of the version `before`.

    follow: whether the path may be a link.

    Raises OSError where it cannot be read or is no plain file, ValueError where it is too large.
    """
    # A link, or a pipe that never answers, may have been put in its place.
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | (0 if follow else os.O_NOFOLLOW)
    try:
        handle = os.open(path, flags)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise OSError(f"{path}: cannot be read ({error.strerror})") from error
    with ExitStack() as stack:
        stack.callback(os.close, handle)
        about = os.fstat(handle)
        version = (about.st_mtime_ns, about.st_size, about.st_ino)
        if version == before:
            return None
        if not stat.S_ISREG(about.st_mode):
            raise OSError(f"{path}: no plain file")
        with os.fdopen(handle, "rb", closefd=False) as file:
            data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise ValueError(f"{path}: larger than {MOST_BYTES >> 20} MiB")
    return data, version


def replace_file(path: Path, content: bytes) -> None:
    """Write a file beside its place and rename it there: who reads it meanwhile reads the old one, or the new."""
    try:
        handle, partial = tempfile.mkstemp(prefix=f".{path.stem}.", suffix=PARTIAL, dir=path.parent)
    except OSError as error:
        raise OSError(f"{path}: cannot be written ({error.strerror})") from error
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(partial).chmod(0o644)  # other doors may be other users; the content is sealed
        Path(partial).replace(path)
    except OSError as error:
        raise OSError(f"{path}: cannot be written ({error.strerror})") from error
    finally:
        with suppress(OSError):
            Path(partial).unlink(missing_ok=True)
