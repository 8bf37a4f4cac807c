"""What `peephole identify` says of a face: who it is only where that is decided, who is nearest always."""

import pytest

from peephole.cli.identify import face_json, face_line
from peephole.doorbell.photos import IdentifiedFace
from peephole.doorbell.visit import Decision, Kind
from peephole.vision.detector import Box


def face(kind: Kind, name: str | None) -> IdentifiedFace:
    return IdentifiedFace(Box(10, 20, 90, 90), name, Decision(kind, None, 310, None, "looks_agree", ""))


@pytest.mark.parametrize(
    ("kind", "name", "person", "words"),
    [
        ("known", "Anna", "Anna", ": known, Anna at 0.62 ("),
        ("stranger", "Anna", None, ": stranger, nearest Anna at 0.62 ("),
        ("unsure", "Anna", None, ": unsure, nearest Anna at 0.62 ("),
        ("stranger", None, None, ": stranger ("),
    ],
)
def test_person_is_who_it_was(kind: Kind, name: str | None, person: str | None, words: str) -> None:
    said = face_json(face(kind, name))
    assert (said["decision"], said["person"], said["nearest"]) == (kind, person, name)
    assert words in face_line(said, known=500)
