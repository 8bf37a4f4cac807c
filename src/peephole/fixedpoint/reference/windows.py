"""What the kernel of a convolution sees at every place of its input."""

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray


def windows(x: NDArray[Any], height: int, width: int, stride: int, padding: int) -> NDArray[np.int64]:
    """Every window of the zero-padded input [H,W,I]: [OH,OW,KH,KW,I]."""
    padded = np.pad(x.astype(np.int64), ((padding, padding), (padding, padding), (0, 0)))
    views = sliding_window_view(padded, (height, width), axis=(0, 1))
    return np.moveaxis(views[::stride, ::stride], 2, -1)
