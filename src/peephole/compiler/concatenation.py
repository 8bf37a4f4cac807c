"""Concatenation with copies, for comparison: as if layers could not write into slices of a tensor."""

from dataclasses import replace

from peephole.fixedpoint.layers import CopyChannels, Layer, channels_written
from peephole.fixedpoint.program import IntegerProgram


def with_copies(program: IntegerProgram) -> IntegerProgram:
    """Return a program whose layers write whole tensors, each slice then copied into its place: of the same bits."""
    layers: list[Layer] = []
    tensors = list(program.tensors)
    for layer in program.layers:
        out = program.tensor(layer.output)
        count = channels_written(layer, program.tensor(layer.input).channels)
        if count == out.channels:
            layers.append(layer)
            continue
        part = replace(out, name=f"{layer.name}.part", channels=count)
        tensors.append(part)
        layers.append(replace(layer, output=part.name, channel=0))
        layers.append(CopyChannels(f"{layer.name}.copy", part.name, out.name, layer.channel, 0, count, 0))
    return replace(program, tensors=tuple(tensors), layers=tuple(layers))
