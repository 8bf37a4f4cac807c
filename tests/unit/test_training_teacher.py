"""The teacher that looks at the student's faces: its weights, its place in a run, and what it sees of real faces."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("lightning")

from peephole.alignment import TEMPLATE_SIDE  # noqa: E402
from peephole.training.augmentation import crop  # noqa: E402
from peephole.training.config import MixturesConfig, Stage, TeacherConfig, TrainingConfig  # noqa: E402
from peephole.training.curves import read_log  # noqa: E402
from peephole.training.data import PLAIN, read_data  # noqa: E402
from peephole.training.loss_weights import LossWeights  # noqa: E402
from peephole.training.run import train  # noqa: E402
from peephole.training.teacher import Teacher, load_teacher  # noqa: E402
from training_faces import write_pack  # noqa: E402

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*LeafSpec.*:FutureWarning"),
    pytest.mark.filterwarnings("ignore:.*does not have many workers.*"),
]


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """A teacher that was never taught."""
    torch.manual_seed(0)
    path = tmp_path / "teacher.npz"
    state = {name: value.numpy() for name, value in Teacher().state_dict().items() if "num_batches" not in name}
    np.savez(path, **state, **{"pre.mean": np.float32(127.5), "pre.scale": np.float32(1 / 128)})
    return path


def test_the_teacher_gives_unit_descriptors_of_grey_faces(weights: Path) -> None:
    faces = torch.randint(0, 256, (3, 1, TEMPLATE_SIDE, TEMPLATE_SIDE), dtype=torch.uint8)
    descriptors = load_teacher(weights)(faces)
    assert descriptors.shape == (3, 128) and not descriptors.requires_grad
    torch.testing.assert_close(descriptors.norm(dim=1), torch.ones(3))


def test_the_teacher_never_learns(weights: Path) -> None:
    teacher = load_teacher(weights).train()
    assert not any(module.training for module in teacher.modules())
    assert not any(parameter.requires_grad for parameter in teacher.parameters())


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda state: {k: v for k, v in state.items() if k != "fc.bias"}, "fc.bias does not fit"),
        (lambda state: state | {"more": np.zeros(1)}, "more does not fit"),
        (lambda state: state | {"fc.bias": np.zeros(3, np.float32)}, "not the weights of the teacher"),
    ],
)
def test_weights_of_another_network_are_named(weights: Path, change: object, complaint: str) -> None:
    state = dict(np.load(weights))
    np.savez(weights, **change(state))  # type: ignore[operator]
    with pytest.raises(ValueError, match=rf"teacher\.npz: .*{complaint}"):
        load_teacher(weights)


def test_a_file_that_is_no_archive_is_named(tmp_path: Path) -> None:
    (tmp_path / "teacher.npz").write_bytes(b"junk")
    with pytest.raises(ValueError, match=r"teacher\.npz: not the weights"):
        load_teacher(tmp_path / "teacher.npz")
    with pytest.raises(FileNotFoundError, match=r"nothing\.npz"):
        load_teacher(tmp_path / "nothing.npz")


def a_config(tmp_path: Path) -> TrainingConfig:
    """A run of two steps on made-up people, of each of whom 16 values are stored."""
    write_pack(tmp_path / "pack")
    return TrainingConfig(
        data=tmp_path / "pack",
        run=tmp_path / "run",
        stages=(Stage(16, 64, (1e-2, 1e-3)),),
        descriptor=16,
        network={"width": 0.125},
        batch=8,
        augmentation=PLAIN,
        held_out_identities=2,
        warm_up_steps=3,
    )


def test_a_student_follows_the_teacher_that_looks_along(weights: Path, tmp_path: Path) -> None:
    """What the pack stores has nothing to do with this teacher, so only by its looking can the student be near it."""
    config = replace(
        a_config(tmp_path),
        stages=(Stage(240, 64, (1e-2, 1e-3)),),
        descriptor=128,
        loss=LossWeights(relational=0, norm=0),
        teacher=TeacherConfig(weights, mixup=0.2, cutmix=0.2),
    )
    with pytest.raises(ValueError, match="stored ones have 16 values"):
        train(replace(config, teacher=TeacherConfig(weights, share=0.5)), workers=0)
    checkpoint = train(config, workers=0)
    cosine = read_log(config.run)["cosine"]
    assert cosine[max(cosine)] > 0.9, cosine
    names = torch.load(checkpoint, map_location="cpu", weights_only=True)["state_dict"]
    assert not any("teacher" in name or "prelu" in name for name in names)  # it is never written anywhere


@pytest.mark.parametrize(
    ("loss", "taught", "complaint"),
    [
        (LossWeights(), None, "descriptor = 24, but the teacher's stored ones have 16 values"),
        (LossWeights(), 1.0, r"descriptor = 24, but those of the \[teacher\] have 128 values"),
        (LossWeights(), 0.5, r"descriptor = 24, but those of the \[teacher\] have 128 values"),
        (LossWeights(cross_entropy=1.0), 1.0, r"descriptor = 24, but those of the \[teacher\] have 128 values"),
    ],
)
def test_a_descriptor_of_another_length_than_the_teachers_is_refused(
    weights: Path, tmp_path: Path, loss: LossWeights, taught: float | None, complaint: str
) -> None:
    teacher = None if taught is None else TeacherConfig(weights, share=taught)
    with pytest.raises(ValueError, match=complaint):
        read_data(replace(a_config(tmp_path), descriptor=24, loss=loss, teacher=teacher), tmp_path / "cache")


def test_a_bank_of_another_length_than_the_teachers_is_refused(weights: Path, tmp_path: Path) -> None:
    taught = replace(a_config(tmp_path), descriptor=128, teacher=TeacherConfig(weights), loss=LossWeights(bank=1.0))
    with pytest.raises(ValueError, match="descriptor = 128, but the teacher's stored ones have 16 values"):
        read_data(taught, tmp_path / "cache")


def test_mixtures_by_a_teacher_of_another_length_than_the_stored_are_refused(weights: Path, tmp_path: Path) -> None:
    mixed = replace(a_config(tmp_path), mixtures=MixturesConfig(weights, 8))
    with pytest.raises(ValueError, match=r"stores descriptors of 16 values, the teacher of \[mixtures\] gives 128"):
        read_data(mixed, tmp_path / "cache")


def test_by_identity_alone_a_descriptor_may_have_any_length(tmp_path: Path) -> None:
    by_identity = LossWeights(cosine=0, relational=0, norm=0, cross_entropy=1.0)
    config = replace(a_config(tmp_path), descriptor=24, loss=by_identity, validate_every=1)
    train(config, workers=0)
    assert "held_out_tar" in read_log(config.run) and "held_out_cosine" not in read_log(config.run)


def test_the_teacher_knows_grey_faces_as_it_knew_them_in_colour(research_data: Path) -> None:
    from peephole.alignment import template_windows
    from peephole.image_files import decode_grey, read_pictures

    with np.load(research_data / "train" / "index.npz") as index:
        row = {str(key): i for i, key in enumerate(index["key"])}
        windows, stored = template_windows(index["landmarks"]).astype(np.float32), index["teacher"].astype(np.float32)
    pictures = read_pictures(research_data / "train" / "train-000.tar")
    chosen = [(row[Path(p.name).stem], decode_grey(p)) for p, _ in zip(pictures, range(24), strict=False)]
    faces = np.stack([crop(image, windows[i], TEMPLATE_SIDE) for i, image in chosen])[:, None]
    described = load_teacher(research_data / "teacher" / "teacher.npz")(torch.from_numpy(faces)).numpy()
    expected = stored[[i for i, _ in chosen]]
    cosine = described @ expected.T
    assert np.median(np.diag(cosine)) > 0.8
    assert (cosine.argmax(1) == np.arange(len(chosen))).mean() > 0.9
