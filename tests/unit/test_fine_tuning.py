"""Quantization-aware training as a run: it learns, it goes on at the exact step, and it ends in an integer program."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("lightning")

from peephole.fixedpoint.float_network import FloatNetwork  # noqa: E402
from peephole.fixedpoint.importer import import_network  # noqa: E402
from peephole.fixedpoint.interpreter import run  # noqa: E402
from peephole.fixedpoint.program import IntegerProgram  # noqa: E402
from peephole.fixedpoint.quantize import QuantizationOptions, quantize  # noqa: E402
from peephole.models import build  # noqa: E402
from peephole.training.calibration_images import read_calibration_images  # noqa: E402
from peephole.training.checkpoints import read_checkpoint  # noqa: E402
from peephole.training.data import PLAIN  # noqa: E402
from peephole.training.fine_tuning import fine_tune, noise_to_signal  # noqa: E402
from peephole.training.module import network_of_checkpoint, to_input  # noqa: E402
from peephole.training.quantization_config import QuantizationConfig  # noqa: E402
from peephole.training.section import as_section  # noqa: E402
from peephole.training.trainer import Launch  # noqa: E402
from training_faces import patterns, picture, write_pack  # noqa: E402

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*LeafSpec.*:FutureWarning"),
    pytest.mark.filterwarnings("ignore:.*does not have many workers.*"),
]

SIZE = 64
HERE = Launch("cpu", workers=0)


def _write_checkpoint(path: Path) -> None:
    torch.manual_seed(0)
    network = build("squeezenet1_1", 16, width=0.25).train()
    faces = torch.from_numpy(np.stack([picture(pattern, SIZE) for pattern in patterns(32, seed=9)]))
    with torch.no_grad():
        for _ in range(40):  # batch norm learns its means
            network(to_input(faces[:, None]))
        network.descriptor.bias -= 0.5 * network.eval()(to_input(faces[:, None])).mean(0)  # or all would be alike
    state = {f"average.module.{name}": value for name, value in network.state_dict().items()}
    told = {"architecture": "squeezenet1_1", "descriptor": 16, "network": {"width": 0.25}, "unit_length": True}
    torch.save(told | {"seed": 3, "held_out_identities": 2, "state_dict": state}, path)


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def config(tmp_path: Path) -> QuantizationConfig:
    write_pack(tmp_path / "pack")
    _write_checkpoint(tmp_path / "float.ckpt")
    return QuantizationConfig(
        task="quantization",
        start=tmp_path / "float.ckpt",
        data=tmp_path / "pack",
        run=tmp_path / "run",
        images=1_600,
        size=SIZE,
        batch=8,
        learning_rate=1e-4,
        warm_up_steps=2,
        calibration_images=16,
        checkpoint_every=7,
        validate_every=100,
        augmentation=PLAIN,
    )


def test_the_run_ends_in_a_program_of_8_bits_that_is_nearer_to_the_float_network(config: QuantizationConfig) -> None:
    trained = FloatNetwork.load(fine_tune(config, HERE))
    assert (trained.card["seed"], trained.card["held_out_identities"]) == (3, 2)
    faces = read_calibration_images(config.data, (SIZE, SIZE))
    start = FloatNetwork.load(config.run / "start.safetensors")
    before, after = (quantize(network, faces, QuantizationOptions.of(8), 8)[0] for network in (start, trained))
    assert before.tensors == after.tensors  # in the very formats
    exact = import_network(network_of_checkpoint(read_checkpoint(config.start)), "float", (SIZE, SIZE)).descriptors(
        faces
    )

    def noise(program: IntegerProgram) -> float:
        made = np.stack([run(program, face)[program.layers[-1].name].ravel() for face in faces]) / 2.0**14
        return float(((made - exact) ** 2).sum())

    assert noise(after) < 0.9 * noise(before)


def test_an_interrupted_run_ends_in_the_same_weights(config: QuantizationConfig, tmp_path: Path) -> None:
    class InterruptError(Exception):
        pass

    config = replace(config, images=160)
    whole = FloatNetwork.load(fine_tune(config, HERE))
    halved = replace(config, run=tmp_path / "halves")
    cut_at = 14  # a step at which a checkpoint is written

    import peephole.training.fine_tuning as module

    step = module.FineTuning.training_step

    def stopping(self: "module.FineTuning", batch: object, index: int) -> object:
        if self.step == cut_at + 2:
            raise InterruptError
        return step(self, batch, index)  # type: ignore[arg-type]

    module.FineTuning.training_step = stopping  # type: ignore[method-assign]
    try:
        with pytest.raises(InterruptError):
            fine_tune(halved, HERE)
    finally:
        module.FineTuning.training_step = step  # type: ignore[method-assign]
    assert torch.load(halved.run / "last.ckpt", weights_only=True)["step"] == cut_at
    resumed = FloatNetwork.load(fine_tune(halved, HERE))
    for one, other in zip(whole.layers, resumed.layers, strict=True):
        if one.kind == "conv2d":
            np.testing.assert_array_equal(one.weight, other.weight)
            np.testing.assert_array_equal(one.bias, other.bias)


def test_a_start_of_another_configuration_is_not_taken_for_this_ones(config: QuantizationConfig) -> None:
    config, start = replace(config, images=16), config.run / "start.safetensors"
    cut_before_training = replace(config, precision="none such")
    with pytest.raises(ValueError, match="none such"):
        fine_tune(cut_before_training, HERE)
    first = start.read_bytes()
    start.chmod(0o400)
    with pytest.raises(ValueError, match="none such"):
        fine_tune(cut_before_training, HERE)
    assert start.stat().st_mode & 0o777 == 0o400  # the same configuration keeps it
    fine_tune(replace(config, calibration_images=1), HERE)
    assert start.read_bytes() != first
    for complaint, change in (("calibration_images = 1", {}), ("batch = 8", {"calibration_images": 1, "batch": 4})):
        with pytest.raises(ValueError, match=f"run: holds a run with {complaint}, .*; choose a new run folder"):
            fine_tune(replace(config, **change), HERE)  # type: ignore[arg-type]
    told = torch.load(config.start, weights_only=True)
    torch.save(told | {"seed": 4}, config.start)
    with pytest.raises(ValueError, match=r"run: holds a run with start = .*; choose a new run folder"):
        fine_tune(replace(config, calibration_images=1), HERE)


def test_the_loss_is_noise_over_signal() -> None:
    exact = torch.tensor([[3.0, 4.0], [0.0, 5.0]])
    assert float(noise_to_signal(exact + torch.tensor([[1.0, 0.0], [0.0, 2.0]]), exact)) == pytest.approx(5 / 50)


def test_a_field_misspelt_is_named() -> None:
    raw = {"task": "quantization", "start": "s", "data": "d", "run": "r", "images": 1, "learning_rat": 1}
    with pytest.raises(ValueError, match=r"q\.toml: learning_rat: "):
        as_section(QuantizationConfig, raw, "q.toml")


def test_a_start_that_is_no_checkpoint_is_named(config: QuantizationConfig) -> None:
    with pytest.raises(FileNotFoundError, match=r"none\.ckpt: no such checkpoint to start from"):
        fine_tune(replace(config, start=config.run / "none.ckpt"), HERE)
    config.start.write_bytes(b"junk")
    with pytest.raises(ValueError, match=r"float\.ckpt: not a checkpoint of peephole train"):
        fine_tune(config, HERE)
