"""`peephole bench`: ours beside others, on the same networks and the same faces."""

import dataclasses
import platform
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from peephole.cli import (
    bench_detector,
    bench_kernels,
    bench_match,
    bench_memory,
    bench_network,
    bench_pipeline,
    bench_scale,
    marked,
)
from peephole.cli.options import Crop, JsonOption
from peephole.cli.output import print_json, print_table, progress

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from peephole.compiler.peers.arenas import Arenas
    from peephole.evaluation.peers.losses import Loss
    from peephole.evaluation.peers.quantizers import Row
    from peephole.fixedpoint.float_network import FloatNetwork

group = typer.Typer(no_args_is_help=True, help="Compare with others, and write tables of it.")

CALIBRATION_FACES = 256
PACKAGES = {
    "TensorFlow Lite Micro": "tflite-micro",
    "ONNX Runtime": "onnxruntime",
    "ONNX": "onnx",
    "ESP-PPQ": "esp-ppq",
}
ARENA_TITLES = (
    "network",
    "bits",
    "ours",
    "ours, layers one by one",
    "greedy by size on these",
    "TFLM arena: head",
    "its tail",
    "ours to TFLM's head",
    "ours with weights at work",
)
LOSS_TITLES = ("quantizer", "choice", "LFW accuracy", "lost", "TAR at FAR 1e-3", "SNR, dB")


@dataclasses.dataclass(frozen=True)
class Protocol:
    """What accuracy is measured on. keep: folder for descriptors, so that a second run is quick."""

    checkpoint: Path
    calibration: Path
    images: Path
    pairs: Path
    keep: Path | None


group.command()(bench_network.network)
group.command()(bench_kernels.kernels)
group.command()(bench_detector.detector)
group.command()(bench_pipeline.pipeline)
group.command()(bench_match.match)
group.command()(bench_scale.scale)
group.command()(bench_memory.memory)
group.command(hidden=True)(bench_memory.resident)


@group.command()
def peers(
    checkpoint: Annotated[
        Path | None,
        typer.Option("--checkpoint", metavar="CHECKPOINT", show_default=False, help="Network whose loss is measured."),
    ] = None,
    calibration: Annotated[
        Path | None,
        typer.Option(
            "--calibration", metavar="SRC", show_default=False, help="Faces that all quantizers calibrate on."
        ),
    ] = None,
    images: Annotated[
        Path | None, typer.Option("--images", metavar="TAR", show_default=False, help="Pictures of the protocol (LFW).")
    ] = None,
    pairs: Annotated[
        Path | None, typer.Option("--pairs", metavar="FILE", show_default=False, help="Its pairs file.")
    ] = None,
    keep: Annotated[
        Path | None,
        typer.Option(
            "--keep",
            metavar="DIR",
            show_default=False,
            help="Keep descriptors and reuse them; empty it when our quantizer or kernels have changed.",
        ),
    ] = None,
    document: Annotated[
        Path | None,
        typer.Option("--document", metavar="FILE", show_default=False, help="Put the tables between its markers."),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Compare memory with TensorFlow Lite Micro, and the cost of few bits with ONNX Runtime and ESP-PPQ.

    Memory: bytes of activations of the same networks, with 8 and 16 bits. Accuracy: of CHECKPOINT on pairs of faces,
    float and quantized by each, where --checkpoint, --calibration, --images and --pairs are given. A peer whose package
    is not installed (`pip install 'peephole[peers]'`) gets a row that says so.
    """
    protocol = _protocol(checkpoint, calibration, images, pairs, keep)
    if document is not None and not document.is_file():
        raise FileNotFoundError(f"{document}: no such document to put the tables into")
    rows = _arenas()
    lost = [] if protocol is None else _losses(protocol)
    found = _setting()
    if document is not None:
        _document(document, rows, lost, found)
    if json:
        told = {"arenas": [dataclasses.asdict(r) for r in rows], "losses": [_plain(r) for r in lost]}
        print_json(told | {"setting": found})
        return
    print_table(ARENA_TITLES, [_arena_cells(row) for row in rows])
    if lost:
        print()
        print_table(LOSS_TITLES, [_loss_cells(row) for row in lost])
    print()
    print(", ".join(f"{name} {value}" for name, value in found.items()))


def _protocol(
    checkpoint: Path | None,
    calibration: Path | None,
    images: Path | None,
    pairs: Path | None,
    keep: Path | None,
) -> Protocol | None:
    given = {"--checkpoint": checkpoint, "--calibration": calibration, "--images": images, "--pairs": pairs}
    absent = [name for name, path in given.items() if path is None]
    if len(absent) == len(given):
        return None
    if checkpoint is None or calibration is None or images is None or pairs is None:
        raise typer.BadParameter(f"accuracy needs {' and '.join(absent)} too")
    for path in (checkpoint, calibration, images, pairs):
        if not path.exists():
            raise FileNotFoundError(f"{path}: no such file or folder to measure accuracy with")
    if keep is not None and not keep.is_dir():
        raise FileNotFoundError(f"{keep}: no such folder to keep descriptors in")
    return Protocol(checkpoint, calibration, images, pairs, keep)


def _arenas() -> "list[Arenas]":
    from peephole.cli.programs import needs_training_packages
    from peephole.compiler.peers.arenas import arenas
    from peephole.compiler.peers.networks import SHAPES, program_of

    wanted = [(name, bits) for name in SHAPES for bits in (8, 16)]
    try:
        return [
            arenas(name, program_of(SHAPES[name], bits)) for name, bits in progress(wanted, "planning", len(wanted))
        ]
    except ModuleNotFoundError as error:
        raise needs_training_packages(error) from error


def _losses(protocol: Protocol) -> "list[Loss]":
    from peephole.cli.programs import load_float, make_cutter, threads
    from peephole.evaluation.embedding import SMALLEST_CENTRED_FACE
    from peephole.evaluation.lfw import picture_name, read_pairs
    from peephole.evaluation.peers.faces import cut_faces
    from peephole.evaluation.peers.losses import losses
    from peephole.evaluation.peers.quantizers import ROWS, float_row
    from peephole.image_files import list_pictures, read_pictures
    from peephole.training.calibration_images import read_calibration_images

    network = load_float(protocol.checkpoint)
    size = (network.input.height, network.input.width)
    wanted = read_pairs(protocol.pairs)
    wanted.check_pictures(list_pictures(protocol.images), str(protocol.images))
    calibration = read_calibration_images(protocol.calibration, size, CALIBRATION_FACES)
    pictures = read_pictures(protocol.images, lambda name: picture_name(name) in wanted.names)
    cut = make_cutter(Crop.ALIGNED, size[0], None, SMALLEST_CENTRED_FACE)
    faces = cut_faces(progress(pictures, "cutting", len(wanted.names)), cut, threads())
    source = (protocol.checkpoint.read_bytes(), calibration.tobytes())
    made = {
        (row.quantizer, row.choice): _described(row, network, calibration, faces.pixels, source, protocol.keep)
        for row in progress((float_row(), *ROWS), "quantizing and describing", len(ROWS) + 1)
    }
    whole = made.pop((float_row().quantizer, float_row().choice))
    if isinstance(whole, str):
        raise ValueError(f"accuracy needs ONNX Runtime: {whole}; install it with: pip install 'peephole[peers]'")
    return losses(wanted, faces, whole, made)


def _described(
    row: "Row",
    network: "FloatNetwork",
    calibration: "NDArray[np.uint8]",
    faces: "NDArray[np.uint8]",
    source: tuple[bytes, ...],
    keep: Path | None,
) -> "NDArray[Any] | str":
    """Return the descriptors [N,D] of faces uint8 [N,S,S] by one quantizer, or why there are none.

    source: bytes that tell network and calibration apart from others; with them, the faces and the versions of the
    peers descriptors are found again in `keep`.
    """
    import numpy as np

    from peephole.cli.programs import threads
    from peephole.digests import digest_of
    from peephole.evaluation.peers.quantizers import describe_by, versions

    told = (row.quantizer, row.choice, str(versions(PACKAGES)))
    kept = keep and keep / f"{digest_of((*(text.encode() for text in told), *source, faces.tobytes()))}.npy"
    if kept is not None and kept.is_file():
        return np.asarray(np.load(kept))
    describe = describe_by(row, network, calibration, threads())
    if isinstance(describe, str):
        return describe
    descriptors = np.asarray(describe(faces))
    if kept is not None:
        np.save(kept, descriptors)
    return descriptors


def _setting() -> dict[str, str]:
    """What the figures were measured with: the machine and the versions."""
    from peephole.evaluation.peers.quantizers import versions

    return machine() | versions(PACKAGES)


def machine() -> dict[str, str]:
    """Return the machine, our version and Python's, by their names for a table."""
    from peephole import __version__

    cpu = Path("/proc/cpuinfo")
    lines = cpu.read_text().splitlines() if cpu.is_file() else []
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    told = f"{platform.system()} {platform.machine()}{' (' + model + ')' if model else ''}"
    return {"machine": told, "peephole": __version__, "Python": sys.version.split()[0]}


def _arena_cells(row: "Arenas") -> Sequence[object]:
    ours = (f"{row.ours:,}", f"{row.layer_by_layer:,}", f"{row.by_size:,}")
    last = f"{row.with_weights:,}"
    if row.tflm is None or row.tflm_tail is None:
        return (row.network, row.bits, *ours, f"none: {row.why_not}", "", "", last)
    return (row.network, row.bits, *ours, f"{row.tflm:,}", f"{row.tflm_tail:,}", f"{row.ours / row.tflm:.3f}", last)


def _loss_cells(row: "Loss") -> Sequence[object]:
    if row.why_not:
        return (row.quantizer, row.choice, f"none: {row.why_not}", "", "", "")
    noise = "" if row.noise is None else f"{row.noise:.1f}"
    accuracy = f"{row.accuracy:.4f} ± {row.standard_error:.4f}"
    return (row.quantizer, row.choice, accuracy, f"{row.lost:+.4f}", f"{row.true_accept_rate:.4f}", noise)


def _plain(row: "Loss") -> dict[str, Any]:
    """As JSON, which knows no NaN."""
    return {key: None if value != value else value for key, value in dataclasses.asdict(row).items()}


def _document(document: Path, rows: "list[Arenas]", lost: "list[Loss]", found: dict[str, str]) -> None:
    marked.put(document, "arenas", marked.table(ARENA_TITLES, [_arena_cells(row) for row in rows]))
    marked.put(document, "setting", "Measured with: " + ", ".join(f"{k} {v}" for k, v in found.items()) + ".")
    if lost:
        marked.put(document, "losses", marked.table(LOSS_TITLES, [_loss_cells(row) for row in lost]))
