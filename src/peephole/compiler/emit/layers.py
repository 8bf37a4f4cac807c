"""What the templates of layers say about each: its kernel, shapes, limits, and where its weights lie."""

from dataclasses import dataclass

from peephole.compiler.streaming import is_local
from peephole.fixedpoint.describe import LayerDescription
from peephole.fixedpoint.layers import Add, Clipped, Convolution, L2Normalize, Layer, Tensor, clip_limits
from peephole.fixedpoint.window import Windowed

# Public headers by kind; a kind that is not here cannot be emitted.
HEADERS = {
    "conv2d": "conv2d",
    "depthwise_conv2d": "depthwise",
    "add": "add",
    "max_pool": "pool",
    "average_pool": "pool",
    "global_average_pool": "pool",
    "copy_channels": "channels",
    "shuffle_channels": "channels",
    "upsample": "upsample",
    "l2_normalize": "normalize",
}


@dataclass(frozen=True)
class EmittedLayer:
    """One layer as the templates see it.

    id: its identifier. function: the kernel. source, out: its tensors. first, count: the channels that it writes.
    low, high: its clip. weights: prefix of the constants that say where its weights lie. number: in the program.
    """

    id: str
    layer: Layer
    function: str
    source: Tensor
    out: Tensor
    count: int
    low: int
    high: int
    weights: str
    number: int
    comment: str

    @property
    def kind(self) -> str:
        """The layer's kind."""
        return self.layer.kind

    @property
    def first(self) -> int:
        """The first channel that it writes."""
        return self.layer.channel

    @property
    def weighted(self) -> bool:
        """Whether it has weights."""
        return isinstance(self.layer, Convolution)

    @property
    def windowed(self) -> bool:
        """Whether it has a window."""
        return isinstance(self.layer, Windowed)

    @property
    def local(self) -> bool:
        """Whether it can run in turns."""
        return is_local(self.layer)

    @property
    def read_type(self) -> str:
        """The C type that it reads."""
        return f"int{self.source.bits}_t"

    @property
    def written_type(self) -> str:
        """The C type that it writes."""
        return f"int{self.out.bits}_t"


def kernel_of(layer: Layer, source: Tensor, out: Tensor) -> str:
    """Return the kernel's name without its prefix, as conv2d_s8_s16. Raises `ValueError` for a kind without one."""
    if layer.kind not in HEADERS:
        raise ValueError(f"layer {layer.name}: no C is known for {layer.kind}; leave it out of the network")
    both = source.bits != out.bits and not isinstance(layer, L2Normalize)
    return f"{layer.kind}_s{source.bits}" + (f"_s{out.bits}" if both else "")


def emitted_layer(
    layer: Layer, number: int, identifier: str, source: Tensor, out: Tensor, told: LayerDescription
) -> EmittedLayer:
    """Return what the templates need of a layer; told: its description."""
    low, high = clip_limits(layer, out.bits) if isinstance(layer, Clipped) else (0, 0)
    return EmittedLayer(
        id=identifier,
        layer=layer,
        function=kernel_of(layer, source, out),
        source=source,
        out=out,
        count=told.output_shape[2],
        low=low,
        high=high,
        weights=identifier.upper(),
        number=number,
        comment=_comment(layer, source, out, told),
    )


def format_of(tensor: Tensor) -> str:
    """Return a tensor's shape and Q-format, as [47,47,64] Q4.11."""
    whole = tensor.bits - 1 - tensor.frac_bits
    inside = 0 <= tensor.frac_bits < tensor.bits
    q = f"Q{whole}.{tensor.frac_bits}" if inside else f"with {tensor.frac_bits} fraction bits"
    return f"[{tensor.height},{tensor.width},{tensor.channels}] {q}"


def _comment(layer: Layer, source: Tensor, out: Tensor, told: LayerDescription) -> str:
    parts = [layer.kind]
    if isinstance(layer, Windowed):
        window = layer.window
        parts[0] += f" {window.size[0]}x{window.size[1]}/{window.stride[0]}"
    read = f"{source.name} {format_of(source)}"
    if isinstance(layer, Add):
        read += f" + {layer.other}"
    written = f"{out.name} {format_of(out)}"
    if told.output_shape[2] < out.channels:
        written += f" channels {layer.channel}..{layer.channel + told.output_shape[2] - 1}"
    parts.append(f"{read} -> {written}")
    if told.macs:
        parts.append(f"{told.macs:,} MACs")
    return ", ".join(parts)
