"""What each choice of the quantizer gives, one row of a table a choice.

    python benchmarks/quantization.py CHECKPOINT PACK [--bits 16]
    python benchmarks/quantization.py CHECKPOINT PACK --bits 8 [--trained NETWORK] [--lfw FOLDER]

CHECKPOINT: of `peephole train`, or a float network (.safetensors). PACK: packed training faces, of which some of every
shard calibrate. With 16 bits faces from the last shard, lit, blurred and covered as in training, are described and
compared with the float network's descriptors. With 8 bits the people whom training held out are described, behind our
detector: beside the noise the table says how well they are told apart. NETWORK: what quantization-aware training of
CHECKPOINT made, for the last row. FOLDER: `lfw.tar` and `pairs.txt`, for a column of that protocol's accuracy.
"""

import argparse
import sys
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from peephole.alignment import template_windows
from peephole.cli.programs import load_float
from peephole.engine import Engine
from peephole.evaluation.benchmark import measure as protocol
from peephole.evaluation.calibration import held_out, packed_pictures
from peephole.evaluation.embedding import SMALLEST_CENTRED_FACE, DetectedCut, Embedded
from peephole.evaluation.lfw import PairList, picture_name, read_pairs
from peephole.evaluation.verification import accept_rate_at
from peephole.fixedpoint.float_network import FloatNetwork
from peephole.fixedpoint.quantize import QuantizationOptions, quantize
from peephole.image_files import decode_grey, read_pictures
from peephole.training.augmentation import Augmentation, augment
from peephole.training.calibration_images import read_calibration_images
from peephole.vision.detector import Detector

PLAIN: dict[str, Any] = {
    "margin": 1.0,
    "ranges": "maximum",
    "equalise": False,
    "correct_bias": False,
    "report_images": 1,
}
PLAIN_16 = PLAIN | {"wide_share": 0.0}
CHOICES_16: dict[str, dict[str, Any]] = {
    "a format per layer": PLAIN_16 | {"weights_per": "layer"},
    "a format per channel": PLAIN_16,
    "+ margin 4": PLAIN_16 | {"margin": 4.0},
    "+ equalised channels": PLAIN_16 | {"margin": 4.0, "equalise": True},
    "+ corrected biases": PLAIN_16 | {"margin": 4.0, "equalise": True, "correct_bias": True},
    "+ 64-bit descriptor sums (default)": {"report_images": 1},
    "default, channels not equalised": {"equalise": False, "report_images": 1},
    "default, margin 1": {"margin": 1.0, "report_images": 1},
    "default, margin 2": {"margin": 2.0, "report_images": 1},
    "default, all sums in 64 bits": {"wide_share": 1.0, "report_images": 1},
}
LEAST = PLAIN | {"ranges": "least_squares"}
CHOICES_8: dict[str, dict[str, Any]] = {
    "a format per layer, ranges by the maximum": PLAIN | {"weights_per": "layer"},
    "a format per channel": PLAIN,
    "+ equalised channels": PLAIN | {"equalise": True},
    "+ ranges by the 99.99 percentile": PLAIN | {"equalise": True, "ranges": "percentile"},
    "+ ranges of least error instead": LEAST | {"equalise": True},
    "+ corrected biases (default)": {"report_images": 1},
    "default, channels not equalised": {"equalise": False, "report_images": 1},
}
Faces = NDArray[np.uint8]
Descriptors = NDArray[np.float64]


@dataclass(frozen=True)
class Noise:
    """Signal to noise over all faces and of the worst, faces with saturated values, mean error of squared distances."""

    snr_db: float
    worst_db: float
    saturated: int
    distance_error: float


def unseen_faces(pack: Path, count: int, size: int) -> Faces:
    """Augmented faces from the end of the last shard."""
    rng = np.random.default_rng(0)
    with np.load(pack / "index.npz") as index:
        windows = template_windows(index["landmarks"].astype(np.float32))
        row = {str(key): i for i, key in enumerate(index["key"])}
    faces = []
    with tarfile.open(sorted(pack.glob("train-*.tar"))[-1]) as tar:
        for member in tar.getmembers()[-1 - count : -1]:
            stream = tar.extractfile(member)
            data = np.frombuffer(stream.read() if stream else b"", np.uint8)
            image = np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), np.uint8)
            faces.append(augment(image, windows[row[Path(member.name).stem]], size, Augmentation(), rng))
    return np.stack(faces)


def squared_distances(descriptors: Descriptors) -> Descriptors:
    """Squared distances of all pairs, the upper triangle row by row."""
    squares = (descriptors**2).sum(1)
    whole = squares[:, None] + squares[None] - 2 * descriptors @ descriptors.T
    return np.asarray(whole[np.triu_indices(len(descriptors), 1)], np.float64)


def noise(made: Descriptors, exact: Descriptors) -> tuple[float, float]:
    """Signal to noise in dB, over all and of the worst."""
    squares, signal = ((made - exact) ** 2).sum(1), (exact**2).sum(1)
    worst = signal / np.maximum(squares, np.finfo(np.float64).tiny)
    return 10 * np.log10(signal.sum() / max(squares.sum(), np.finfo(np.float64).tiny)), 10 * np.log10(worst.min())


def of_16_bits(network: FloatNetwork, calibration: Faces, faces: Faces, options: QuantizationOptions) -> Noise:
    """Quantize by `options` and compare descriptors with the float network's."""
    program, _ = quantize(network, calibration, options)
    engine = Engine(program)
    exact = network.descriptors(faces).astype(np.float64)
    made = engine.descriptors(faces) / 2.0 ** program.tensor(program.output).frac_bits
    saturated = sum(any((values == 32767).any() for values in engine.layers(face).values()) for face in faces)
    wanted = squared_distances(exact)
    error = np.abs(squared_distances(made) - wanted).mean() / wanted.mean()
    return Noise(*noise(made, exact), saturated, error)


@dataclass(frozen=True, eq=False)
class People:
    """Faces of people whom training held out; which pairs show one person, and which are counted at all.

    As in training, pairs are left out whose labels the teacher contradicts: one person below a cosine of 0.1, two above
    0.5.
    """

    faces: Faces
    same: NDArray[np.bool_]
    counted: NDArray[np.bool_]

    def told_apart(self, descriptors: Descriptors) -> tuple[float, float, float]:
        """Accuracy at the best threshold, both kinds of pairs weighing alike; true-accept rates at 1 % and 0.1 %."""
        distance, same = squared_distances(descriptors)[self.counted], self.same[self.counted]
        genuine, impostor = np.sort(distance[same]), np.sort(distance[~same])
        accepted = np.searchsorted(impostor, genuine, side="right") / len(impostor)
        accuracy = ((np.arange(len(genuine)) + 1) / len(genuine) + 1 - accepted).max() / 2
        return float(accuracy), accept_rate_at(distance, same, 1e-2), accept_rate_at(distance, same, 1e-3)


def held_out_people(pack: Path, network: FloatNetwork) -> People:
    """Cut the faces of the people whom the network's training held out, behind the detector."""
    told = held_out(pack, network.card["held_out_identities"], network.card["seed"])
    row = {key: number for number, key in enumerate(told.keys)}
    cut = DetectedCut(network.input.height, Detector(min_size=SMALLEST_CENTRED_FACE))
    faces, rows = [], []
    for picture in packed_pictures(pack, told.keys):
        face, found = cut(picture.name, decode_grey(picture))
        if found:
            faces.append(face)
            rows.append(row[picture_name(picture.name)])
    upper = np.triu_indices(len(rows), 1)
    identity, teacher = told.identity[rows], told.teacher[rows]
    same = (identity[:, None] == identity[None])[upper]
    cosine = (teacher @ teacher.T)[upper]
    return People(np.stack(faces), same, np.where(same, cosine > 0.1, cosine < 0.5))


@dataclass(frozen=True, eq=False)
class Lfw:
    """The protocol's pairs and every picture's face, cut once."""

    pairs: PairList
    names: tuple[str, ...]
    faces: Faces
    found: tuple[bool, ...]

    def accuracy(self, describe: Callable[[Faces], NDArray[np.generic]]) -> float:
        """Accuracy of the protocol by plain L2."""
        rows = zip(self.names, describe(self.faces), self.found, strict=True)
        embedded = {name: Embedded(name, row, found) for name, row, found in rows}
        return protocol(self.pairs, embedded, "l2").result.accuracy


def read_lfw(folder: Path, size: int) -> Lfw:
    """Cut the faces of the protocol's pictures, behind the detector."""
    cut, pairs = DetectedCut(size, Detector(min_size=SMALLEST_CENTRED_FACE)), read_pairs(folder / "pairs.txt")
    names, faces, found = [], [], []
    for picture in read_pictures(folder / "lfw.tar", lambda name: picture_name(name) in pairs.names):
        face, seen = cut(picture.name, decode_grey(picture))
        names.append(picture_name(picture.name))
        faces.append(face)
        found.append(seen)
    return Lfw(pairs, tuple(names), np.stack(faces), tuple(found))


def table_of_16_bits(network: FloatNetwork, pack: Path) -> Iterator[str]:
    """Yield the lines of the table of 16 bits."""
    size = network.input.height
    faces = unseen_faces(pack, 200, size)
    calibration = read_calibration_images(pack, (size, size))
    yield "| choice | SNR, dB | worst face, dB | saturated faces | error of squared distances |\n|---|---|---|---|---|"
    for name, choice in CHOICES_16.items():
        row = of_16_bits(network, calibration, faces, QuantizationOptions(**choice))
        figures = f"{row.snr_db:.1f} | {row.worst_db:.1f} | {row.saturated} of {len(faces)} | {row.distance_error:.3%}"
        yield f"| {name} | {figures} |"


def table_of_8_bits(network: FloatNetwork, pack: Path, trained: Path | None, lfw: Path | None) -> Iterator[str]:
    """Yield the lines of the table of 8 bits."""
    size = network.input.height
    people, faces = held_out_people(pack, network), read_calibration_images(pack, (size, size))
    pictures = read_lfw(lfw, size) if lfw else None
    exact = network.descriptors(people.faces).astype(np.float64)

    def row(name: str, describe: Callable[[Faces], NDArray[np.generic]], scale: float = 1) -> str:
        made = describe(people.faces).astype(np.float64) / scale
        decibels = "" if name == "float" else f"{noise(made, exact)[0]:.1f}"
        accuracy, often, seldom = people.told_apart(made)
        last = f" {pictures.accuracy(describe):.4f} |" if pictures else ""
        return f"| {name} | {decibels} | {accuracy:.4f} | {often:.4f} | {seldom:.4f} |{last}"

    def quantized(name: str, start: FloatNetwork, bits: int, choice: dict[str, Any]) -> str:
        program, _ = quantize(start, faces, QuantizationOptions.of(bits, **choice), bits)
        return row(name, Engine(program).descriptors, 2.0 ** program.tensor(program.output).frac_bits)

    yield "| step | SNR, dB | accuracy | TAR at 1 % | TAR at 0.1 % |" + (" LFW |" if pictures else "")
    yield "|---|---|---|---|---|" + ("---|" if pictures else "")
    yield row("float", network.descriptors)
    yield quantized("16 bits", network, 16, {"report_images": 1})
    for name, choice in CHOICES_8.items():
        yield quantized(f"8 bits: {name}" if name[0] != "+" else name, network, 8, choice)
    if trained is not None:
        yield quantized("+ quantization-aware training", FloatNetwork.load(trained), 8, {"report_images": 1})


def main() -> None:
    """Print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("pack", type=Path)
    parser.add_argument("--bits", type=int, choices=(8, 16), default=16)
    parser.add_argument("--trained", type=Path)
    parser.add_argument("--lfw", type=Path)
    chosen = parser.parse_args()
    network = load_float(chosen.checkpoint)
    if chosen.bits == 16:
        lines = table_of_16_bits(network, chosen.pack)
    else:
        lines = table_of_8_bits(network, chosen.pack, chosen.trained, chosen.lfw)
    for line in lines:
        print(line)
        sys.stdout.flush()


if __name__ == "__main__":
    main()
