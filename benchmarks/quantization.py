"""What each choice of the 16-bit quantizer gives, measured on augmented faces that calibration did not see.

    python benchmarks/quantization.py CHECKPOINT PACK [FACES]

CHECKPOINT: of `peephole train`, or a float network (.safetensors). PACK: packed training faces, of
which the first of every shard calibrate and later ones, lit, blurred and covered as in training, measure.
"""

import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from peephole.alignment import template_windows
from peephole.cli.programs import load_float
from peephole.engine import Engine
from peephole.fixedpoint.calibration_images import read_calibration_images
from peephole.fixedpoint.float_network import FloatNetwork
from peephole.fixedpoint.quantize import QuantizationOptions, quantize
from peephole.training.augmentation import Augmentation, augment

PLAIN = {"margin": 1.0, "equalise": False, "correct_bias": False, "wide_share": 0.0, "report_images": 1}
CHOICES = {
    "a format per layer": PLAIN | {"weights_per": "layer"},
    "a format per channel": PLAIN,
    "+ margin 4": PLAIN | {"margin": 4.0},
    "+ equalised channels": PLAIN | {"margin": 4.0, "equalise": True},
    "+ corrected biases": PLAIN | {"margin": 4.0, "equalise": True, "correct_bias": True},
    "+ 64-bit descriptor sums (default)": {"report_images": 1},
    "default, channels not equalised": {"equalise": False, "report_images": 1},
    "default, margin 1": {"margin": 1.0, "report_images": 1},
    "default, margin 2": {"margin": 2.0, "report_images": 1},
    "default, all sums in 64 bits": {"wide_share": 1.0, "report_images": 1},
}


@dataclass(frozen=True)
class Measured:
    """Signal to noise over all faces and of the worst, faces with saturated values, mean error of squared distances."""

    snr_db: float
    worst_db: float
    saturated: int
    distance_error: float


def unseen_faces(pack: Path, count: int, size: int) -> NDArray[np.uint8]:
    """Augmented faces from the end of the last shard."""
    rng = np.random.default_rng(0)
    with np.load(pack / "index.npz") as index:
        windows = template_windows(index["landmarks"].astype(np.float32))
        row = {str(key): i for i, key in enumerate(index["key"])}
    faces = []
    with tarfile.open(sorted(pack.glob("train-*.tar"))[-1]) as tar:
        for member in tar.getmembers()[-1 - count : -1]:
            stream = tar.extractfile(member)
            image = cv2.imdecode(np.frombuffer(stream.read() if stream else b"", np.uint8), cv2.IMREAD_GRAYSCALE)
            faces.append(augment(image, windows[row[Path(member.name).stem]], size, Augmentation(), rng))
    return np.stack(faces)


def squared_distances(descriptors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Squared distances of all pairs."""
    square = ((descriptors[:, None] - descriptors[None]) ** 2).sum(2)
    return square[np.triu_indices(len(descriptors), 1)]


def measure(
    network: FloatNetwork, calibration: NDArray[np.uint8], faces: NDArray[np.uint8], options: QuantizationOptions
) -> Measured:
    """Quantize by `options` and compare descriptors with the float network's."""
    program, _ = quantize(network, calibration, options)
    engine = Engine(program)
    exact = network.descriptors(faces).astype(np.float64)
    made = engine.descriptors(faces) / 2.0 ** program.tensor(program.output).frac_bits
    noise, signal = ((made - exact) ** 2).sum(1), (exact**2).sum(1)
    saturated = sum(any((values == 32767).any() for values in engine.layers(face).values()) for face in faces)
    wanted = squared_distances(exact)
    error = np.abs(squared_distances(made) - wanted).mean() / wanted.mean()
    return Measured(10 * np.log10(signal.sum() / noise.sum()), 10 * np.log10((signal / noise).min()), saturated, error)


def main() -> None:
    """Print one row of a Markdown table a choice."""
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    network, pack = load_float(Path(sys.argv[1])), Path(sys.argv[2])
    size = network.input.height
    faces = unseen_faces(pack, int(sys.argv[3]) if len(sys.argv) == 4 else 200, size)
    calibration = read_calibration_images(pack, (size, size))
    print("| choice | SNR, dB | worst face, dB | saturated faces | error of squared distances |\n|---|---|---|---|---|")
    for name, choice in CHOICES.items():
        row = measure(network, calibration, faces, QuantizationOptions(**choice))
        figures = f"{row.snr_db:.1f} | {row.worst_db:.1f} | {row.saturated} of {len(faces)} | {row.distance_error:.3%}"
        print(f"| {name} | {figures} |", flush=True)


if __name__ == "__main__":
    main()
