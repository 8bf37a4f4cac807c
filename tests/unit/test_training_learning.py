"""Each loss alone teaches a tiny network to tell made-up people apart; whatever it trains along goes on exactly."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("lightning")

from peephole.evaluation.verification import area_under_curve  # noqa: E402
from peephole.training.augmentation import Augmentation  # noqa: E402
from peephole.training.batches import FaceBatches  # noqa: E402
from peephole.training.checkpoints import read_checkpoint  # noqa: E402
from peephole.training.config import SamplingConfig, Stage, TrainingConfig  # noqa: E402
from peephole.training.curves import read_log  # noqa: E402
from peephole.training.faces import load_packed_faces  # noqa: E402
from peephole.training.loss_weights import LossWeights  # noqa: E402
from peephole.training.module import network_of_checkpoint, to_input  # noqa: E402
from peephole.training.run import train  # noqa: E402
from training_faces import write_pack  # noqa: E402

# Lightning's own: a deprecated torch call, and advice on loader workers that two cores cannot follow.
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*LeafSpec.*:FutureWarning"),
    pytest.mark.filterwarnings("ignore:.*does not have many workers.*"),
]

OFF = LossWeights(cosine=0, norm=0, relational=0)
LOSSES = {
    "cosine": replace(OFF, cosine=1.0),
    "relational": replace(OFF, relational=5.0),
    "bank": replace(OFF, bank=1.0, bank_size=32),
    "cross_entropy": replace(OFF, cross_entropy=1.0),
    "cosface": replace(OFF, cosface=1.0, cosface_margin=0.1),
    "arcface": replace(OFF, arcface=1.0, arcface_margin=0.1),
    "lifted": replace(OFF, lifted=1.0),
    "cross_entropy + lifted": replace(OFF, cross_entropy=1.0, label_smoothing=0.1, lifted=1.0),
}
# Faces so spoilt that an untrained network does not know one person from another.
SPOILT = Augmentation()


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
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
        stages=(Stage(1280, 64, (1e-2, 1e-3)),),
        descriptor=16,
        network={"width": 0.25},
        batch=16,
        sampling=SamplingConfig(images_each=4),
        augmentation=SPOILT,
        held_out_identities=2,
        warm_up_steps=3,
        average_decay=0.9,
        validate_every=100,
        checkpoint_every=4,
    )


def _told_apart(network: "torch.nn.Module", config: TrainingConfig) -> float:
    """Return the chance that two faces of a person are nearer than faces of two, on faces spoilt anew."""
    faces = load_packed_faces(config.data, config.run.parent / "cache")
    images, _, rows = next(iter(FaceBatches(faces, np.arange(len(faces)), 64, len(faces), SPOILT, 99, 0, 1)))
    with torch.no_grad():
        descriptors = torch.nn.functional.normalize(network(to_input(images)))
    left, right = np.triu_indices(len(rows), 1)
    identity = faces.identity[rows.numpy()]
    distance = torch.cdist(descriptors, descriptors).double().numpy()[left, right]
    return area_under_curve(distance, identity[left] == identity[right])


def _start(config: TrainingConfig, tmp_path: Path) -> "torch.nn.Module":
    still = replace(config, run=tmp_path / "still", stages=(Stage(16, 64, (0.0, 0.0)),))
    return network_of_checkpoint(read_checkpoint(train(still, workers=0)))


@pytest.mark.parametrize("name", LOSSES)
def test_each_loss_teaches_to_tell_people_apart(name: str, config: TrainingConfig, tmp_path: Path) -> None:
    config = replace(config, loss=LOSSES[name])
    before = _told_apart(_start(config, tmp_path), config)
    after = _told_apart(network_of_checkpoint(read_checkpoint(train(config, workers=0))), config)
    assert before < 0.6 and after > 0.7, (before, after)  # 0.5 is to know nothing


def _all_weights(path: Path) -> dict[str, Any]:
    return dict(torch.load(path, map_location="cpu", weights_only=True)["state_dict"])


@pytest.mark.parametrize("loss", ["cross_entropy + lifted", "cosface", "arcface"])
def test_a_run_with_a_head_and_balanced_batches_goes_on_exactly(
    loss: str, config: TrainingConfig, tmp_path: Path
) -> None:
    stages = (Stage(96, 64, (1e-2, 1e-2)), Stage(64, 72, (1e-2, 0.0)))
    config = replace(config, loss=LOSSES[loss], stages=stages)
    whole = _all_weights(train(config, workers=0))
    first = replace(config, run=tmp_path / "parts", stages=stages[:1])
    train(first, workers=0)
    parts = _all_weights(train(replace(first, stages=stages), workers=0))
    assert any(name.startswith("objective.heads") for name in whole)
    assert whole.keys() == parts.keys()
    for name in whole:
        torch.testing.assert_close(parts[name], whole[name], rtol=0, atol=0)


def test_the_run_folder_tells_what_was_run_and_how_it_went(config: TrainingConfig) -> None:
    import json

    config = replace(config, loss=LOSSES["cross_entropy + lifted"], stages=(Stage(640, 64, (1e-2, 1e-3)),))
    train(config, workers=0)
    told = json.loads((config.run / "run.json").read_text())
    assert told["seed"] == config.seed and told["people"] == 10 and told["config"]["loss"]["lifted"] == 1.0
    log = read_log(config.run)
    # No loss against the teacher: its cosine is only looked at.
    assert {"loss", "cross_entropy", "lifted", "held_out_tar", "held_out_cosine"} <= log.keys()
    assert sorted(log["loss"]) == [320.0, 640.0]  # each twentieth step of 16 images
    assert "<svg" in (config.run / "curves.svg").read_text()


def test_a_run_does_not_go_on_with_other_losses(config: TrainingConfig) -> None:
    short = replace(config, stages=(Stage(32, 64, (1e-2, 0.0)),))
    train(replace(short, loss=LOSSES["cosine"]), workers=0)
    with pytest.raises(ValueError, match="holds a run with other losses or other people; choose a new run folder"):
        train(replace(config, loss=LOSSES["cosface"]), workers=0)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"loss": OFF}, "gives no loss of descriptors a weight"),
        ({"loss": LOSSES["lifted"], "sampling": SamplingConfig()}, "set images_each"),
        ({"sampling": SamplingConfig(images_each=3)}, "batch = 16 is no multiple of images_each = 3"),
        ({"sampling": SamplingConfig(images_each=1)}, "10 people have two training faces or more; a batch takes 16"),
        ({"descriptor": 8}, "descriptor = 8, but the teacher's stored ones have 16 values"),
        ({"held_out_identities": 13}, "12 people have three images or more"),
        ({"batch": 128, "sampling": SamplingConfig()}, "60 training faces fill no batch of 128"),
    ],
)
def test_what_cannot_be_trained_is_said(changes: dict[str, Any], complaint: str, config: TrainingConfig) -> None:
    with pytest.raises(ValueError, match=complaint):
        train(replace(config, **changes), workers=0)
