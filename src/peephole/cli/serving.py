"""The page of a door, served until the process is told to stop; `run` and `device page` share it."""

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

from peephole.cli.errors import DONE, FAILED, complain, describe

if TYPE_CHECKING:
    from peephole.accounts.accounts import Accounts
    from peephole.cli.operating import Operations
    from peephole.settings.household import Page
    from peephole.web.door import Door, Happenings


def serve(
    door: "Door",
    live: "Happenings",
    page: "Page",
    watch: Callable[[], object],
    stop: Callable[[], None],
    option: str = "--port",
    accounts: "Accounts | None" = None,
    operations: "Operations | None" = None,
) -> int:
    """Serve a door's page and `watch` in a thread of its own, which `stop` ends; return the exit code.

    option: by which the page's port is chosen. accounts: who may sign in; None: there is no password.
    operations: what looks after the household, if anything does.

    Raises `OSError` when the port is taken, `ValueError` for a certificate that is none.
    """
    from peephole.accounts.accounts import is_local
    from peephole.web.app import create_app
    from peephole.web.server import Certificate, Server, listen
    from peephole.web.streams import Streams

    taken = listen(page.host, page.port, option)
    stopped = threading.Event()
    failures: list[Exception] = []

    def watch_and_tell() -> None:
        try:
            watch()
        except Exception as error:
            failures.append(error)
            complain(describe(error), level="error")
            if not isinstance(error, OSError | ValueError):
                stopped.set()  # a fault of ours: end, so that whoever keeps the service running starts it anew

    streams = Streams(live)
    health, metrics = (None, None) if operations is None else (operations.health, operations.metrics)
    app = create_app(door, live, streams, (page.host, *page.names), accounts, health, metrics)
    tls = None
    if page.certificate is not None and page.private_key is not None:
        tls = Certificate(page.certificate, page.private_key, page.strict_days)
    served = Server(app, streams, taken, tls)
    watching = threading.Thread(target=watch_and_tell, name="doorbell")
    with told_to_stop(stopped.set), served as server:
        complain(f"watching {door.source}; the page is on {server.url}", level="info")
        if accounts is not None and not accounts.any():
            complain(
                f"nobody owns this doorbell yet: choose a password there, or elsewhere with the code {accounts.code}; "
                "until then a camera keeps no face that is not known",
                level="info",
            )
        if tls is None and not is_local(page.host) and page.host != "localhost":
            complain("whoever listens in this network can read along: name a certificate in the settings")
        watching.start()
        if operations is not None:
            operations.supervisor.begun()
        stopped.wait()
        if operations is not None:
            operations.supervisor.ending()
        stop()
    watching.join()
    return FAILED if failures else DONE


@contextmanager
def told_to_stop(stop: Callable[[], None]) -> Iterator[None]:
    """Within the block, Ctrl-C and SIGTERM call `stop`; a second one ends the process as usual."""

    def heard(number: int, frame: FrameType | None) -> None:
        for name, old in before.items():
            signal.signal(name, old)
        stop()

    before = {number: signal.signal(number, heard) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)


@contextmanager
def told_to_end() -> Iterator[None]:
    """Within the block, SIGTERM leaves it as an error would, so that all is put away; the exit code is the signal's."""

    def heard(number: int, frame: FrameType | None) -> None:
        sys.exit(128 + number)

    before = signal.signal(signal.SIGTERM, heard)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
