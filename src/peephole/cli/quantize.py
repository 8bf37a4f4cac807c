"""`peephole quantize`: from a float network, ours or the user's own, to the integer program that devices run."""

import dataclasses
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from peephole.cli.options import Crop, JsonOption
from peephole.cli.output import check_output, plain, print_json
from peephole.cli.user_network import ENDINGS, Pixels, borders, quantize_user_network

if TYPE_CHECKING:
    from collections.abc import Mapping

    from peephole.fixedpoint.program import Calibration, IntegerProgram


def _thresholds(program: "IntegerProgram", pack: Path, people: int, seed: int) -> "Calibration":
    from peephole.cli.programs import make_cutter, threads
    from peephole.evaluation.calibration import calibrate, held_out
    from peephole.evaluation.embedding import integer_embedder

    embedder = integer_embedder(program)
    cut = make_cutter(Crop(program.crop), embedder.size, None, smallest_face=60)
    return calibrate(pack, held_out(pack, people, seed), cut, embedder, threads(), program.crop)


def _as_trained(card: "Mapping[str, Any]", given: int | None, key: str, option: str) -> int:
    """Return what training did; thresholds measured on people of the training set would be far too wide."""
    trained: int | None = card.get(key)
    agreed = given if trained is None else trained
    if agreed is None:
        raise ValueError(f"the network does not say whom its training held out; give {option} of the training run")
    if given is not None and given != agreed:
        raise ValueError(f"{option} {given} differs from the training run's {trained}; leave the option out")
    return agreed


def _quantize_own(
    path: Path, calibration: Path, output: Path, bits: int, images: int, pixels: Pixels, json: bool
) -> None:
    """Quantize a network of the user's own: there are no faces, and no thresholds."""
    check_output(output, ".safetensors", path, calibration)
    program, report = quantize_user_network(path, calibration, output.stem, bits, images, pixels)
    program.save(output)
    if json:
        print_json(report.as_json() | {"file": str(output), "model_id": program.model_id} | dict(program.card))
        return
    print(report.table())
    print(borders(program))
    print(f"{plain(str(output))}: model {program.model_id}")


def quantize(
    checkpoint: Annotated[
        Path,
        typer.Argument(
            metavar="NETWORK", help="A checkpoint of `peephole train`, a float network, or a .pt2 or .onnx."
        ),
    ],
    calibration: Annotated[
        Path,
        typer.Option(
            "--calibration", metavar="SRC", help="What it will see: a tar or folder of pictures, packed faces, or .npz."
        ),
    ],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="M.safetensors", help="The program to write.")],
    bits: Annotated[
        int | None,
        typer.Option(show_default="as trained, else 16", help="Bits of activations and weights: 16 or 8."),
    ] = None,
    images: Annotated[int, typer.Option(min=1, help="How many faces or samples the ranges are taken from.")] = 256,
    crop: Annotated[
        Crop, typer.Option(help="How faces will be cut for the program; its thresholds hold for this cut alone.")
    ] = Crop.DETECT,
    held_out: Annotated[
        int | None,
        typer.Option(min=2, show_default="as the checkpoint says", help="People that training held out of the pack."),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(show_default="as the checkpoint says", help="Seed of the run, which decides whom it held out."),
    ] = None,
    offset: Annotated[
        float | None, typer.Option(show_default="128", help="Of a .pt2 or .onnx that reads (pixel - offset) / scale.")
    ] = None,
    scale: Annotated[float | None, typer.Option(show_default="128", help="See --offset.")] = None,
    json: JsonOption = False,
) -> None:
    """Make an integer program of a network and report what it costs, layer by layer.

    The ranges of the activations are taken from the faces of SRC. Where SRC is the packed training faces, the
    thresholds are measured too, on the people whom training held out, behind the detector: for each false-accept rate
    the distance that accepts no more pairs of different people. Otherwise the program carries no thresholds, and no
    doorbell can decide by it. A landmark network has no thresholds; its faces are cut around where the detector's box
    lies. The program is named after its file.

    A network of quantization-aware training (`task = "quantization"`) keeps the formats that it was trained in.

    A network of your own is what `torch.export.save` or an ONNX exporter wrote (.pt2, .onnx). SRC is then an .npz file
    with an array `samples` [N,..] of what it will see, floats as the network takes them or grey images as uint8; or a
    folder of pictures, which are made grey and cut to its input.
    """
    pixels = Pixels(offset, scale)
    if checkpoint.suffix in ENDINGS:
        _quantize_own(checkpoint, calibration, output, 16 if bits is None else bits, images, pixels, json)
        return
    if pixels != Pixels():
        raise typer.BadParameter("--offset and --scale are for networks of your own, .pt2 or .onnx")
    from peephole.cli.programs import load_float
    from peephole.fixedpoint.program import LANDMARKS, RECOGNISE
    from peephole.fixedpoint.quantize import QuantizationOptions
    from peephole.fixedpoint.quantize import quantize as quantize_network
    from peephole.training.calibration_images import read_calibration_images
    from peephole.training.landmark_windows import Windows

    check_output(output, ".safetensors", checkpoint, calibration)
    network = dataclasses.replace(load_float(checkpoint), name=output.stem)
    task = network.card.get("task", RECOGNISE)
    windows = Windows() if task == LANDMARKS else None
    faces = read_calibration_images(calibration, (network.input.height, network.input.width), images, windows)
    packed = (calibration / "index.npz").is_file() and task == RECOGNISE
    people = _as_trained(network.card, held_out, "held_out_identities", "--held-out") if packed else 0
    drawn_by = _as_trained(network.card, seed, "seed", "--seed") if packed else 0
    width = bits if bits is not None else network.formats.bits if network.formats else 16
    options = QuantizationOptions.of(width, crop=crop.value, task=task)
    program, report = quantize_network(network, faces, options, width)
    if packed:
        program = program.with_calibration(_thresholds(program, calibration, people, drawn_by))
    elif task == RECOGNISE:
        print("peephole: no thresholds: SRC is not the packed training faces", file=sys.stderr)
    program.save(output)
    points = [] if program.calibration is None else list(program.calibration.points)
    if json:
        told = {"file": str(output), "model_id": program.model_id, "thresholds": points}
        print_json(report.as_json() | told)
        return
    print(report.table())
    for rate, distance in points:
        print(f"false-accept rate {rate:g}: squared distance {distance}")
    print(f"{plain(str(output))}: model {program.model_id}")
