"""Training of the landmark network: points follow every change of the picture, and a run learns and goes on exactly."""

import io
import math
import tarfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("lightning")

from commands import assert_one_line, peephole  # noqa: E402
from peephole.alignment import LANDMARK_WINDOW_DOWN, LANDMARK_WINDOW_SIDE, TEMPLATE, template_windows  # noqa: E402
from peephole.fixedpoint.program import IntegerProgram  # noqa: E402
from peephole.models.landmarks import SIDE, LandmarkNet  # noqa: E402
from peephole.training import trainer  # noqa: E402
from peephole.training.augmentation import Augmentation, crop  # noqa: E402
from peephole.training.landmark_config import LandmarkConfig  # noqa: E402
from peephole.training.landmark_windows import (  # noqa: E402
    MEASURED,
    Scatter,
    Windows,
    points_in_window,
    scattered_window,
)
from peephole.training.landmarks import LandmarkTraining, landmark_loss, normalised_mean_error, train  # noqa: E402
from peephole.training.trainer import Launch  # noqa: E402

# Lightning's own: a deprecated torch call, and advice on loader workers that two cores cannot follow.
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*LeafSpec.*:FutureWarning"),
    pytest.mark.filterwarnings("ignore:.*does not have many workers.*"),
]

CROP = 144
PLAIN = Augmentation(light=0, blur=0, small=0, noise=0, cover=0)


def dotted(points: Any) -> Any:
    """A picture with a round spot on each point, each of its own brightness."""
    y, x = np.mgrid[:CROP, :CROP]
    image = np.full((CROP, CROP), 40.0)
    for level, (px, py) in zip((250, 210, 170, 130, 90), points, strict=True):
        near = np.exp(-((x - px) ** 2 + (y - py) ** 2) / (2 * 2.5**2))
        image += (level - 40) * near
    return np.clip(image, 0, 255).astype(np.uint8)


def a_face(rng: np.random.Generator, spread: float = 2.0) -> Any:
    turn, scale = rng.normal(0, 0.15), rng.uniform(0.85, 1.05)
    matrix = scale * np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
    return ((TEMPLATE - 55.5) @ matrix.T + 72 + rng.normal(0, spread, (5, 2))).astype(np.float32)


def spot(image: Any, x: float, y: float) -> tuple[float, float]:
    """The middle of the bright spot near a place."""
    left, top = max(0, round(x) - 4), max(0, round(y) - 4)
    part = image[top : top + 9, left : left + 9].astype(float) - 41
    part = np.clip(part, 0, None)
    rows, columns = np.mgrid[: part.shape[0], : part.shape[1]]
    return left + float((columns * part).sum() / part.sum()), top + float((rows * part).sum() / part.sum())


@pytest.mark.parametrize("mirror", [False, True])
def test_the_told_points_are_where_the_spots_are(mirror: bool) -> None:
    rng = np.random.default_rng(3)
    for _ in range(20):
        landmarks = a_face(rng, spread=0.5)
        window = template_windows(landmarks[None])[0].astype(np.float32)
        chosen = scattered_window(window, Windows(), rng)
        image = crop(dotted(landmarks), chosen, SIDE, mirror)
        points = points_in_window(landmarks, chosen, SIDE, mirror) * (SIDE / 2) + (SIDE - 1) / 2
        for x, y in points:
            if min(x, y) > 5 and max(x, y) < SIDE - 6:
                assert np.hypot(*np.subtract(spot(image, x, y), (x, y))) < 0.2


def test_a_mirrored_face_keeps_its_left_eye_on_the_left() -> None:
    """The image-left eye is the brightest spot; mirrored, the other one, the second brightest, comes to the left."""
    landmarks = a_face(np.random.default_rng(1))
    window = template_windows(landmarks[None])[0].astype(np.float32)
    for mirror in (False, True):
        points = points_in_window(landmarks, window, SIDE, mirror)
        assert points[0, 0] < points[1, 0] and points[3, 0] < points[4, 0]
        image = crop(dotted(landmarks), window, SIDE, mirror)
        places = np.rint(points * (SIDE / 2) + (SIDE - 1) / 2).astype(int)
        left, right = (int(image[y - 2 : y + 3, x - 2 : x + 3].sum()) for x, y in places[:2])
        assert (left < right) if mirror else (left > right)


def test_windows_lie_as_the_detectors_boxes_were_measured() -> None:
    """In units of the template's window, upright and turned ones alike: the pack says 0.89 +- 0.10 times 5/4, 0.07."""
    rng = np.random.default_rng(0)
    template = np.array([70, 60, 100, 0.3], np.float32)
    drawn = np.array([scattered_window(template, MEASURED, rng) for _ in range(4000)])
    assert drawn[:, 2].mean() / 100 == pytest.approx(LANDMARK_WINDOW_SIDE, abs=0.02)
    assert drawn[:, 2].std() / 100 / 1.25 == pytest.approx(0.10, abs=0.01)
    assert (drawn[:, :2].mean(0) - template[:2]) / 100 == pytest.approx([0, LANDMARK_WINDOW_DOWN], abs=0.005)
    assert (drawn[:, :2].std(0)) / 100 == pytest.approx([0.05, 0.03], abs=0.005)
    assert (drawn[:, 3] == 0).all()


def test_a_second_look_turns_with_the_face() -> None:
    exact = Scatter(0.0, 0.0, 0.0, 0.0)
    window = scattered_window(
        np.array([70, 60, 100, 0.5], np.float32), Windows(1.0, exact, exact), np.random.default_rng(0)
    )
    down = 100 * LANDMARK_WINDOW_DOWN
    expected = [70 - down * math.sin(0.5), 60 + down * math.cos(0.5), 100 * LANDMARK_WINDOW_SIDE, 0.5]
    np.testing.assert_allclose(window, expected, rtol=1e-5)


def test_errors_are_in_distances_between_the_eyes() -> None:
    points = torch.tensor([[[-0.2, 0.0], [0.2, 0.0], [0.0, 0.2], [-0.1, 0.4], [0.1, 0.4]]])
    found = points.clone()
    found[0, 2, 0] += 0.04  # a tenth of the distance between the eyes, on one of five points
    assert normalised_mean_error(found.flatten(1), points).item() == pytest.approx(0.02)
    assert landmark_loss(found.flatten(1), points, bend=0.02).item() == pytest.approx((0.1 - 0.01) / 10)
    assert landmark_loss(found.flatten(1), points, bend=1.0).item() == pytest.approx(0.5 * 0.1**2 / 10)


def test_the_network_is_as_small_as_it_says() -> None:
    network = LandmarkNet()
    assert sum(p.numel() for p in network.parameters()) == 52_282
    assert network(torch.zeros(2, 1, SIDE, SIDE)).shape == (2, 10)


@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_held_out_errors_are_summed_up_wherever_they_lie(
    config: LandmarkConfig, monkeypatch: pytest.MonkeyPatch, device: str
) -> None:
    """The meta device stands for a GPU: it refuses to compute with what lies elsewhere."""
    module, logged = LandmarkTraining(config), {}
    monkeypatch.setattr(module, "log_dict", logged.update)
    monkeypatch.setattr(module, "log", lambda name, value, prog_bar: logged.update({name: value}))
    module.held_out = [torch.arange(0.0, 60.0, device=device), torch.arange(60.0, 101.0, device=device)]
    module.on_validation_epoch_end()
    assert {value.device.type for value in logged.values()} == {device}
    if device == "cpu":
        assert logged == {"held_out_median": 50, "held_out_95": 95, "held_out_error": 50}


def write_pack(folder: Path, faces: int = 60) -> None:
    rng = np.random.default_rng(5)
    landmarks = np.stack([a_face(rng) for _ in range(faces)])
    folder.mkdir()
    with tarfile.open(folder / "train-000.tar", "w") as tar:
        for i, points in enumerate(landmarks):
            data = cv2.imencode(".webp", dotted(points))[1].tobytes()
            member = tarfile.TarInfo(f"face-{i}.webp")
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    np.savez(
        folder / "index.npz",
        key=np.array([f"face-{i}" for i in range(faces)]),
        identity=(np.arange(faces) // 3).astype(np.int32),
        landmarks=landmarks,
        teacher=np.ones((faces, 8), np.float16),
    )


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def config(tmp_path: Path) -> LandmarkConfig:
    write_pack(tmp_path / "pack")
    return LandmarkConfig(
        task="landmarks",
        data=tmp_path / "pack",
        run=tmp_path / "run",
        images=16 * 12,
        batch=16,
        warm_up_steps=3,
        held_out_identities=2,
        average_decay=0.5,
        checkpoint_every=5,
        validate_every=100,
        augmentation=PLAIN,
    )


def weights(path: Path) -> dict[str, Any]:
    state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)["state_dict"]
    return {k: v for k, v in state.items() if k.startswith("average")}


def test_a_run_learns_where_the_spots_are_and_becomes_a_program(config: LandmarkConfig, tmp_path: Path) -> None:
    longer = replace(config, images=16 * 80, average_decay=0.9, learning_rate=2e-2)
    checkpoint = train(longer, Launch(workers=0))
    log = (config.run / "log" / "version_0" / "metrics.csv").read_text().splitlines()
    column = log[0].split(",").index("held_out_error")
    errors = [float(row.split(",")[column]) for row in log[1:] if row.split(",")[column]]
    assert errors[-1] < 0.15  # the average face would have 0.21
    out = tmp_path / "landmarks.safetensors"
    done = peephole("quantize", checkpoint, "--calibration", config.data, "-o", out)
    assert (done.returncode, done.stderr) == (0, "")
    program = IntegerProgram.load(out)
    assert (program.task, program.calibration, program.card["task"]) == ("landmarks", None, "landmarks")
    refused = peephole("identify", tmp_path / "none.png", "--model", out, "--data", tmp_path / "data")
    assert_one_line(refused, 1, "is for the task landmarks, not recognise")


def test_an_interrupted_run_ends_in_the_same_weights(
    config: LandmarkConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = weights(train(config, Launch(workers=0)))
    halved = replace(config, run=tmp_path / "halves")
    steps = LandmarkConfig.steps.fget  # type: ignore[attr-defined]
    original = trainer.write_checkpoint

    def write(path: Path, checkpoint: Any) -> None:
        original(path, checkpoint)
        if checkpoint["step"] == 5:
            raise ConnectionAbortedError("the power is cut just after a checkpoint")

    with monkeypatch.context() as patch:
        patch.setattr(trainer, "write_checkpoint", write)
        with pytest.raises(ConnectionAbortedError):
            train(halved, Launch(workers=0))
    resumed = weights(train(halved, Launch(workers=0)))
    assert steps(halved) == 12 and whole.keys() == resumed.keys()
    for name, value in whole.items():
        torch.testing.assert_close(resumed[name], value, rtol=0, atol=0)


def test_a_run_goes_on_with_the_same_people_and_batches_alone(config: LandmarkConfig, tmp_path: Path) -> None:
    config = replace(config, images=16)
    checkpoint = train(config, Launch(workers=0))
    for complaint, change in (("seed = 1", {"seed": 2}), ("held_out_identities = 2", {"held_out_identities": 3})):
        with pytest.raises(ValueError, match=f"run: holds a run with {complaint}, .*; choose a new run folder"):
            train(replace(config, **change), Launch(workers=0))
    with pytest.raises(ValueError, match=r"run: holds a run with batch = 16, .*; choose a new run folder"):
        train(replace(config, batch=8), Launch(workers=0))
    train(replace(config, images=32, learning_rate=1e-3), Launch(workers=0))
    assert torch.load(checkpoint, weights_only=True)["step"] == 2


def test_a_wrong_field_is_named(tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    for text, words in (('images = "many"', "images"), ("images = 9\nrates = 3", "rates")):
        path.write_text(f'task = "landmarks"\ndata = "d"\nrun = "r"\n{text}\n')
        assert_one_line(peephole("train", path), 1, "bad.toml", words)
