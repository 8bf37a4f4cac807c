"""What `peephole plan` plans: an integer program, or one of a network's shapes alone, before anything is calibrated."""

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from peephole.cli.programs import load_float, load_program, needs_training_packages, program_path
from peephole.cli.user_network import ENDINGS

if TYPE_CHECKING:
    from peephole.fixedpoint.float_network import FloatNetwork
    from peephole.fixedpoint.program import IntegerProgram

CHECKPOINT = ".ckpt"
SIDE, DESCRIPTOR = 128, 128  # of a network by name
INPUTS = 2  # of noise: nobody looks at the formats


def load_planned(
    model: Path | None, bits: int | None, size: int | None, tensor: bool = False
) -> tuple["IntegerProgram", bool]:
    """Return the program to plan, and whether it has a network's shapes alone: weights and formats are then made up.

    model: an integer program; a checkpoint or a float network; a .pt2 or .onnx; or the name of a backbone, which gets
    random weights. bits: of what is not an integer program yet. size: side of the image of a backbone by name.
    tensor: a .pt2 or .onnx of one channel takes a tensor, as after calibration on floats, and no grey image.
    Raises `OSError` or `ValueError` with one sentence, and a usage error for an option that has nothing to say.
    """
    from peephole.fixedpoint.program import NETWORK, RECOGNISE

    if bits not in (None, 8, 16):
        raise typer.BadParameter(f"--bits {bits}: must be 16 or 8")
    by_name = model is not None and not model.exists() and not model.suffix and len(model.parts) == 1
    if size is not None and not by_name:
        raise typer.BadParameter("--size is for a backbone by its name; a file says its own size")
    if model is not None and not by_name and not model.exists():
        raise FileNotFoundError(
            f"{model}: no such file; name an integer program, a checkpoint, a .pt2 or .onnx, or a backbone, as "
            "squeezenet1_1"
        )
    own = model is not None and model.is_file() and model.suffix in ENDINGS
    if tensor and not own:
        raise typer.BadParameter("--tensor is for a .pt2 or .onnx; everything else says its own input")
    if model is None:
        return load_program(program_path(None, bits or 16)), False
    if by_name:
        return _of_shapes(_backbone(str(model), size or SIDE), bits, RECOGNISE), True
    if own:
        return _of_shapes(_user_network(model, tensor), bits, NETWORK), True
    if model.is_file() and _is_float(model):
        network = load_float(model)
        return _of_shapes(network, bits, network.card.get("task", RECOGNISE)), True
    if bits is not None:
        raise typer.BadParameter("--bits is for a network that is not quantized yet; an integer program has its own")
    return load_program(model), False


def _is_float(path: Path) -> bool:
    from safetensors import SafetensorError, safe_open

    if path.suffix != ".safetensors":
        return path.suffix == CHECKPOINT
    from peephole.fixedpoint.float_network import KIND

    try:
        with safe_open(path, "np") as file:
            return (file.metadata() or {}).get("format") == f"peephole {KIND}"
    except (OSError, SafetensorError):
        return False  # which reading it as a program says better


def _backbone(name: str, size: int) -> "FloatNetwork":
    try:
        import torch

        from peephole.fixedpoint.importer import import_network
        from peephole.models import ARCHITECTURES, build
    except ModuleNotFoundError as error:
        raise needs_training_packages(error) from error
    if name not in ARCHITECTURES:
        raise FileNotFoundError(
            f"{name}: no such file, and no backbone is named so; there are {', '.join(ARCHITECTURES)}"
        )
    torch.manual_seed(0)
    return import_network(build(name, DESCRIPTOR, size=size).eval(), name, (size, size))


def _user_network(path: Path, tensor: bool) -> "FloatNetwork":
    """Import a network that takes a grey image where it can and no tensor is asked for, else a tensor."""
    from peephole.fixedpoint.importer import import_file
    from peephole.fixedpoint.validation import IMAGE

    try:
        imported = import_file(path)
        one_channel = len(imported.input.shape) == 3 and imported.input.shape[0] == 1
        return import_file(path, IMAGE).network if one_channel and not tensor else imported.network
    except ModuleNotFoundError as error:
        raise needs_training_packages(error) from error


def _of_shapes(network: "FloatNetwork", bits: int | None, task: str) -> "IntegerProgram":
    """Quantize a network with random weights in place of its own, which noise could leave without any answer."""
    import numpy as np

    from peephole.fixedpoint.float_layers import FloatConvolution
    from peephole.fixedpoint.quantize import QuantizationOptions, prepare, to_program
    from peephole.fixedpoint.validation import TENSOR

    random, source = np.random.default_rng(0), network.input
    layers = [
        dataclasses.replace(
            layer,
            weight=random.normal(0, (2 / layer.weight[0].size) ** 0.5, layer.weight.shape).astype(np.float32),
            bias=np.zeros_like(layer.bias),
        )
        if isinstance(layer, FloatConvolution)
        else layer
        for layer in network.layers
    ]
    width = bits or (network.formats.bits if network.formats else 16)
    shaped = dataclasses.replace(network, layers=tuple(layers), formats=None)
    if network.input_kind == TENSOR:
        inputs = random.normal(0, 1, (INPUTS, source.height, source.width, source.channels)).astype(np.float32)
    else:
        inputs = random.integers(0, 256, (INPUTS, source.height, source.width), np.uint8)
    options = QuantizationOptions.of(width, task=task)
    return to_program(prepare(shaped, inputs, options, width), options)[0]
