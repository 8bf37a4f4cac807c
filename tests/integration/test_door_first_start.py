"""A door that the settings file switches on: nothing moves before a dry run was seen."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

from commands import peephole
from door_parts import Home, long_walk
from doorbell_parts import MORNING, doorbell, store_at
from peephole.cli.operating import operating
from peephole.cli.services import door_opener
from peephole.door.opener import DoorOpener
from peephole.doorbell.events import Problem
from peephole.live import LiveDoorbell, Message
from peephole.settings.household import Settings
from peephole.store.store import Store
from settings_site import Site

ON = {"mode": "on", "actuator": "webhook", "webhook": "text:http://127.0.0.1:9/open"}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with store_at(tmp_path) as opened:
        yield opened


def started(store: Store, camera: bool = True, **door: object) -> tuple[DoorOpener, list[str]]:
    """Start a household's door with these settings, and end it; return it and the problems that were told."""
    bell = doorbell(store)
    live = LiveDoorbell(bell)
    told: list[Message] = []
    live.announcer.listen(told.append)
    opener, _ = door_opener(Settings(door={**ON, **door}), store, bell, live, live.camera, at_the_door=camera)
    with opener:
        pass
    return opener, [one.text for one in told if isinstance(one, Problem)]


def test_the_first_start_is_a_dry_run_and_says_so(store: Store) -> None:
    opener, problems = started(store)
    assert (opener.settings.mode, opener.connections()) == ("dry-run", ())
    assert (problems, opener.trouble()) == ([opener.held], None)
    assert "stays a dry run until its log shows one" in problems[0]


def test_it_is_among_the_problems_and_makes_no_doorbell_unhealthy(store: Store, tmp_path: Path) -> None:
    opener, _ = started(store)
    live = LiveDoorbell(doorbell(store))
    with operating(live, doorbell(store), [opener]) as operations:
        [fault] = [one for one in operations.health.faults() if one.part == "dry-run"]
        assert fault.text == opener.held
        assert not operations.health.failing((dataclasses.replace(fault, since=fault.since - 3600),))
        assert 'peephole_trouble{part="dry-run"} 1.0' in operations.metrics.text().decode()

    toml = '[door]\nmode = "on"\nactuator = "webhook"\nwebhook = "text:http://127.0.0.1:9/"\n'
    site = Site(store, tmp_path, toml)
    site.save("/door", **{"door.least_looks": "7"})  # the first change that its door hears of
    assert "stays a dry run until its log shows one" in site.page("/accounts").split('class="troubles"')[1]
    assert "no camera at the door is watched" not in site.page("/door")


def test_after_a_dry_run_was_seen_it_opens(store: Store) -> None:
    Home(store, mode="dry-run", liveness="off").see(long_walk())
    assert started(store, liveness="required")[0].settings.mode == "dry-run"  # that was without the check
    opener, problems = started(store, liveness="off")
    assert (opener.settings.mode, problems, opener.held) == ("on", [], None)


def test_what_a_recording_shows_is_no_dry_run(store: Store) -> None:
    home = Home(store, mode="dry-run", liveness="off")
    home.opener._live = False
    home.see(long_walk())
    assert home.rows() == [("open", "all_hold", "face", "not_tried")]
    assert started(store, liveness="off")[0].settings.mode == "dry-run"


def test_an_opening_by_hand_is_no_dry_run_and_one_for_a_face_is_more_than_that(store: Store) -> None:
    home = Home(store, liveness="off")
    assert home.opener.open("owner").opened
    assert started(store)[0].settings.mode == "dry-run"
    home.see(long_walk(MORNING + 60))
    assert started(store)[0].settings.mode == "on"


def test_the_file_may_say_otherwise(store: Store) -> None:
    opener, problems = started(store, dry_run_first=False)
    assert (opener.settings.mode, problems) == ("on", [])


def test_where_no_camera_is_watched_that_is_all_that_is_said(store: Store) -> None:
    opener, problems = started(store, camera=False)
    assert (opener.settings.mode, problems) == ("dry-run", [])


def test_the_command_line_says_so_too(tmp_path: Path) -> None:
    config = tmp_path / "peephole.toml"
    config.write_text('[door]\nmode = "on"\nactuator = "webhook"\nwebhook = "text:http://127.0.0.1:9/"\n')
    status = peephole("door", "status", "--data", str(tmp_path / "data"), "--config", str(config))
    assert "stays a dry run until its log shows one" in status.stdout
