"""What names look like on a terminal."""

import pytest

from peephole.cli.output import counted, local_time, plain, print_table

FAMILY = "\N{MAN}\u200d\N{WOMAN}\u200d\N{GIRL}"


def test_what_could_move_the_cursor_is_spelt_out_and_joined_emoji_stay() -> None:
    assert plain("A\x1b[2J\n\u202eB") == "A\\x1b[2J\\n\\u202eB"
    assert plain(FAMILY) == FAMILY


def test_columns_stand_below_each_other_however_wide_letters_are(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("name", "looks"), [("Ada", 1), ("\u82b1\u5b50", 12), ("e\u0301", 3)])
    lines = capsys.readouterr().out.splitlines()
    assert lines == ["name  looks", "Ada       1", "\u82b1\u5b50     12", "e\u0301         3"]


def test_one_and_many() -> None:
    assert [counted(count, "person") for count in (0, 1, 2)] == ["0 people", "1 person", "2 people"]
    assert [counted(count, "look") for count in (1, 1000)] == ["1 look", "1,000 looks"]


def test_a_time_to_the_minute_or_the_second() -> None:
    assert local_time(None) == "-"
    assert local_time(60.0, seconds=True) == f"{local_time(60.0)}:00"
