"""Embedding, evaluating, quantizing and describing from the command line, on made-up pictures and a tiny network."""

import json
from pathlib import Path

import numpy as np
import pytest

from commands import assert_one_line, astronaut, peephole, png, tar_of, tiny_network, tiny_program
from peephole.engine import Engine
from peephole.fixedpoint.program import IntegerProgram
from peephole.vision.crop import crop_face
from peephole.vision.detector import Box

# Two folds of two pairs of each kind, over eight people with two pictures each.
PAIRS = "2\t2\n" + "".join(
    f"P{a}\t1\t2\nP{a + 1}\t1\t2\nP{a}\t1\tP{a + 1}\t2\nP{a + 1}\t1\tP{a + 2}\t1\n" for a in (0, 3)
)


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """Eight people whose two pictures differ by a little noise."""
    rng = np.random.default_rng(5)
    members = {}
    for person in range(8):
        face = rng.integers(0, 256, (10, 10)).astype(np.uint8).repeat(10, 0).repeat(10, 1)
        for number in (1, 2):
            picture = np.clip(face.astype(int) + rng.integers(-9, 10, face.shape), 0, 255).astype(np.uint8)
            members[f"P{person}/P{person}_{number:04d}.png"] = png(picture)
    tar_of(tmp_path / "faces.tar", members)
    (tmp_path / "pairs.txt").write_text(PAIRS)
    tiny_program(tmp_path / "p.safetensors")
    tiny_network().save(tmp_path / "float.safetensors")
    return tmp_path


def _lfw(pack: Path, *more: object) -> dict[str, float]:
    done = peephole("evaluate", "lfw", "--images", pack / "faces.tar", "--pairs", pack / "pairs.txt", "--json", *more)
    assert (done.returncode, done.stderr) == (0, "")
    report: dict[str, float] = json.loads(done.stdout)
    return report


@pytest.mark.parametrize("metric", ["l2", "l2norm", "cosine", "l1"])
def test_evaluation_tells_people_apart(pack: Path, metric: str) -> None:
    report = _lfw(pack, "--model", pack / "p.safetensors", "--crop", "center", "--metric", metric)
    # With two pairs of a kind to choose a threshold by, one of the other fold may fall on its wrong side.
    assert report["auc"] == 1.0 and report["accuracy"] >= 0.75
    assert (report["tar_at_far_1e-2"], report["tar_at_far_1e-3"]) == (1.0, 1.0)
    assert (report["pairs"], report["missed"]) == (8, 0)
    assert report["threshold"] > 0
    assert ("threshold_squared" in report) == (metric == "l2")


def test_float_and_integers_agree(pack: Path) -> None:
    integer = _lfw(pack, "--model", pack / "p.safetensors", "--crop", "center")
    other = _lfw(pack, "--model", pack / "float.safetensors", "--crop", "center", "--arithmetic", "float")
    assert integer["accuracy"] == other["accuracy"]
    frac_bits = IntegerProgram.load(pack / "p.safetensors").tensor("descriptor").frac_bits
    assert integer["threshold"] / 2**frac_bits == pytest.approx(other["threshold"], rel=0.01)


def test_pictures_without_a_face_are_counted_not_hidden(pack: Path) -> None:
    report = _lfw(pack, "--model", pack / "p.safetensors", "--crop", "detect")
    # No detector should see a face in this noise; all eight pairs then count as errors in the stricter figure.
    assert (report["missed"], report["missed_pairs"]) == (10, 8)
    assert report["accuracy"] > 0.5 and report["accuracy_missed_wrong"] == 0.0


def test_evaluation_refuses_what_does_not_fit(pack: Path) -> None:
    tar_of(pack / "few.tar", {"P0/P0_0001.png": png(np.zeros((8, 8), np.uint8))})
    model = ("--model", pack / "p.safetensors")
    lfw = ("evaluate", "lfw", "--pairs", pack / "pairs.txt")
    assert_one_line(peephole(*lfw, "--images", pack / "few.tar", *model), 1, "few.tar: lacks P0_0002 and 8 more")
    assert_one_line(
        peephole(*lfw, "--images", pack / "pairs.txt", *model),
        1,
        "pairs.txt: not a whole tar file, nor a folder of pictures; name another, or fetch it again\n",
    )
    floating = ("--arithmetic", "float")
    assert_one_line(peephole(*lfw, "--images", pack / "faces.tar", *floating), 2, "--model CHECKPOINT")
    points = ("--crop", "detect", "--landmarks", pack / "points.npz")
    assert_one_line(peephole(*lfw, "--images", pack / "faces.tar", *model, *points), 2, "is for --crop aligned")
    wrong = (*model, *floating)
    assert_one_line(peephole(*lfw, "--images", pack / "faces.tar", *wrong), 1, "p.safetensors")


def test_embedding_is_what_the_engine_computes(pack: Path) -> None:
    picture = astronaut()
    (pack / "album" / "Zoë's").mkdir(parents=True)
    (pack / "album" / "Zoë's" / "1.png").write_bytes(png(picture))
    (pack / "album" / "wall.png").write_bytes(png(np.full((90, 90), 90, np.uint8)))
    out = pack / "out.npz"
    out.write_text("an older file")
    done = peephole(
        "embed", "--images", pack / "album", "-o", out, "--model", pack / "p.safetensors", "--json", "--crop", "detect"
    )
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    assert (told["pictures"], told["faces"], told["missed"]) == (2, 1, ["wall.png"])
    with np.load(out) as arrays:
        assert arrays["name"].tolist() == ["Zoë's/1.png"]
        assert (arrays["descriptor"].dtype, arrays["descriptor"].shape) == (np.int16, (1, 32))
        assert arrays["missed"].tolist() == ["wall.png"]
    centred = ("--crop", "center", "--model", pack / "p.safetensors")
    assert peephole("embed", "--images", pack / "album", "-o", out, *centred).returncode == 0
    program = IntegerProgram.load(pack / "p.safetensors")
    side = 260 * 118 // 250
    box = Box((260 - side) // 2, (260 - side) // 2, side, side)
    expected = Engine(program).descriptor(crop_face(picture, box, 64))
    with np.load(out) as arrays:
        assert arrays["name"].tolist() == ["Zoë's/1.png", "wall.png"]
        assert (arrays["descriptor"][0] == expected).all()
        assert str(arrays["model_id"]) == program.model_id


def test_a_broken_picture_leaves_the_older_file(pack: Path) -> None:
    tar_of(pack / "bad.tar", {"a.png": png(np.zeros((80, 80), np.uint8)), "b.png": b"no picture"})
    out = pack / "out.npz"
    out.write_text("an older file")
    arguments = (
        "embed",
        "--images",
        pack / "bad.tar",
        "-o",
        out,
        "--crop",
        "center",
        "--model",
        pack / "p.safetensors",
    )
    assert_one_line(peephole(*arguments), 1, "bad.tar: b.png: not an image")
    assert out.read_text() == "an older file"
    assert [p.name for p in pack.iterdir() if p.name.startswith(".out")] == []


def test_landmarks_are_used_where_there_are_some(pack: Path) -> None:
    points = np.array([[60, 90], [130, 95], [92, 130], [70, 165], [120, 168]], np.float32)
    np.savez(pack / "points.npz", names=np.array(["one"]), landmarks=points[None])
    tar_of(pack / "two.tar", {"one.png": png(astronaut()), "two.png": png(astronaut())})
    aligned = ("--crop", "aligned", "--landmarks", pack / "points.npz", "--model", pack / "p.safetensors", "--json")
    done = peephole("embed", "--images", pack / "two.tar", "-o", pack / "o.npz", *aligned)
    told = json.loads(done.stdout)
    assert (told["faces"], told["missed"]) == (1, ["two.png"])
    (pack / "points.npz").write_text("no arrays")
    assert_one_line(peephole("embed", "--images", pack / "two.tar", "-o", pack / "o.npz", *aligned), 1, "points.npz")


def test_describe_and_quantize(pack: Path) -> None:
    out = pack / "q.safetensors"
    arguments = ("quantize", pack / "float.safetensors", "--calibration", pack / "faces.tar", "-o", out)
    done = peephole(*arguments, "--json")
    assert done.returncode == 0 and done.stderr == (
        "peephole: no thresholds: SRC is not the packed training faces; no doorbell can decide by this program\n"
    )
    report = json.loads(done.stdout)
    described = json.loads(peephole("describe", out, "--json").stdout)
    assert report["model_id"] == described["model_id"]
    assert described["calibration"] is None and [layer["name"] for layer in described["layers"]] == [
        layer.name for layer in tiny_network().layers
    ]
    assert "no thresholds" in peephole("describe", out).stdout
    assert "0.001" in peephole("describe", pack / "p.safetensors").stdout
    assert_one_line(peephole(*arguments, "--bits", "3"), 1, "3 bits are not supported")
    (pack / "no.ckpt").write_text("no checkpoint")
    foreign = ("quantize", pack / "no.ckpt", "--calibration", pack / "faces.tar", "-o", out)
    assert_one_line(peephole(*foreign), 1, "no.ckpt: not a checkpoint of peephole train")


def test_what_a_command_reads_is_not_written_over(pack: Path, tmp_path: Path) -> None:
    start = tmp_path / "float.safetensors"
    start.write_bytes((pack / "float.safetensors").read_bytes())
    before = start.read_bytes()
    calibrated = ("--calibration", pack / "faces.tar")
    assert_one_line(peephole("quantize", start, *calibrated, "-o", start), 1, "would be replaced; name another file")
    assert start.read_bytes() == before
    assert_one_line(peephole("quantize", start, *calibrated, "-o", tmp_path / "p.ckpt"), 1, "ends so")
    tar = tmp_path / "two.npz"  # a tar of this name, to be taken for the output
    tar.write_bytes((pack / "faces.tar").read_bytes())
    assert_one_line(peephole("embed", "--images", tar, "-o", tar), 1, "would be replaced")
    assert_one_line(peephole("embed", "--images", tar, "-o", tmp_path / "a.jpg"), 1, "ends so")
    assert tar.read_bytes() == (pack / "faces.tar").read_bytes()


def test_quantize_measures_thresholds_on_packed_faces(tmp_path: Path) -> None:
    face, rng = astronaut(), np.random.default_rng(2)
    keys = [f"made-{number:05d}" for number in range(60)]
    pictures = {
        f"{key}.png": png(np.clip(face + rng.normal(0, 2 + 2 * (i // 3), face.shape), 0, 255).astype(np.uint8))
        for i, key in enumerate(keys)
    }
    tar_of(tmp_path / "train-000.tar", pictures)
    landmarks = np.array([[60, 90], [130, 95], [92, 130], [70, 165], [120, 168]], np.float32)
    np.savez(
        tmp_path / "index.npz",
        key=np.array(keys),
        identity=(np.arange(60) // 3).astype(np.int32),
        landmarks=np.repeat(landmarks[None], 60, 0),
        teacher=np.eye(60, 128, dtype=np.float16),
    )
    tiny_network().save(tmp_path / "float.safetensors")
    out = tmp_path / "q.safetensors"
    held = ("--held-out", 10, "--seed", 4)
    refused = peephole("quantize", tmp_path / "float.safetensors", "--calibration", tmp_path, "-o", out)
    assert refused.returncode == 1 and "whom its training held out; give --held-out" in refused.stderr
    assert not out.exists()
    done = peephole("quantize", tmp_path / "float.safetensors", "--calibration", tmp_path, "-o", out, *held)
    assert (done.returncode, done.stderr) == (0, "")
    calibration = IntegerProgram.load(out).calibration
    assert calibration is not None and "10 people held out of the run" in calibration.source
    # 10 people with 3 pictures: 405 pairs, of which ten or more must be accepted: 3 % and 10 %.
    assert "405 pairs" in calibration.source
    assert [rate for rate, _ in calibration.points] == [0.03, 0.1]


def test_training_refuses_a_config_with_a_fault(tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text("data = ")
    assert_one_line(peephole("train", tmp_path / "c.toml"), 1, "c.toml", "TOML")
    (tmp_path / "c.toml").write_text('data = "x"\n')
    assert_one_line(peephole("train", tmp_path / "c.toml"), 1, "c.toml")
