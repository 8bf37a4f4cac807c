"""Networks in torch, one family a file; `build(name)` finds them by name.

A new one: a file with a `Backbone` and a function that makes it from `Options`, and its line in `ARCHITECTURES`.
"""

from collections.abc import Callable
from inspect import signature
from typing import Any

from peephole.models.backbone import Backbone, Options, Pooling
from peephole.models.mobilenet import mobilenet_v1, mobilenet_v2
from peephole.models.shufflenet import shufflenet_v1, shufflenet_v2
from peephole.models.squeezeface import squeezeface
from peephole.models.squeezenet import squeezenet1_0, squeezenet1_1

ARCHITECTURES: dict[str, Callable[..., Backbone]] = {
    "squeezenet1_0": squeezenet1_0,
    "squeezenet1_1": squeezenet1_1,
    "squeezeface": squeezeface,
    "mobilenet_v1": mobilenet_v1,
    "mobilenet_v2": mobilenet_v2,
    "shufflenet_v1": shufflenet_v1,
    "shufflenet_v2": shufflenet_v2,
}


def build(
    name: str,
    descriptor: int,
    *,
    batch_norm: bool = True,
    width: float = 1.0,
    channels: int = 1,
    pooling: Pooling = "average",
    size: int = 128,
    **own: Any,
) -> Backbone:
    """Make the network `name` with a descriptor of `descriptor` values; `Options` says what the others mean.

    own: what one family alone can be asked for: `bypass` of SqueezeNet, `groups` of ShuffleNet V1.
    Raises `ValueError` for an unknown name or option, or one out of range.
    """
    if name not in ARCHITECTURES:
        raise ValueError(f"no network is named {name!r}; there are: {', '.join(sorted(ARCHITECTURES))}")
    make = ARCHITECTURES[name]
    its_own = [option for option in signature(make).parameters if option != "options"]
    if unknown := set(own) - set(its_own):
        there = ("batch_norm", "width", "channels", "pooling", "size", *its_own)
        raise ValueError(f"{name} has no option {', '.join(sorted(unknown))}; it has {', '.join(there)}")
    return make(Options(descriptor, batch_norm, width, channels, pooling, size), **own)
