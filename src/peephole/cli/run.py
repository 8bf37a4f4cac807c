"""`peephole run`: the doorbell and its page."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from peephole.cli.errors import complain, print_line, speak_through
from peephole.cli.options import ConfigOption, ConfiguredDataOption, ModelOption
from peephole.cli.serving import serve
from peephole.cli.terminal import Terminal

if TYPE_CHECKING:
    from peephole.doorbell.doorbell import Doorbell


def run(
    data: ConfiguredDataOption = None,
    source: Annotated[
        str | None,
        typer.Option(
            metavar="demo|camera:N|rtsp://..|FILE|DIR",
            show_default="as in the settings, else a camera if there is one, else the demo",
            help="What to watch, in place of every camera in the settings.",
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
    once: Annotated[bool, typer.Option("--once", help="Serve no page; stop where every source has ended.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON line an event.")] = False,
    model: ModelOption = None,
    config: ConfigOption = None,
) -> int:
    """Watch a door and serve its page."""
    from peephole.accounts.accounts import Accounts
    from peephole.cli.gallery import opened_home
    from peephole.cli.operating import operating
    from peephole.cli.services import (
        AtTheDoor,
        door_camera,
        door_opener,
        follow_owner,
        housekeeper,
        running,
        services_of,
    )
    from peephole.cli.watching import (
        Watched,
        keeping_unknown,
        opened_sources,
        sources_of,
        watch_all,
        watch_once,
        watched,
    )
    from peephole.doorbell.settings import policy_of
    from peephole.operations.log import speaker
    from peephole.operations.memory import keep_little
    from peephole.settings.owner import OwnerSettings
    from peephole.settings.reading import read_settings
    from peephole.store.instance import InstanceLock
    from peephole.web.door import Door
    from peephole.web.settings.parts import HouseholdParts

    keep_little()
    read = read_settings(config)
    settings = read.settings
    speak_through(speaker(settings.log, print_line))
    data_named = data is not None and data != settings.data
    data = data if data is not None else settings.data
    chosen = sources_of(settings, source) or {"": Watched(_choose_source())}
    named, demo = source is not None or bool(settings.cameras), {one.source for one in chosen.values()} == {"demo"}
    if demo and not (named and data_named):
        # The demo's people are none of the owner's, not even where a camera is only unplugged today.
        data = data.with_name(f"{data.name}-demo")
        complain(f"the demo has a folder of its own; to look into it, give other commands --data {data}", level="info")
    page = settings.page.model_copy(update={k: v for k, v in (("host", host), ("port", port)) if v is not None})
    with InstanceLock(data), opened_home(data, model, settings.storage) as (store, doorbell):
        owner = OwnerSettings(read, store.settings)
        settings = owner.settings
        speak_through(speaker(settings.log, print_line))
        doorbell.decide_by(policy_of(settings.recognition))
        if demo:
            _enrol_for_demo(doorbell)
        accounts = Accounts(store.accounts)
        watchers, cameras = watched(doorbell, chosen)
        keeps = keeping_unknown(owner, accounts, demo or once)
        for watcher in watchers.values():
            watcher.keep_unknown(keeps)
        cameras.announcer.listen(Terminal(json, settings.log.as_json))
        sources = opened_sources(cameras, chosen, once=once)
        at_the_door = door_camera(settings, cameras)
        there = at_the_door is not None and sources[tuple(chosen).index(at_the_door)].live
        front = at_the_door if at_the_door is not None else next(iter(chosen))
        opener, checks = door_opener(settings, store, AtTheDoor(watchers[front], doorbell), cameras, front, there)
        # Nor are its visits news for anybody whom the settings name, unless the owner asked for the demo.
        services = [] if demo and not named else services_of(settings, store, doorbell, cameras, opener)
        services += [*checks, opener, housekeeper(lambda: owner.settings, store, cameras)]
        with running(services, cameras), operating(cameras, doorbell, services) as operations:
            if once:
                return watch_once(cameras, sources)
            follow_owner(owner, doorbell, services, there)
            pictures = tuple(f"{one.name}: the picture" for one in sources if "://" in one.name)
            parts = HouseholdParts(owner, store, accounts, tuple(services), pictures)
            if parts.notifier is not None:
                parts.notifier.keeps_unknown = keeps
            door = Door(
                household=doorbell,
                source=", ".join(dict.fromkeys(one.name for one in sources if one.name)),
                memory=doorbell,
                opener=opener,
                parts=parts,
                cameras=tuple(chosen) if len(chosen) > 1 else (),
                ring=cameras.ring,
                links=parts.notifier.links if parts.notifier is not None else None,
            )
            return serve(
                door,
                cameras,
                page,
                lambda: watch_all(cameras, sources, at_its_pace=True, again=chosen),
                cameras.stop,
                accounts=accounts,
                operations=operations,
            )


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
