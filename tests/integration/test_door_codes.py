"""A code that opens the door, and how soon guessing ends."""

from pathlib import Path

import pytest

from door_parts import Home, long_walk
from doorbell_parts import MORNING, store_at


def test_wrong_codes_make_codes_wait_and_nobody_else(tmp_path: Path) -> None:
    with store_at(tmp_path) as store:
        home = Home(store, lock_out_after=3, lock_out_minutes=15)
        assert home.opener.open_with_code("mqtt", right=True).opened
        answers = [home.opener.open_with_code("mqtt", right=False).text for _ in range(4)]
        assert answers == ["the code is wrong"] * 3 + ["too many wrong codes; codes wait"]
        assert not home.opener.open_with_code("mqtt", right=True).opened
        assert home.rows()[1:] == [("shut", "wrong_code", "mqtt", "not_tried")] * 3
        assert home.opener.status().locked_until is None
        home.see(long_walk())
        assert home.rows()[-1] == ("open", "all_hold", "face", "done")
        home.now = MORNING + 16 * 60
        assert home.opener.open_with_code("mqtt", right=True).opened


def test_the_owner_ends_the_waiting(tmp_path: Path) -> None:
    with store_at(tmp_path) as store:
        home = Home(store, lock_out_after=1)
        home.opener.open_with_code("mqtt", right=False)
        home.now += 1
        home.opener.reset_lock_out("owner")
        home.now += 1
        assert home.opener.open_with_code("mqtt", right=True).opened


@pytest.mark.parametrize("right", [True, False])
def test_a_door_that_is_off_takes_no_code(tmp_path: Path, right: bool) -> None:
    with store_at(tmp_path) as store:
        home = Home(store, mode="off")
        assert home.opener.open_with_code("mqtt", right).text == home.opener.open("owner").text
        assert home.rows() == []
