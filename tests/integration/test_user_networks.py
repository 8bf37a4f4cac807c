"""Three networks that nobody here designed for, trained for seconds: two commands from `torch.export` to running C."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the train extra")
from torch import Tensor, nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402, N812

from commands import peephole  # noqa: E402
from emitted import run  # noqa: E402
from peephole.engine import Engine  # noqa: E402
from peephole.fixedpoint.program import IntegerProgram  # noqa: E402
from peephole.fixedpoint.samples import as_integers, as_values  # noqa: E402

TRAINED_ON = 600  # samples; the others are for the test


def separable(inputs: int, outputs: int) -> nn.Sequential:
    """Depthwise 3x3 and 1x1, each with batch norm and ReLU."""
    return nn.Sequential(
        nn.Conv2d(inputs, inputs, 3, padding=1, groups=inputs, bias=False),
        nn.BatchNorm2d(inputs),
        nn.ReLU(),
        nn.Conv2d(inputs, outputs, 1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(),
    )


class KeywordSpotter(nn.Module):
    """A small DS-CNN (Zhang et al., "Hello Edge", 2017): 49 frames of 10 coefficients to four words."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(1, 16, (10, 4), (2, 2), bias=False), nn.BatchNorm2d(16), nn.ReLU6())
        self.blocks = nn.Sequential(separable(16, 16), nn.Dropout(0.1), separable(16, 24))
        self.words = nn.Linear(24, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(F.pad(x, (1, 2, 4, 5)))  # as TensorFlow pads
        x = F.avg_pool2d(self.blocks(x), (25, 5))
        return self.words(x.flatten(1))


def spoken() -> tuple[np.ndarray, np.ndarray]:
    """Four "words": a formant that rises, falls, rises and falls, or stays; of any loudness, place and noise."""
    rng = np.random.default_rng(0)
    words = rng.integers(0, 4, 800)
    time = np.linspace(0, 1, 49)[None] + rng.uniform(-0.1, 0.1, (800, 1))
    heights = np.stack([time, 1 - time, 1 - np.abs(2 * time - 1), np.full_like(time, 0.5)], 1)[np.arange(800), words]
    distance = np.arange(10)[None, None] - 1.5 - 6 * heights[:, :, None]
    samples = rng.uniform(3, 6, (800, 1, 1)) * np.exp(-(distance**2)) + rng.normal(0, 0.7, (800, 49, 10))
    return samples[:, None].astype(np.float32), words


def digits() -> tuple[np.ndarray, np.ndarray]:
    """The handwritten digits of scikit-learn, pixels 0 to 255."""
    datasets = pytest.importorskip("sklearn.datasets", reason="needs scikit-learn, which the train extra brings")
    pictures, labels = datasets.load_digits(return_X_y=True)
    return (pictures[:800].reshape(-1, 8, 8) * 15.9375).astype(np.uint8), labels[:800]


def digit_classifier() -> nn.Module:
    return nn.Sequential(
        *(nn.Conv2d(1, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(16, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2, ceil_mode=True)),
        *(nn.Flatten(), nn.Linear(128, 10)),
    )


def machine_hum() -> tuple[np.ndarray, np.ndarray]:
    """Spectra of a motor: harmonics of a speed with a load; what an autoencoder that finds faults learns."""
    rng = np.random.default_rng(0)
    speed, load = rng.uniform(4, 7, (800, 1)), rng.uniform(0.3, 1, (800, 1))
    line = np.arange(64)[None]
    peaks = [load**k * np.exp(-(((line - k * speed) / 1.5) ** 2)) for k in range(1, 9)]
    samples = (sum(peaks) + rng.normal(0, 0.01, (800, 64))).astype(np.float32)
    return samples, samples


def autoencoder() -> nn.Module:
    inner = (nn.Linear(64, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, 6), nn.ReLU())
    return nn.Sequential(*inner, nn.Linear(6, 32), nn.ReLU(), nn.Linear(32, 64))


def right(made: np.ndarray, wanted: np.ndarray) -> float:
    """Share of samples whose largest output is that of their class."""
    return float((made.argmax(1) == wanted).mean())


def kept(made: np.ndarray, wanted: np.ndarray) -> float:
    """Share of the samples' energy that the outputs repeat."""
    return float(1 - ((made - wanted) ** 2).sum() / ((wanted - wanted.mean(0)) ** 2).sum())


@dataclass(frozen=True)
class Case:
    """data: samples and what is wanted of them. score: of outputs and that; least: what training must reach."""

    network: Callable[[], nn.Module]
    data: Callable[[], tuple[np.ndarray, np.ndarray]]
    score: Callable[[np.ndarray, np.ndarray], float]
    least: float
    steps: int
    options: tuple[object, ...] = ()


CASES = {
    "keywords": Case(KeywordSpotter, spoken, right, 0.95, 60),
    "digits": Case(digit_classifier, digits, right, 0.9, 80, ("--offset", 0, "--scale", 255)),
    "autoencoder": Case(autoencoder, machine_hum, kept, 0.8, 600),
}


def as_read(samples: np.ndarray) -> Tensor:
    """What the float network reads: images as pixel / 255."""
    return torch.from_numpy(samples[:, None] / np.float32(255) if samples.dtype == np.uint8 else samples)


def trained(case: Case) -> nn.Module:
    torch.manual_seed(0)
    network = case.network()
    samples, wanted = case.data()
    inputs, targets = as_read(samples[:TRAINED_ON]), torch.from_numpy(wanted[:TRAINED_ON])
    optimizer = torch.optim.Adam(network.parameters(), 0.01)
    for _ in range(case.steps):
        batch = torch.randint(TRAINED_ON, (64,))
        made = network(inputs[batch])
        loss = (
            F.mse_loss(made, targets[batch]) if targets.is_floating_point() else F.cross_entropy(made, targets[batch])
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return network.eval()


@pytest.fixture(scope="module", params=CASES)
def exported(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Case, Path, float]:
    """A case, the folder of its network and samples, and its score in floats."""
    case, folder = CASES[request.param], tmp_path_factory.mktemp(request.param)
    samples, wanted = case.data()
    network = trained(case)
    tests = as_read(samples[TRAINED_ON:])
    with torch.no_grad():
        score = case.score(network(tests).numpy(), wanted[TRAINED_ON:])
    assert score > case.least
    torch.export.save(torch.export.export(network, (tests[:1],)), folder / "network.pt2")
    np.savez(folder / "samples.npz", samples=samples[:200])
    return case, folder, score


@pytest.mark.parametrize("bits", [16, 8])
def test_two_commands_keep_the_accuracy(exported: tuple[Case, Path, float], bits: int) -> None:
    case, folder, score = exported
    model, c = folder / f"int{bits}.safetensors", folder / f"int{bits}"
    source = (folder / "network.pt2", "--calibration", folder / "samples.npz")
    done = peephole("quantize", *source, "--bits", bits, *case.options, "-o", model)
    assert done.returncode == 0, done.stderr
    program = IntegerProgram.load(model)
    samples, wanted = case.data()
    engine = Engine(program)
    made = []
    for sample in samples[TRAINED_ON:]:
        image = program.input_kind == "image"
        inputs = sample if image else as_integers(program, sample.reshape(program.input.shape))
        made.append(as_values(program, engine.run(inputs)).ravel())
    assert case.score(np.array(made), wanted[TRAINED_ON:]) > score - {16: 0.002, 8: 0.02}[bits]

    done = peephole("compile", model, "-o", c)
    assert done.returncode == 0, done.stderr
    if shutil.which("gcc") and shutil.which("make"):
        tested = run("make", "-C", str(c), "test", cwd=folder)
        assert tested.returncode == 0, tested.stdout + tested.stderr
