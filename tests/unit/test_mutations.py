"""The changes that benchmarks/mutants.py makes are small, in code alone, and where they are said to be."""

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parents[2] / "benchmarks"))

from mutations import Mutation, c_mutations, python_mutations


def lines(source: str, found: list[Mutation]) -> set[str]:
    return {mutation.applied(source).strip() for mutation in found}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x < y", {"x <= y"}),
        ("x + 2", {"x - 2", "x + 3", "x + 1"}),
        ("x and not y", {"x or not y", "x and y"}),
        ("min(x, y)", {"max(x, y)"}),
        ("x not in y", {"x in y"}),
        ("a = True", {"a = False"}),
        ("a <<= b", {"a >>= b"}),
        ("def f(): return x", {"def f(): return None"}),
    ],
)
def test_python(before: str, after: set[str]) -> None:
    assert lines(before, python_mutations(before)) == after


@pytest.mark.parametrize(
    "before",
    ['"""1 < 2"""', "# 1 < 2", "raise ValueError(1)", "x: tuple[1]", "@f(1)\nclass C: ...", "zip(a, b, strict=True)"],
)
def test_what_changes_no_result_of_a_right_program_is_left_alone(before: str) -> None:
    assert python_mutations(before) == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("if (x < y) {", {"if (x <= y) {"}),
        ("a = b - *p;", {"a = b + *p;"}),
        ("x += y;", {"x -= y;"}),
        ("i++;", {"i--;"}),
        ("a = INT64_C(2);", {"a = INT64_C(3);", "a = INT64_C(1);"}),
        ("a = x && !y;", {"a = x || !y;", "a = x && y;"}),
        ("return a;", {"return 0;"}),
        ("break;", {"continue;"}),
        ("x = 0;", {"x = 1;"}),
    ],
)
def test_c(before: str, after: set[str]) -> None:
    assert lines(before, c_mutations(before)) == after


@pytest.mark.parametrize("before", ["/* a < 1 */", "// a < 1", 's = "a < 1";', "#define N 5", "int8_t *x, y16;"])
def test_comments_strings_names_and_the_preprocessor_are_left_alone(before: str) -> None:
    assert c_mutations(before) == []


def test_a_change_is_shown_by_its_line() -> None:
    source = "a = 1\nif x:\n    b = a + 2\n"
    (mutation,) = [m for m in python_mutations(source) if m.new == "-"]
    assert mutation.shown(source) == (3, "b = a + 2", "b = a - 2")
