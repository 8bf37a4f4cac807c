"""Imports and quantizes one of our networks, its weights drawn; run in a process of its own, by test_importer.py.

    python tests/imported_network.py

Prints the program's identity and the names of its layers, a line each.
"""

import numpy as np
import torch

from peephole.fixedpoint.importer import import_network
from peephole.fixedpoint.program import IntegerProgram
from peephole.fixedpoint.quantize import quantize
from peephole.models import build
from programs import smooth_images


def program() -> IntegerProgram:
    torch.manual_seed(0)
    network = build("squeezenet1_1", 16, width=0.25, bypass=True)
    rng = np.random.default_rng(0)
    with torch.no_grad():
        for tensor in network.state_dict().values():
            if tensor.is_floating_point():
                tensor.copy_(torch.from_numpy(rng.uniform(0.05, 0.25, tensor.shape)))
    return quantize(import_network(network.eval(), "net", (64, 64)), smooth_images(2, 64))[0]


if __name__ == "__main__":
    made = program()
    print(made.identity, *(layer.name for layer in made.layers), sep="\n")
