"""The pairs file: what is read, and what each fault is called."""

from pathlib import Path

import pytest

from peephole.evaluation.lfw import Pair, picture_name, read_pairs

GOOD = "2\t1\nAnn_Lee\t1\t4\n\nAnn_Lee\t2\tBo\t10\nBo\t1\t2\nBo\t3\tAnn_Lee\t1\n\n"


def _file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "pairs.txt"
    path.write_text(text)
    return path


def test_both_kinds_of_lines_are_read(tmp_path: Path) -> None:
    found = read_pairs(_file(tmp_path, GOOD))
    assert found.folds == 2
    assert found.pairs == (
        Pair("Ann_Lee_0001", "Ann_Lee_0004", True),
        Pair("Ann_Lee_0002", "Bo_0010", False),
        Pair("Bo_0001", "Bo_0002", True),
        Pair("Bo_0003", "Ann_Lee_0001", False),
    )
    assert found.names >= {"Ann_Lee_0001", "Bo_0010"} and len(found.names) == 7


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "empty"),
        ("10\nAnn\t1\t2\n", "line 1 should hold two numbers"),
        ("2\t1\n\nAnn\t1\n", "line 3 has 2 columns"),
        ("2\t1\nAnn\tone\t2\n", "line 2 'one' is not a positive number"),
        ("2\t1\nAnn\t0\t2\n", "line 2 '0' is not a positive number"),
        ("2\t1\nAnn\t1\t2\n", "holds 1 pairs where its first line promises 4"),
        (GOOD.replace("Bo\t1\t2", "Bo\t1\tAnn_Lee\t2"), "fold 2 holds 0 pairs of one person where 1 are promised"),
    ],
)
def test_each_fault_is_named(tmp_path: Path, text: str, fault: str) -> None:
    with pytest.raises(ValueError, match=fault) as caught:
        read_pairs(_file(tmp_path, text))
    assert "pairs.txt" in str(caught.value) and "\n" not in str(caught.value)


def test_a_missing_or_binary_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no such pairs file"):
        read_pairs(tmp_path / "none.txt")
    (tmp_path / "pairs.bin").write_bytes(b"\xff\xfe\x80")
    with pytest.raises(ValueError, match="not a text file"):
        read_pairs(tmp_path / "pairs.bin")


@pytest.mark.parametrize("path", ["A.B/A.B_0001.webp", "lfw/A.B/A.B_0001.JPG", "A.B_0001.png", "A.B/A.B_0001"])
def test_pictures_are_known_by_their_file_name(path: str) -> None:
    assert picture_name(path) == "A.B_0001"


def test_the_published_pairs_are_whole(research_data: Path) -> None:
    found = read_pairs(research_data / "lfw" / "pairs.txt")
    assert (found.folds, len(found.pairs), len(found.names)) == (10, 6000, 7701)
    assert sum(pair.same for pair in found.pairs) == 3000
