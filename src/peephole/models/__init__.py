"""Networks in torch, one family a file; `build(name)` finds them by name."""

from collections.abc import Callable

from torch import nn

from peephole.models.squeezenet import squeezenet1_1

ARCHITECTURES: dict[str, Callable[[int], nn.Module]] = {"squeezenet1_1": squeezenet1_1}


def build(name: str, descriptor: int) -> nn.Module:
    """Make the network `name` with a descriptor of `descriptor` values.

    Raises `ValueError` for an unknown name.
    """
    if name not in ARCHITECTURES:
        raise ValueError(f"no network is named {name!r}; there are: {', '.join(sorted(ARCHITECTURES))}")
    return ARCHITECTURES[name](descriptor)
