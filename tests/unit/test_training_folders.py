"""Training faces from folders of people as VGGFace2, CASIA-WebFace and LFW are published."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from peephole.training import find_faces
from peephole.training.config import SourceConfig
from peephole.training.faces import PackedFaces
from peephole.training.find_faces import window_of_box
from peephole.training.folders import CROP_ROOM, CROP_SIDE, FolderFaces, load_faces
from peephole.training.overlap import normalised, people_of_pairs, shared_people, without_overlap
from peephole.vision.detector import Box
from training_faces import patterns, picture, template_points, write_pack, write_picture

CENTER = SourceConfig(face="center")


def _write(root: Path, names: list[str], side: int = 250) -> None:
    for number, name in enumerate(names):
        write_picture(root / name, picture(patterns(len(names))[number], side))


def _load(folder: Path, source: SourceConfig = CENTER) -> FolderFaces:
    faces = load_faces(folder, source, folder.parent / "cache")
    assert isinstance(faces, FolderFaces)
    return faces


def test_vggface2_as_published(tmp_path: Path) -> None:
    root = tmp_path / "VGGFace2"
    _write(root, ["train/n000002/0001_01.jpg", "train/n000002/0002_01.jpg", "train/n000009/0001_02.jpg"])
    (root / "identity_meta.csv").write_text(
        "Class_ID, Name, Sample_Num, Flag, Gender\n"
        'n000002, "Aaron_Peirsol", 424, 1, m\n'
        'n000003, "Somebody_Else", 100, 1, f\n'
    )
    faces = _load(root)
    assert faces.identity.tolist() == [0, 0, 1]
    assert faces.names == ("Aaron_Peirsol", "")  # n000009 is in no table
    assert faces.crops.files == ["n000002/0001_01.jpg", "n000002/0002_01.jpg", "n000009/0001_02.jpg"]
    assert faces.teacher.shape == (3, 0)


def test_casia_webface_as_published(tmp_path: Path) -> None:
    root = tmp_path / "CASIA"
    _write(root, ["0000045/001.jpg", "0000045/002.jpg", "0000099/001.jpg"])
    (root / "names.txt").write_text("0000045 A.J._Buckley\n0000099 Aaron Ashmore\n")
    faces = _load(root)
    assert faces.identity.tolist() == [0, 0, 1]
    assert faces.names == ("A.J._Buckley", "Aaron Ashmore")


def test_numbered_people_without_a_table_have_no_name(tmp_path: Path) -> None:
    _write(tmp_path / "CASIA", ["0000045/001.jpg"])
    assert _load(tmp_path / "CASIA").names == ("",)


def test_lfw_as_published(tmp_path: Path) -> None:
    _write(tmp_path / "lfw", ["Aaron_Peirsol/Aaron_Peirsol_0001.jpg", "Zico/Zico_0001.jpg", "Zico/Zico_0002.jpg"])
    faces = _load(tmp_path / "lfw")
    assert faces.identity.tolist() == [0, 1, 1]
    assert faces.names == ("Aaron Peirsol", "Zico")


def test_packed_shards_are_read_by_the_same_call(tmp_path: Path) -> None:
    write_pack(tmp_path / "pack", people=2, images=2)
    faces = load_faces(tmp_path / "pack", SourceConfig(), tmp_path / "cache")
    assert isinstance(faces, PackedFaces)
    assert len(faces) == 4 and len(faces.names) == 0
    np.testing.assert_allclose(faces.windows[0], [71.5, 71.5, 112, 0], atol=1e-3)


def test_the_middle_is_the_protocols_box_and_its_crop_has_room_around_the_window(tmp_path: Path) -> None:
    _write(tmp_path / "lfw", ["Zico/Zico_0001.png"])
    faces = _load(tmp_path / "lfw")
    np.testing.assert_allclose(faces.crops.windows[0], window_of_box(Box(66, 66, 118, 118)), rtol=1e-6)
    assert faces.crops[0].shape == (CROP_SIDE, CROP_SIDE)
    np.testing.assert_allclose(faces.windows[0], [71.5, 71.5, CROP_SIDE / CROP_ROOM, 0], rtol=1e-6)


@pytest.mark.parametrize("side", [250, 1500])
def test_the_window_in_the_crop_shows_what_the_window_in_the_picture_shows(tmp_path: Path, side: int) -> None:
    from peephole.training.augmentation import crop

    _write(tmp_path / "lfw", ["Zico/Zico_0001.png"], side)
    faces = _load(tmp_path / "lfw")
    direct = crop(picture(patterns(1)[0], side), faces.crops.windows[0], 512)
    direct = cv2.resize(direct, (64, 64), interpolation=cv2.INTER_AREA)
    assert np.abs(crop(faces.crops[0], faces.windows[0], 64).astype(float) - direct).mean() < 3


def test_the_detector_finds_the_face_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The detector is asked for a picture's face; a second start asks it nothing."""
    _write(tmp_path / "lfw", ["Zico/Zico_0001.png", "Zico/Zico_0002.png"])
    asked = []

    def found(grey: np.ndarray, _: object) -> find_faces.Window:
        asked.append(grey.shape)
        return (100.0, 120.0, 90.0, 0.0)

    monkeypatch.setattr(find_faces, "_detected", found)
    for _ in range(2):
        faces = _load(tmp_path / "lfw", SourceConfig())
        assert asked == [(250, 250)] * 2
        assert faces.crops.windows.tolist() == [[100, 120, 90, 0]] * 2


def test_a_picture_without_a_face_gives_its_middle(tmp_path: Path) -> None:
    write_picture(tmp_path / "lfw/Zico/Zico_0001.png", np.full((500, 500), 90, np.uint8))
    detected = _load(tmp_path / "lfw", SourceConfig(face="detect")).crops.windows
    center = _load(tmp_path / "lfw", CENTER).crops.windows
    np.testing.assert_allclose(detected, center, atol=1.0)


@pytest.mark.parametrize("kind", ["npz", "csv"])
def test_landmarks_that_came_with_the_pictures(tmp_path: Path, kind: str) -> None:
    _write(tmp_path / "vgg", ["train/n000002/0001_01.jpg"], 144)
    points, path = template_points(144), tmp_path / f"points.{kind}"
    if kind == "npz":
        np.savez(path, names=np.array(["n000002/0001_01"]), landmarks=points[None])
    else:
        cells = ",".join(str(v) for v in points.ravel())
        path.write_text(f'NAME_ID,P1X,P1Y,P2X,P2Y,P3X,P3Y,P4X,P4Y,P5X,P5Y\n"n000002/0001_01",{cells}\n')
    faces = _load(tmp_path / "vgg", SourceConfig(landmarks=path))
    np.testing.assert_allclose(faces.crops.windows[0], [71.5, 71.5, 112, 0], atol=1e-2)


def test_landmarks_that_lack_a_picture_are_named(tmp_path: Path) -> None:
    _write(tmp_path / "lfw", ["Zico/Zico_0001.jpg"])
    np.savez(tmp_path / "points.npz", names=np.array(["Zico/Zico_0009"]), landmarks=template_points()[None])
    with pytest.raises(ValueError, match=r"points\.npz: lacks 'Zico/Zico_0001'"):
        _load(tmp_path / "lfw", SourceConfig(landmarks=tmp_path / "points.npz"))


def test_a_folder_of_something_else_is_named(tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes/readme.txt").write_text("no pictures")
    with pytest.raises(ValueError, match="notes: holds neither packed faces"):
        load_faces(tmp_path / "notes", CENTER, tmp_path)
    with pytest.raises(FileNotFoundError, match="nowhere: no such folder"):
        load_faces(tmp_path / "nowhere", CENTER, tmp_path)


def test_a_picture_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    _write(tmp_path / "lfw", ["Zico/Zico_0001.jpg"])
    (tmp_path / "lfw/Zico/Zico_0002.jpg").write_bytes(b"junk")
    with pytest.raises(ValueError, match=r"Zico_0002\.jpg: not an image"):
        _load(tmp_path / "lfw")


PAIRS = "2\t1\nAaron_Peirsol\t1\t2\nZico\t1\tBeyonce_Knowles\t1\nZico\t1\t2\nZico\t2\tAaron_Peirsol\t1\n"


@pytest.mark.parametrize(
    ("one", "other"),
    [("Beyoncé_Knowles", "beyonce  KNOWLES"), ("A.J._Buckley", "A J Buckley"), ("Jean-Luc Picard", "jean luc picard")],
)
def test_names_are_compared_without_accents_case_and_punctuation(one: str, other: str) -> None:
    assert normalised(one) == normalised(other)


def test_different_names_stay_different() -> None:
    assert len({normalised(name) for name in ("Ann Lee", "Anna Lee", "Lee Ann")}) == 3


def test_people_of_the_evaluation_set_are_refused_or_left_out(tmp_path: Path) -> None:
    (tmp_path / "pairs.txt").write_text(PAIRS)
    measured_on = people_of_pairs(tmp_path / "pairs.txt")
    assert measured_on == {"Aaron_Peirsol", "Zico", "Beyonce_Knowles"}
    _write(tmp_path / "set", ["Beyoncé Knowles/1.jpg", "Beyoncé Knowles/2.jpg", "Other/1.jpg", "ZICO/1.jpg"])
    faces, rows = _load(tmp_path / "set"), np.arange(4)
    assert [faces.names[i] for i in shared_people(faces, measured_on)] == ["Beyoncé Knowles", "ZICO"]
    with pytest.raises(
        ValueError, match=r"2 people .* evaluation set too: Beyoncé Knowles, ZICO; remove their folders"
    ):
        without_overlap(faces, rows, measured_on, "refuse")
    assert without_overlap(faces, rows, measured_on, "leave out").tolist() == [2]
    # Who is not trained on may be measured.
    assert without_overlap(faces, rows[2:3], measured_on, "refuse").tolist() == [2]


def test_only_the_first_of_many_shared_people_are_named(tmp_path: Path) -> None:
    names = [f"Person {letter}" for letter in "ABCDEFGH"]
    _write(tmp_path / "set", [f"{name}/1.jpg" for name in names])
    faces = _load(tmp_path / "set")
    with pytest.raises(ValueError, match=r"8 people .*: Person A, Person B, Person C, Person D, Person E and 3 more;"):
        without_overlap(faces, np.arange(8), names, "refuse")


def test_people_without_names_cannot_be_compared(tmp_path: Path) -> None:
    write_pack(tmp_path / "pack", people=2, images=2)
    faces = load_faces(tmp_path / "pack", CENTER, tmp_path / "cache")
    assert without_overlap(faces, np.arange(4), ["Zico"], "refuse").tolist() == [0, 1, 2, 3]
