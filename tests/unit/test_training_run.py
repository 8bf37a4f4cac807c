"""A tiny run on made-up people: it learns, it goes on at the exact step, and its batches repeat."""

import io
import signal
import tarfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("lightning")

from peephole.alignment import TEMPLATE, template_windows  # noqa: E402
from peephole.packed_index import split_held_out  # noqa: E402
from peephole.training.augmentation import Augmentation, crop  # noqa: E402
from peephole.training.batches import FaceBatches  # noqa: E402
from peephole.training.checkpoints import read_checkpoint  # noqa: E402
from peephole.training.config import SamplingConfig, Stage, TrainingConfig  # noqa: E402
from peephole.training.config_file import read_config  # noqa: E402
from peephole.training.data import PLAIN  # noqa: E402
from peephole.training.faces import PackedFaces, load_packed_faces  # noqa: E402
from peephole.training.loss_weights import LossWeights  # noqa: E402
from peephole.training.module import Training, network_of_checkpoint  # noqa: E402
from peephole.training.run import train  # noqa: E402
from training_faces import SIDE, write_pack  # noqa: E402

# Lightning's own: a deprecated torch call, and advice on loader workers that two cores cannot follow.
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*LeafSpec.*:FutureWarning"),
    pytest.mark.filterwarnings("ignore:.*does not have many workers.*"),
]

PEOPLE, IMAGES = 12, 6


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """Networks this small gain nothing from a second thread, and on a busy machine two threads wait for each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def config(tmp_path: Path) -> TrainingConfig:
    write_pack(tmp_path / "pack")
    return TrainingConfig(
        data=tmp_path / "pack",
        run=tmp_path / "run",
        stages=(Stage(240, 64, (1e-2, 1e-2)), Stage(160, 72, (1e-2, 0.0))),
        descriptor=16,
        network={"width": 0.125},
        batch=8,
        augmentation=PLAIN,
        held_out_identities=2,
        warm_up_steps=3,
        average_decay=0.5,
        validate_every=100,
        checkpoint_every=5,
    )


def _weights(path: Path) -> dict[str, "torch.Tensor"]:
    return network_of_checkpoint(read_checkpoint(path)).state_dict()


def test_training_learns_to_follow_the_teacher(config: TrainingConfig) -> None:
    longer = (Stage(960, 64, (1e-2, 1e-2)), Stage(320, 64, (1e-2, 0.0)))
    checkpoint = train(replace(config, stages=longer), workers=0)
    faces = load_packed_faces(config.data, config.run.parent / "cache")
    rows, _ = split_held_out(faces.identity, config.held_out_identities, config.seed)
    images, teacher, _ = next(iter(FaceBatches(faces, rows, 64, len(rows), PLAIN, 1, 0, 1)))
    with torch.no_grad():
        student = network_of_checkpoint(read_checkpoint(checkpoint))((images.float() - 128) / 128)
    assert torch.cosine_similarity(student, teacher).mean() > 0.5


def test_an_interrupted_run_ends_in_the_same_weights(config: TrainingConfig, tmp_path: Path) -> None:
    whole = _weights(train(config, workers=0))
    halved = replace(config, run=tmp_path / "halves", stages=config.stages[:1])
    train(halved, workers=0)
    resumed = _weights(train(replace(halved, stages=config.stages), workers=0))
    assert whole.keys() == resumed.keys()
    for name in whole:
        torch.testing.assert_close(resumed[name], whole[name], rtol=0, atol=0)


def test_a_run_interrupted_inside_a_stage_ends_in_the_same_weights(
    config: TrainingConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = _weights(train(config, workers=0))
    cut, step = replace(config, run=tmp_path / "cut"), Training.training_step

    def interrupted(module: Training, *batch: Any) -> None:
        if module.step == 7:
            raise KeyboardInterrupt
        step(module, *batch)

    listening = signal.getsignal(signal.SIGINT)
    with monkeypatch.context() as patch:
        patch.setattr(Training, "training_step", interrupted)
        with pytest.raises(KeyboardInterrupt):
            train(cut, workers=0)
    assert signal.getsignal(signal.SIGINT) is listening  # Lightning would have the next interrupt ignored
    assert torch.load(cut.run / "last.ckpt", weights_only=True)["step"] == 5
    resumed = _weights(train(cut, workers=0))
    for name in whole:
        torch.testing.assert_close(resumed[name], whole[name], rtol=0, atol=0)


def test_a_run_of_no_step_is_refused(config: TrainingConfig) -> None:
    with pytest.raises(ValueError, match="the images of no stage fill a batch of 8"):
        train(replace(config, stages=(Stage(7, 64, (1e-2, 0.0)),)), workers=0)


def test_the_weights_alone_are_the_same_network_and_start_another_run(config: TrainingConfig, tmp_path: Path) -> None:
    alone = train(config, workers=0).with_name("network.ckpt")
    weights = _weights(alone)
    for name, value in _weights(config.run / "last.ckpt").items():
        torch.testing.assert_close(weights[name], value, rtol=0, atol=0)
    still = (Stage(8, 64, (0.0, 0.0)),)
    again = train(replace(config, run=tmp_path / "again", warm_start=alone, stages=still, average_decay=1.0), workers=0)
    torch.testing.assert_close(_weights(again)["conv1.weight"], weights["conv1.weight"], rtol=0, atol=0)


def test_a_run_goes_on_with_the_same_people_and_batches_alone(config: TrainingConfig, tmp_path: Path) -> None:
    config = replace(config, stages=(Stage(8, 64, (1e-2, 1e-2)),))
    checkpoint = train(config, workers=0)
    write_pack(tmp_path / "other", seed=1)
    changes: tuple[tuple[str, dict[str, Any]], ...] = (
        ("seed = 1, the configuration says 2", {"seed": 2}),
        ("held_out_identities = 2, the configuration says 3", {"held_out_identities": 3}),
        ("batch = 8, the configuration says 4", {"batch": 4}),
        ("images_each = 0, the configuration says 2", {"sampling": SamplingConfig(images_each=2)}),
        ("data = ", {"data": tmp_path / "other"}),
        ("rows = 60 and 12 faces", {"sampling": SamplingConfig(least_images=7)}),
    )
    for complaint, change in changes:
        with pytest.raises(ValueError, match=rf"run: holds a run with {complaint}.*; choose a new run folder"):
            train(replace(config, **change), workers=0)
    # An older checkpoint tells less, and what decides neither people nor batches may change.
    told = torch.load(checkpoint, weights_only=True)
    torch.save({k: v for k, v in told.items() if k not in ("batch", "images_each", "data", "rows")}, checkpoint)
    longer = (Stage(8, 64, (1e-2, 1e-2)), Stage(8, 64, (1e-3, 0.0)))
    train(replace(config, stages=longer, loss=LossWeights(cosine=2.0, norm=0.1)), workers=0)
    assert torch.load(checkpoint, weights_only=True)["step"] == 2


def test_a_last_checkpoint_that_is_none_or_of_another_task_is_named(config: TrainingConfig) -> None:
    config.run.mkdir()
    torch.save({"task": "landmarks", "step": 3}, config.run / "last.ckpt")
    with pytest.raises(ValueError, match="run: holds a run of another task; choose a new run folder"):
        train(config, workers=0)
    (config.run / "last.ckpt").write_bytes(b"junk")
    with pytest.raises(ValueError, match=r"last\.ckpt: not a whole checkpoint of peephole train"):
        train(config, workers=0)


def test_a_batch_depends_on_seed_and_step_alone() -> None:
    rng = np.random.default_rng(0)
    faces = PackedFaces(
        rng.integers(0, 256, (20, SIDE, SIDE), np.uint8),
        np.repeat(TEMPLATE[None], 20, 0),
        np.eye(20, dtype=np.float32),
        np.arange(20, dtype=np.int32),
    )
    rows = np.arange(20)

    def batches(first: int, seed: int = 3) -> list[tuple["torch.Tensor", ...]]:
        return list(FaceBatches(faces, rows, 64, 5, Augmentation(), seed, first, 8))

    whole, tail = batches(0), batches(6)
    for got, expected in zip(tail, whole[6:], strict=True):
        assert all(torch.equal(a, b) for a, b in zip(got, expected, strict=True))
    assert sorted(torch.cat([b[2] for b in whole[:4]]).tolist()) == list(range(20))
    assert not torch.equal(batches(0, seed=4)[0][0], whole[0][0])


def test_the_template_window_of_a_turned_and_scaled_template_is_found() -> None:
    angle, scale = 0.3, 1.7
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    moved = (TEMPLATE - 55.5) @ turn.T + [80, 90]
    np.testing.assert_allclose(template_windows(moved[None])[0], [80, 90, 112 * scale, angle], rtol=1e-4)


def test_crop_of_the_whole_window_is_the_image_itself() -> None:
    image = np.random.default_rng(1).integers(0, 256, (64, 64), np.uint8)
    window = np.array([31.5, 31.5, 64, 0], np.float32)
    np.testing.assert_array_equal(crop(image, window, 64), image)
    np.testing.assert_array_equal(crop(image, window, 64, mirror=True), image[:, ::-1])


def test_a_held_out_person_has_no_image_in_training(config: TrainingConfig) -> None:
    faces = load_packed_faces(config.data, config.run.parent / "cache")
    rows, held = split_held_out(faces.identity, 3, seed=5)
    assert len(rows) + len(held) == len(faces)
    assert len(held) == 3 * IMAGES
    assert not set(faces.identity[rows]) & set(faces.identity[held])


def test_another_pack_of_the_same_name_is_not_mistaken_for_the_cached_one(tmp_path: Path) -> None:
    crops = []
    for number, home in enumerate(("one", "two")):
        (tmp_path / home).mkdir()
        write_pack(tmp_path / home / "pack", seed=number)
        crops.append(load_packed_faces(tmp_path / home / "pack", tmp_path / "cache").crops)
    assert not np.array_equal(*crops)


@pytest.mark.parametrize(
    "wrong",
    ["batch = 0", "checkpoint_every = 0", "validate_every = 0", "warm_up_steps = -1", "held_out_identities = 1"],
)
def test_a_number_that_nothing_can_be_divided_by_is_named(tmp_path: Path, wrong: str) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(f'data = "d"\nrun = "r"\nstages = [{{images = 9, size = 96, learning_rate = [1, 0]}}]\n{wrong}\n')
    with pytest.raises(ValueError, match=rf"bad\.toml: {wrong.split()[0]}: Input should be greater than"):
        read_config(path)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ('optimizer = "sgdx"', "optimizer"),
        ("average_decay = nan", "average_decay"),
        ("average_decay = 1.5", "average_decay"),
        ("seed = -1", "seed"),
        ("weight_decay = inf", "weight_decay"),
        ("[loss]\ncosine = -1.0", r"loss\.cosine"),
        ("[augmentation]\naligned = 1.45", r"augmentation\.aligned"),
        ("[augmentation]\nbox_dx = nan", r"augmentation\.box_dx"),
    ],
)
def test_a_number_out_of_its_range_is_named(tmp_path: Path, wrong: str, field: str) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(f'data = "d"\nrun = "r"\nstages = [{{images = 9, size = 96, learning_rate = [1, 0]}}]\n{wrong}\n')
    with pytest.raises(ValueError, match=rf"bad\.toml: {field}: Input should be"):
        read_config(path)


def test_a_learning_rate_below_nothing_is_named(tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_text('data = "d"\nrun = "r"\nstages = [{images = 9, size = 96, learning_rate = [-1, 0]}]\n')
    with pytest.raises(ValueError, match=r"bad\.toml: stages\.0\.learning_rate\.0: Input should be"):
        read_config(path)


def test_what_is_refused_leaves_the_run_as_it_was(config: TrainingConfig) -> None:
    config = replace(config, stages=(Stage(16, 64, (1e-2, 0.0)),))
    train(config, workers=0)
    told = (config.run / "run.json").read_bytes()
    for wrong, sentence in (
        ({"stages": (Stage(8, 64, (1e-2, 0.0)),)}, r"has run 2 steps already, and \[\[stages\]\] end after 1"),
        ({"stages": (Stage(80, 8, (1e-2, 0.0)),)}, "images of 8x8 are too small for squeezenet1_1"),
        ({"frozen": ("conv99",)}, "squeezenet1_1 has no module conv99; it has conv1, "),
        ({"network": {"width": 0.125, "colour": 3}}, "squeezenet1_1 has no option colour; it has batch_norm, "),
    ):
        with pytest.raises(ValueError, match=sentence):
            train(replace(config, **wrong), workers=0)  # type: ignore[arg-type]
        assert (config.run / "run.json").read_bytes() == told


def test_what_is_no_number_ends_the_run(config: TrainingConfig, tmp_path: Path) -> None:
    checkpoint = train(replace(config, stages=(Stage(8, 64, (1e-2, 0.0)),)), workers=0)
    held = torch.load(checkpoint, weights_only=True)
    held["state_dict"]["average.module.conv1.weight"][0] = float("nan")
    torch.save(held, tmp_path / "nan.ckpt")
    with pytest.raises(ValueError, match=r"nan\.ckpt: conv1\.weight holds NaN or infinity"):
        train(replace(config, run=tmp_path / "warm", warm_start=tmp_path / "nan.ckpt"), workers=0)
    exploding = replace(config, run=tmp_path / "far", loss=LossWeights(cosine=float("inf")))
    with pytest.raises(ValueError, match=r"far: the loss of step 0 is not a number"):
        train(exploding, workers=0)


def test_a_wrong_config_is_named(tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_text('data = "d"\nrun = "r"\nstages = [{images = "many", size = 96, learning_rate = [1, 0]}]\n')
    with pytest.raises(ValueError, match=r"bad\.toml: stages\.0\.images"):
        read_config(path)


def test_a_damaged_shard_is_named(config: TrainingConfig) -> None:
    with tarfile.open(config.data / "train-000.tar", "w") as tar:
        member = tarfile.TarInfo("face-0.webp")
        member.size = 4
        tar.addfile(member, io.BytesIO(b"junk"))
    with pytest.raises(ValueError, match=r"train-000\.tar: face-0\.webp: not an image that can be read"):
        load_packed_faces(config.data, config.run.parent / "cache")
