"""`peephole run` with masks and zones: what is hidden stays hidden, and faces are looked at in the zone alone."""

import json
from pathlib import Path

import cv2

from commands import assert_one_line, peephole
from running import model_arguments

ALMOST_ALL = "[[0, 0], [1, 0], [1, 0.95], [0, 0.95]]"
MIDDLE = "[[0.25, 0.1], [0.75, 0.1], [0.75, 0.9], [0.25, 0.9]]"
ALL = "[[0, 0], [1, 0], [1, 1], [0, 1]]"
CORNER = "[[0, 0], [0.2, 0], [0.2, 0.3], [0, 0.3]]"
CAMERAS = {"whole": "", "masked": f"masks = [{ALMOST_ALL}]", "aside": f"zone = {CORNER}", "before": f"zone = {MIDDLE}"}


def events(tmp_path: Path, *arguments: object) -> list[dict[str, object]]:
    done = peephole(
        "run", "--once", "--json", "--data", tmp_path / "data", "--config", tmp_path / "peephole.toml", *arguments
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_only_where_somebody_can_be_seen_there_are_visits(tmp_path: Path) -> None:
    (tmp_path / "peephole.toml").write_text(
        "".join(f'[[cameras]]\nname = "{name}"\nsource = "demo"\n{more}\n' for name, more in CAMERAS.items())
    )
    ended = [one for one in events(tmp_path, *model_arguments()) if one["event"] == "visit"]
    assert sorted(str(one["camera"]) for one in ended) == ["before", "before", "whole", "whole"]


def test_a_mask_holds_for_the_same_source_however_it_is_named(tmp_path: Path) -> None:
    (tmp_path / "peephole.toml").write_text(
        f'[[cameras]]\nname = "front"\nsource = "demo"\n{CAMERAS["masked"]}\n'
        '[[cameras]]\nname = "garden"\nsource = "camera:1"\n'
    )
    assert events(tmp_path, *model_arguments(), "--source", "demo") == []


def test_a_picture_to_find_the_points_in_shows_what_was_drawn_and_no_more(tmp_path: Path) -> None:
    config, file = tmp_path / "peephole.toml", tmp_path / "where.png"
    config.write_text(f'[[cameras]]\nname = "front"\nsource = "demo"\nmasks = [{ALMOST_ALL}]\nzone = {ALL}\n')
    done = peephole("cameras", "picture", "-o", file, "--config", config, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == {
        "file": str(file), "camera": "front", "source": "the demo", "width": 768, "height": 432
    }  # fmt: skip
    image = cv2.imread(str(file))
    grid = [(round(tenth * 76.8), round(tenth * 43.2)) for tenth in range(1, 10)]
    for number, (across, down) in enumerate(grid):
        assert image[100 + number, across].max() > 90 and image[down, 150 + number].max() > 90
    assert image[100, 100].max() == 0 and image[425, 100].max() > 0
    assert_one_line(peephole("cameras", "picture", "-o", file, "--config", config), 1, "is there already; --force")
    other = ("cameras", "picture", "-o", tmp_path / "other.png", "--config", config)
    assert_one_line(peephole(*other, "--camera", "attic"), 1, "attic: no camera of this name")
    assert peephole("cameras", "picture", "-o", tmp_path / "other.gif", "--config", config).returncode == 2
    config.write_text("")
    assert_one_line(peephole(*other), 1, "there is no camera in the settings; name one of the [[cameras]]")
