"""The quantizers that are compared, ours first: each makes of a network and calibration faces what describes faces."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from peephole.engine import Engine
from peephole.evaluation.peers import esp_ppq, onnx_runtime
from peephole.evaluation.peers.onnx_runtime import StaticChoice
from peephole.fixedpoint.float_network import FloatNetwork
from peephole.fixedpoint.quantize import QuantizationOptions, quantize

Describe = Callable[[NDArray[np.uint8]], NDArray[np.generic]]
Quantizer = Callable[[FloatNetwork, NDArray[np.uint8], int], Describe]
"""A float network, calibration faces uint8 [N,H,W] and a number of threads to what describes faces uint8 [N,H,W]."""


@dataclass(frozen=True)
class Row:
    """A quantizer by the words of the table: whose, and how it is asked."""

    quantizer: str
    choice: str
    make: Quantizer


def _ours(bits: int, network: FloatNetwork, faces: NDArray[np.uint8], threads: int) -> Describe:
    options = QuantizationOptions.of(bits, crop="aligned", report_images=1)
    return Engine(quantize(network, faces, options, bits)[0]).descriptors


def _static(choice: StaticChoice, network: FloatNetwork, faces: NDArray[np.uint8], threads: int) -> Describe:
    return onnx_runtime.quantized_describer(network, faces, choice, threads)


def _powers_of_two(bits: int, network: FloatNetwork, faces: NDArray[np.uint8], threads: int) -> Describe:
    return esp_ppq.quantized_describer(network, faces, bits, threads)


def _float(network: FloatNetwork, faces: NDArray[np.uint8], threads: int) -> Describe:
    return onnx_runtime.float_describer(network, threads)


def float_row() -> Row:
    """Return the network itself, which the others are compared with; ONNX Runtime runs it, several times as fast."""
    return Row("none", "float", _float)


STATIC = (
    StaticChoice(16, 16),
    StaticChoice(16, 8),
    StaticChoice(8, 8),
    StaticChoice(8, 8, per_channel=False),
    StaticChoice(8, 8, ranges="Percentile"),
)
ROWS = (
    Row("peephole", "16 bits, powers of two, weights per channel", partial(_ours, 16)),
    Row("peephole", "8 bits, powers of two, weights per channel", partial(_ours, 8)),
    *(Row("ONNX Runtime", str(choice), partial(_static, choice)) for choice in STATIC),
    Row("ESP-PPQ", "16 bits, powers of two, weights per tensor", partial(_powers_of_two, 16)),
    Row("ESP-PPQ", "8 bits, powers of two, weights per tensor", partial(_powers_of_two, 8)),
)


def describe_by(row: Row, network: FloatNetwork, calibration: NDArray[np.uint8], threads: int) -> Describe | str:
    """Return what describes faces, or why there is nothing here that does: a package is absent, or it fails."""
    try:
        return row.make(network, calibration, threads)
    except ModuleNotFoundError as error:
        return f"the package {error.name} is not installed"
    except Exception as error:  # whatever a peer raises is its row's reason, not our end
        if row.quantizer == "peephole":
            raise
        return " ".join(f"{type(error).__name__}: {error}".split())[:200]


def versions(packages: Mapping[str, str]) -> dict[str, str]:
    """Return the versions of packages by their names for a table, `none` for an absent one."""
    from importlib import metadata

    found = {}
    for title, package in packages.items():
        try:
            found[title] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[title] = "none"
    return found
