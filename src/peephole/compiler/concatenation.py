"""Concatenation with copies, for comparison: as if layers could not write into slices of a tensor."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from peephole.compiler.streaming import Enter, Operation
from peephole.fixedpoint.layers import CopyChannels, Tensor, channels_written


def with_copies(
    operations: Sequence[Operation], tensors: Mapping[str, Tensor]
) -> tuple[tuple[Operation, ...], dict[str, Tensor]]:
    """Return operations that write whole tensors, each slice then copied into its place, and all tensors."""
    made: list[Operation] = []
    table = dict(tensors)
    for operation in operations:
        if isinstance(operation, Enter):
            made.append(operation)
            continue
        out = tensors[operation.output]
        count = channels_written(operation, tensors[operation.input].channels)
        if count == out.channels:
            made.append(operation)
            continue
        part = replace(out, name=f"{operation.name}.part", channels=count)
        table[part.name] = part
        made.append(replace(operation, output=part.name, channel=0))
        copy = CopyChannels(f"{operation.name}.copy", part.name, out.name, operation.channel, 0, count, 0)
        made.append(copy)
    return tuple(made), table
