"""What to do about operators that an integer program has no layer for."""

LEFT_OUT = "leave it out at the end of the network, and compare what it would read: the order stays the same"
CLIP = "use ReLU or another clip, as ReLU6 and hardtanh, and train again"
NORM = "use batch norm, which costs nothing, and train again"
RECURRENT = "use convolutions along time"
SMALLER = "use nearest-neighbour upsampling by 2, or leave the enlarging to whoever reads the output"
ATTENTION = "attention multiplies tensors; use convolutions"
PRODUCT = "use a sum or a concatenation"
WHOLE = "it changes a part of a tensor in place; make the parts apart and concatenate them"
FIXED = "make it a constant, the same for every sample"

ADVICE = {
    **dict.fromkeys(
        ("gelu", "silu", "swish", "mish", "hardswish", "hard_swish", "hardsigmoid", "softplus", "tanh"), CLIP
    ),
    **dict.fromkeys(("sigmoid", "logsigmoid", "log_sigmoid"), CLIP),
    **dict.fromkeys(("elu", "selu", "celu", "leaky_relu", "leakyrelu", "prelu", "rrelu", "threshold", "erf"), CLIP),
    **dict.fromkeys(("layer_norm", "layernormalization", "group_norm", "instance_norm", "instancenormalization"), NORM),
    **dict.fromkeys(("lstm", "gru", "rnn_tanh", "rnn_relu", "rnn", "lstm_cell", "gru_cell"), RECURRENT),
    **dict.fromkeys(("rnn_tanh_cell", "rnn_relu_cell"), RECURRENT),
    **dict.fromkeys(("conv_transpose1d", "conv_transpose2d", "convtranspose", "pixel_shuffle"), SMALLER),
    **dict.fromkeys(("upsample_nearest1d", "upsample_bilinear2d", "upsample_bicubic2d", "depth_to_space"), SMALLER),
    **dict.fromkeys(("slice_scatter", "select_scatter", "copy", "fill", "index_put", "masked_fill"), WHOLE),
    **dict.fromkeys(("bmm", "einsum", "baddbmm"), PRODUCT),
    "scaled_dot_product_attention": ATTENTION,
}
AT_THE_END = (
    *("softmax", "log_softmax", "logsoftmax", "argmax", "topk"),
    *("sigmoid", "logsigmoid", "log_sigmoid", "hardsigmoid", "tanh", "softplus"),
)
"""What keeps the order of what it reads."""

ELSE = (
    "build the network of convolutions, linear layers, batch norm, ReLU and other clips, pools, means, sums, "
    "constants, concatenations, slices, shuffles and reshapes"
)


def not_supported(operator: str, at_the_end: bool = False) -> str:
    """Say that there is no such operator, and what to do instead. at_the_end: what it makes is the output."""
    kind = operator.lower()
    advice = LEFT_OUT if at_the_end and kind in AT_THE_END else ADVICE.get(kind, ELSE)
    return f"operator {operator} is not supported; {advice}"


def control_flow(operator: str) -> str:
    """Say that a network always runs the same layers."""
    return f"control flow ({operator}) is not supported; export the part that runs, without it"


def random_values(operator: str) -> str:
    """Say that a network gives the same for the same sample."""
    return f"operator {operator} gives random values; {FIXED}"


def changed_buffer(name: str) -> str:
    """Say that a network keeps nothing from one sample to the next."""
    return f"the network changes its buffer {name}; {FIXED}"
