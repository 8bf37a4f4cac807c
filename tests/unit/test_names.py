"""Names: nearly anything, tidied; what cannot be told apart is one name."""

import pytest

from peephole.people.names import LONGEST, clean_name, name_key


@pytest.mark.parametrize(
    "name", ["Anna", "José Ñandú", "小明", "O'Brien; DROP TABLE people", "Anna/../x", "👩‍🚀 Eileen"]
)
def test_any_name_goes(name):
    assert clean_name(name) == name


def test_spacing_is_tidied():
    assert clean_name("  Anna \t Maria ") == "Anna Maria"


@pytest.mark.parametrize("name", ["", "   ", "x" * (LONGEST + 1), "a\x00b", "a\u202eb", "a\ud800b", "M\ufffdller"])
def test_what_cannot_be_shown_is_refused(name):
    with pytest.raises(ValueError, match=r"name"):
        clean_name(name)


def test_an_empty_name_is_said_to_be_missing_to_whoever_it_is_for():
    with pytest.raises(ValueError, match=r"^a person needs a name"):
        clean_name("")
    with pytest.raises(ValueError, match=r"^an account needs a name"):
        clean_name(" ", "an account")


def test_case_spacing_and_width_do_not_count():
    assert name_key("ANNA  maria") == name_key("Anna Maria") == name_key("\uff21\uff4e\uff4e\uff41 Maria")
