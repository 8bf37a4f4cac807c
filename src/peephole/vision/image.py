"""Pictures as arrays."""

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
"""Grey [H,W], or [H,W,3] in OpenCV's order: blue, green, red."""
