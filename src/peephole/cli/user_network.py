"""Quantizing a network of the user's own: a .pt2 or .onnx file and samples, instead of a checkpoint and faces."""

import dataclasses
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from peephole.cli.programs import needs_training_packages
from peephole.cli.quantizer_options import Choices, Quantized, quantize_as

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from peephole.fixedpoint.importer import Imported
    from peephole.fixedpoint.program import IntegerProgram

ENDINGS = (".pt2", ".onnx")
LEAST_SCALE, MOST = 1e-3, 1e6


@dataclass(frozen=True)
class Pixels:
    """How a grey image enters the network: as (pixel - offset) / scale."""

    offset: float | None = None
    scale: float | None = None

    @property
    def given(self) -> tuple[float, float]:
        """Offset and scale."""
        from peephole.fixedpoint.pixels import OFFSET, SCALE

        return float(OFFSET if self.offset is None else self.offset), float(SCALE if self.scale is None else self.scale)

    def check(self) -> None:
        """Raise a usage error for numbers that no training uses, and by which 32-bit floats would overflow."""
        offset, scale = self.given
        if not LEAST_SCALE <= scale <= MOST:
            raise typer.BadParameter(f"--scale {scale:g}: must be a number from {LEAST_SCALE:g} to {MOST:g}")
        if not abs(offset) <= MOST:
            raise typer.BadParameter(f"--offset {offset:g}: must be a number from {-MOST:g} to {MOST:g}")


def quantize_user_network(
    path: Path, calibration: Path, name: str, count: int, pixels: Pixels, choices: Choices
) -> Quantized:
    """Import, calibrate and quantize. Raises `OSError` or `ValueError` with one sentence."""
    from peephole.fixedpoint.program import NETWORK
    from peephole.fixedpoint.validation import IMAGE

    imported, inputs = _imported(path, calibration, count, pixels)
    shapes: dict[str, Any] = {"input_shape": list(imported.input.shape), "output_shape": list(imported.output.shape)}
    if imported.network.input_kind == IMAGE:
        shapes |= dict(zip(("pixel_offset", "pixel_scale"), pixels.given, strict=True))
    network = dataclasses.replace(imported.network, name=name, card=shapes)
    return quantize_as(network, inputs, choices, {"task": NETWORK})


def _imported(path: Path, calibration: Path, count: int, pixels: Pixels) -> tuple["Imported", "NDArray[Any]"]:
    from peephole.cli.samples import read_samples
    from peephole.fixedpoint.validation import IMAGE, TENSOR
    from peephole.training.calibration_images import read_calibration_images

    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such network")
    if calibration.suffix != ".npz":
        _check_pictures(calibration)
        imported = _import(path, IMAGE, pixels)
        return imported, read_calibration_images(calibration, _sides(imported), count)
    samples = read_samples(calibration, count)
    if samples.dtype != "uint8":
        if pixels != Pixels():
            raise ValueError(f"{calibration}: --offset and --scale are for grey images as uint8, not for floats")
        imported = _import(path, TENSOR, pixels)
        return imported, imported.input.to_tensor(_fitting(calibration, samples, imported.input.shape))
    imported = _import(path, IMAGE, pixels)
    height, width = _sides(imported)
    if samples.shape[1:] in ((1, height, width), (height, width, 1)):
        samples = samples.reshape(-1, height, width)
    return imported, _fitting(calibration, samples, (height, width))


def _check_pictures(source: Path) -> None:
    """Refuse what can hold no pictures, before it is asked whether the network takes any."""
    if not source.exists():
        raise FileNotFoundError(f"{source}: no such .npz of samples, nor a folder or tar file of pictures")
    if source.is_file() and not tarfile.is_tarfile(source):
        raise ValueError(
            f"{source}: not an .npz, as numpy.savez(FILE, samples=array) writes it, nor a folder or whole tar file of "
            "pictures"
        )


def _sides(imported: "Imported") -> tuple[int, int]:
    return imported.network.input.height, imported.network.input.width


def _import(path: Path, kind: str, pixels: Pixels) -> "Imported":
    from peephole.fixedpoint.importer import import_file

    try:
        return import_file(path, kind, *pixels.given)
    except ModuleNotFoundError as error:
        raise needs_training_packages(error) from error


def _fitting(path: Path, samples: "NDArray[Any]", shape: tuple[int, ...]) -> "NDArray[Any]":
    if samples.shape[1:] != shape:
        raise ValueError(f"{path}: samples are {list(samples.shape[1:])}, the network takes {list(shape)}")
    return samples


def borders(program: "IntegerProgram") -> str:
    """Say what the program takes and gives, in words for who will call it."""
    source, out = program.input, program.tensor(program.output)
    shapes = [f"[{t.height},{t.width},{t.channels}]" for t in (source, out)]
    if program.input_kind == "image":
        taken = f"a grey image uint8 [{source.height},{source.width}]"
        if "pixel_scale" in program.card:
            taken += f", of which it reads (pixel - {program.card['pixel_offset']:g}) / {program.card['pixel_scale']:g}"
    else:
        taken = f"int{source.bits} {shapes[0]} of {source.frac_bits} fraction bits"
    return f"takes {taken}, gives int{out.bits} {shapes[1]} of {out.frac_bits} fraction bits"
