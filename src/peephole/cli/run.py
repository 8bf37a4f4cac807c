"""`peephole run`: the doorbell and its page."""

import sys
import threading
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from peephole.cli.errors import DONE, INTERRUPTED, complain, print_line, speak_through
from peephole.cli.options import ConfigOption, ModelOption
from peephole.cli.serving import serve, told_to_stop

if TYPE_CHECKING:
    from peephole.doorbell.doorbell import Doorbell
    from peephole.doorbell.events import Opened, VisitEnded
    from peephole.live import LiveDoorbell, Message
    from peephole.settings.household import Settings
    from peephole.vision.sources import FrameSource


def run(
    data: Annotated[
        Path | None,
        typer.Option(
            "--data",
            metavar="DIR",
            show_default="$PEEPHOLE_DATA, else as in the settings, else ~/.local/share/peephole",
            help="Folder of people, strangers and visits.",
        ),
    ] = None,
    source: Annotated[
        str | None,
        typer.Option(
            metavar="demo|camera:N|rtsp://..|FILE|DIR",
            show_default="as in the settings, else a camera if there is one, else the demo",
            help="What to watch.",
        ),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, show_default="as in the settings, else 8642", help="Port of the page; 0: any."),
    ] = None,
    host: Annotated[
        str | None,
        typer.Option(
            show_default="as in the settings, else 127.0.0.1",
            help="Address on which the page is served; 0.0.0.0: to the whole network.",
        ),
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Serve no page; stop where the source ends.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON line an event.")] = False,
    model: ModelOption = None,
    config: ConfigOption = None,
) -> int:
    """Watch a door and serve its page."""
    from peephole.accounts.accounts import Accounts
    from peephole.cli.gallery import opened_home
    from peephole.cli.operating import operating
    from peephole.cli.services import door_opener, housekeeper, running, services_of
    from peephole.live import LiveDoorbell
    from peephole.operations.log import speaker
    from peephole.settings.reading import read_settings
    from peephole.store.instance import InstanceLock
    from peephole.vision.sources import open_source
    from peephole.web.door import Door

    settings = read_settings(config).settings
    speak_through(speaker(settings.log, print_line))
    data_named = data is not None and data != settings.data
    data = data if data is not None else settings.data
    named = source or _only_camera(settings)
    chosen = named or _choose_source()
    if chosen == "demo" and not (named and data_named):
        # The demo's people are none of the owner's, not even where a camera is only unplugged today.
        data = data.with_name(f"{data.name}-demo")
    page = settings.page.model_copy(update={k: v for k, v in (("host", host), ("port", port)) if v is not None})
    with InstanceLock(data), opened_home(data, model, settings.storage) as (store, doorbell):
        if chosen == "demo":
            _enrol_for_demo(doorbell)
        live = LiveDoorbell(doorbell)
        live.announcer.listen(Terminal(json, settings.log.as_json))
        frames = open_source(chosen, report=live.report, beat=live.beat, once=once)
        opener = door_opener(settings, store, doorbell, live, frames.live)
        # Nor are its visits news for anybody whom the settings name, unless the owner asked for the demo.
        services = [] if chosen == "demo" and not named else services_of(settings, doorbell, live, opener)
        services.append(opener)
        services.append(housekeeper(settings, store, live))
        with running(services, live), operating(live, doorbell, services) as operations:
            if once:
                return _watch_once(live, frames)
            peers = tuple(peer for service in services for peer in service.connections())
            door = Door(
                household=doorbell,
                source=frames.name,
                connections=(*((f"{frames.name}: the picture",) if "://" in frames.name else ()), *peers),
                strangers_days=settings.retention.strangers,
                memory=doorbell,
                opener=opener,
            )
            return serve(
                door,
                live,
                page,
                lambda: live.watch(frames, at_its_pace=True),
                live.stop,
                accounts=Accounts(store.accounts),
                operations=operations,
            )


def _only_camera(settings: "Settings") -> str | None:
    """Return the source of the camera in the settings, if there is one; several cannot be watched yet."""
    if len(settings.cameras) > 1:
        raise ValueError(f"{len(settings.cameras)} cameras are set and one can be watched; choose it with --source")
    return settings.cameras[0].source if settings.cameras else None


class Terminal:
    """Prints what happens: events on stdout, the state of the source and problems on stderr.

    Where the log is one of JSON lines, visits are told there, and without names.
    """

    def __init__(self, json: bool, log_is_json: bool = False) -> None:
        self._json = json
        self._log_is_json = log_is_json

    def __call__(self, message: "Message") -> None:
        """Take one message of a live doorbell."""
        from peephole.cli.output import plain, print_json
        from peephole.doorbell.events import Decided, Opened, Problem, VisitEnded, VisitStarted
        from peephole.live import Status

        if isinstance(message, Problem):
            complain(plain(message.text), part="doorbell", reason=message.reason)
        elif isinstance(message, Status) and message.state == "lost":
            complain(plain(message.text), part="camera", reason="lost")
        elif self._log_is_json:
            _log(message)
        if self._json and isinstance(message, VisitStarted | Decided | VisitEnded | Opened | Problem):
            print_json(message.as_json())
            sys.stdout.flush()
        elif isinstance(message, VisitEnded) and not self._log_is_json:
            print(plain(visit_line(message)), flush=True)
        elif isinstance(message, Opened) and not self._log_is_json:
            print(plain(opened_line(message)), flush=True)


def _log(message: "Message") -> None:
    from peephole.doorbell.events import Opened, Rang, VisitEnded
    from peephole.live import Status

    if isinstance(message, VisitEnded):
        told = ("visit", "decision", "reason", "distance", "margin", "sightings", "rang", "repeat")
        seconds = round(message.last_seen - message.first_seen, 1)
        fields = {name: getattr(message, name) for name in told}
        complain("a visit ended", level="info", part="doorbell", **fields, seconds=seconds)
    elif isinstance(message, Opened):
        complain("the door", level="info", part="door", visit=message.visit, by=message.by, mode=message.mode)
    elif isinstance(message, Rang):
        complain("the bell rang", level="info", part="doorbell", visit=message.visit, source=message.source)
    elif isinstance(message, Status):
        complain(message.text, level="info", part="camera", reason=message.state)


def visit_line(visit: "VisitEnded") -> str:
    """One visit in one line, ending with the verdict's reason."""
    who = visit.person or (f"Stranger {visit.stranger}" if visit.stranger is not None else "somebody")
    distance = "" if visit.distance is None else f", distance {visit.distance}"
    return f"{datetime.fromtimestamp(visit.first_seen):%H:%M:%S}  {who}: {visit.decision}{distance} ({visit.text})"


def opened_line(opened: "Opened") -> str:
    """An opening of the door in one line."""
    what = "opened" if opened.mode == "on" else "would have opened"
    whose = f"for {opened.person}" if opened.person is not None else f"by {opened.by}"
    return f"{datetime.fromtimestamp(opened.time):%H:%M:%S}  the door {what} {whose}"


def _choose_source() -> str:
    """A camera that gives a picture, else the demo; says which, and why."""
    from peephole.vision.sources import camera_works

    numbers = sorted(int(path.name[5:]) for path in Path("/dev").glob("video[0-9]*") if path.name[5:].isdigit())
    if not numbers and not sys.platform.startswith("linux"):
        numbers = [0]
    for number in numbers[:4]:
        if camera_works(number):
            complain(f"watching camera {number}; choose another source with --source", level="info")
            return f"camera:{number}"
    why = "no camera gives a picture" if numbers else "there is no camera"
    complain(f"{why}, so this is the demo; choose another source with --source")
    return "demo"


def _enrol_for_demo(doorbell: "Doorbell") -> None:
    """On the first start, introduce one of the two people who walk in the demo."""
    from peephole.doorbell.doorbell import Photo
    from peephole.vision.sources.demo import EILEEN, head_of

    counts = doorbell.counts()
    if counts.people == 0 and counts.visits == 0:
        doorbell.enrol(EILEEN.name, [Photo(EILEEN.path().name, head_of(EILEEN))])


def _watch_once(live: "LiveDoorbell", source: "FrameSource") -> int:
    interrupted = threading.Event()

    def stop() -> None:
        interrupted.set()
        live.stop()

    with told_to_stop(stop):
        live.watch(source, at_its_pace=False)
    if interrupted.is_set():
        complain("interrupted")
        return INTERRUPTED
    return DONE
