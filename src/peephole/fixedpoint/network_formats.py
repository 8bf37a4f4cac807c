"""The formats of a whole network: which power of two every tensor and every output channel has."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class TensorFormat:
    """A tensor's integers have `bits` bits, sign included; value = integer / 2**frac_bits."""

    bits: int
    frac_bits: int


@dataclass(frozen=True, eq=False)
class NetworkFormats:
    """The formats that a network was trained in, and will run in.

    bits: of the weights. tensors: by name, the input too. weights: fraction bits of every output channel, int8 [O], by
    layer.
    """

    bits: int
    tensors: Mapping[str, TensorFormat]
    weights: Mapping[str, NDArray[np.int8]]

    def as_json(self) -> dict[str, Any]:
        """Return plain values for `json.dumps`."""
        return {
            "bits": self.bits,
            "tensors": {name: [form.bits, form.frac_bits] for name, form in self.tensors.items()},
            "weights": {name: bits.tolist() for name, bits in self.weights.items()},
        }

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> "NetworkFormats":
        """Read what `as_json` wrote. Raises `KeyError`, `TypeError` or `ValueError` for anything else."""
        return cls(
            bits=int(record["bits"]),
            tensors={name: TensorFormat(int(bits), int(frac)) for name, (bits, frac) in record["tensors"].items()},
            weights={name: np.array(bits, np.int8) for name, bits in record["weights"].items()},
        )
