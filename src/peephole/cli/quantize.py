"""`peephole quantize`: from a float network, ours or the user's own, to the integer program that devices run."""

import dataclasses
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from peephole.cli.options import Crop, JsonOption
from peephole.cli.output import check_output, plain, print_json
from peephole.cli.quantizer_options import Choices, Quantized, Ranges, WeightsPer, check_plot_file, quantize_as
from peephole.cli.user_network import ENDINGS, Pixels, borders, quantize_user_network

if TYPE_CHECKING:
    from collections.abc import Mapping

    from peephole.fixedpoint.program import Calibration, IntegerProgram


def _thresholds(program: "IntegerProgram", pack: Path, people: int, seed: int) -> "Calibration":
    from peephole.cli.programs import make_cutter, threads
    from peephole.evaluation.calibration import calibrate, held_out
    from peephole.evaluation.embedding import SMALLEST_CENTRED_FACE, integer_embedder

    embedder = integer_embedder(program)
    cut = make_cutter(Crop(program.crop), embedder.size, None, SMALLEST_CENTRED_FACE)
    return calibrate(pack, held_out(pack, people, seed), cut, embedder, threads(), program.crop)


def _as_trained(card: "Mapping[str, Any]", given: int | None, key: str, option: str) -> int:
    """Return the option's value in training: thresholds measured on people that were trained on would be far too wide.

    given: by the user, who may not contradict the card. Raises `ValueError` where neither knows, or both differ.
    """
    trained: int | None = card.get(key)
    agreed = given if trained is None else trained
    if agreed is None:
        raise ValueError(f"the network does not say whom its training held out; give {option} of the training run")
    if given is not None and given != agreed:
        raise ValueError(f"{option} {given} differs from the training run's {trained}; leave the option out")
    return agreed


def _quantize_own(
    path: Path, calibration: Path, output: Path, images: int, pixels: Pixels, choices: Choices
) -> tuple[Quantized, dict[str, Any]]:
    """Quantize a network of the user's own, without thresholds. Return the program, and what else JSON tells."""
    made = quantize_user_network(path, calibration, output.stem, images, pixels, choices)
    made.program.save(output)
    return made, dict(made.program.card)


def _quantize_faces(
    checkpoint: Path,
    calibration: Path,
    output: Path,
    images: int,
    crop: Crop,
    trained: tuple[int | None, int | None],
    choices: Choices,
) -> tuple[Quantized, dict[str, Any]]:
    """Quantize a network of ours, with thresholds where SRC is the packed faces. Return it, and what else JSON tells.

    trained: how many people training held out, and by which seed, where that was given.
    """
    from peephole.cli.programs import load_float
    from peephole.fixedpoint.program import LANDMARKS, RECOGNISE
    from peephole.training.calibration_images import read_calibration_images
    from peephole.training.landmark_windows import Windows

    network = dataclasses.replace(load_float(checkpoint), name=output.stem)
    task = network.card.get("task", RECOGNISE)
    windows = Windows() if task == LANDMARKS else None
    faces = read_calibration_images(calibration, (network.input.height, network.input.width), images, windows)
    packed = (calibration / "index.npz").is_file() and task == RECOGNISE
    people = _as_trained(network.card, trained[0], "held_out_identities", "--held-out") if packed else 0
    drawn_by = _as_trained(network.card, trained[1], "seed", "--seed") if packed else 0
    made = quantize_as(network, faces, choices, {"crop": crop.value, "task": task})
    program = made.program
    if packed:
        program = program.with_calibration(_thresholds(program, calibration, people, drawn_by))
    elif task == RECOGNISE:
        print(
            "peephole: no thresholds: SRC is not the packed training faces; no doorbell can decide by this program",
            file=sys.stderr,
        )
    program.save(output)
    points = [] if program.calibration is None else list(program.calibration.points)
    return dataclasses.replace(made, program=program), {"thresholds": points}


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
            "--calibration",
            metavar="SRC",
            help="What the network will see: a tar or folder of pictures, packed faces, or .npz.",
        ),
    ],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="M.safetensors", help="The program to write.")],
    bits: Annotated[
        str | None,
        typer.Option(
            metavar="16|8|mixed",
            show_default="as trained, else 16",
            help="Bits of activations and weights; mixed: chosen layer by layer within a budget.",
        ),
    ] = None,
    budget: Annotated[
        str | None,
        typer.Option(
            metavar="BYTES", help="With --bits mixed: bytes of weights, biases and shifts; 900K is a size too."
        ),
    ] = None,
    budget_cycles: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="With --bits mixed: cycles, as peephole plan --tiles predicts."),
    ] = None,
    ranges: Annotated[
        Ranges | None,
        typer.Option(
            show_default="maximum for 16 bits, least-squares for 8", help="How far the format of an activation reaches."
        ),
    ] = None,
    percentile: Annotated[
        float | None,
        typer.Option(
            min=50, max=100, show_default="99.99", help="With --ranges percentile: per cent of the values that fit."
        ),
    ] = None,
    margin: Annotated[
        float | None,
        typer.Option(
            min=0.25,
            max=64,
            show_default="4 for 16 bits, 1 for 8",
            help="With --ranges maximum: factor on the largest value seen.",
        ),
    ] = None,
    weights_per: Annotated[
        WeightsPer | None,
        typer.Option(
            show_default="channel", help="What has a format of its own: each output channel's weights, or a layer's."
        ),
    ] = None,
    no_equalise: Annotated[bool, typer.Option("--no-equalise", help="Leave channels as large as they are.")] = False,
    no_correct_bias: Annotated[
        bool, typer.Option("--no-correct-bias", help="Leave the mean error of rounded weights in the output.")
    ] = False,
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
        float | None, typer.Option(show_default="128", help="For a .pt2 or .onnx that reads (pixel - offset) / scale.")
    ] = None,
    scale: Annotated[float | None, typer.Option(show_default="128", help="See --offset.")] = None,
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw the report: FILE.svg or FILE.png.", show_default=False)
    ] = None,
    json: JsonOption = False,
) -> None:
    """Make an integer program of a network and report what it costs, layer by layer.

    The ranges of the activations are taken from the faces of SRC. Where SRC is the packed training faces, the
    thresholds are measured too, on the people whom training held out, behind the detector: for each false-accept rate
    the distance that accepts no more pairs of different people. Otherwise the program carries no thresholds, and no
    doorbell can decide by it. A landmark network has no thresholds; its faces are cut around where the detector's box
    lies.

    The program is named after the file that it is written to.

    A network of quantization-aware training (`task = "quantization"`) keeps the formats that it was trained in.

    With --bits mixed every convolution is put into 8 bits by itself to see what that costs at the output, and those
    get 8 bits that add least noise for what the budget asks to save.

    A network of your own is what `torch.export.save` or an ONNX exporter wrote (.pt2, .onnx). SRC is then an .npz file
    with an array `samples` [N,..] of what it will see, floats as the network takes them or grey images as uint8; or a
    folder of pictures, which are made grey and cut to its input.
    """
    choices = Choices(
        bits=bits,
        budget=budget,
        budget_cycles=budget_cycles,
        ranges=ranges,
        percentile=percentile,
        margin=margin,
        weights_per=weights_per,
        equalise=not no_equalise,
        correct_bias=not no_correct_bias,
    )
    pixels = Pixels(offset, scale)
    own = checkpoint.suffix in ENDINGS
    if not own and pixels != Pixels():
        raise typer.BadParameter("--offset and --scale are for networks of your own, .pt2 or .onnx")
    pixels.check()
    check_output(output, ".safetensors", checkpoint, calibration)
    check_plot_file(plot)
    if own:
        made, told = _quantize_own(checkpoint, calibration, output, images, pixels, choices)
    else:
        made, told = _quantize_faces(checkpoint, calibration, output, images, crop, (held_out, seed), choices)
    if plot is not None:
        made.plot(plot)
    program = made.program
    if json:
        print_json(made.as_json() | {"file": str(output), "model_id": program.model_id} | told)
        return
    made.print()
    if own:
        print(borders(program))
    for rate, distance in told.get("thresholds", ()):
        print(f"false-accept rate {rate:g}: squared distance {distance}")
    print(f"{plain(str(output))}: model {program.model_id}")
