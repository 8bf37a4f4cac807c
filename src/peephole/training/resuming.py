"""Whether a run may go on from its folder's last checkpoint: only with the people and the batches that it began with.

Batches are functions of (seed, step) over the chosen faces. With another seed, batch or data a run that goes on would
repeat some and leave out others, and train on people whom it held out before.
"""

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from peephole.digests import digest_of

# By name: what must stay as it is while a run goes on. A checkpoint holds them beside the weights.
Fixed = Mapping[str, Any]


def chosen_faces(*rows: NDArray[np.int64]) -> str:
    """Return how many rows are chosen, for training and for measuring, and a digest of which."""
    counts = " and ".join(str(len(some)) for some in rows)
    return f"{counts} faces ({digest_of(np.ascontiguousarray(some, '<i8').tobytes() for some in rows)})"


def check_fixed(run: Path, checkpoint: Mapping[str, Any], fixed: Fixed) -> None:
    """Raise `ValueError` naming the first field in which a checkpoint's run is another than the configuration's.

    Checkpoints of before a field was kept say nothing of it.
    """
    for field, value in fixed.items():
        if checkpoint.get(field, value) != value:
            raise ValueError(
                f"{run}: holds a run with {field} = {checkpoint[field]}, the configuration says {value}; "
                "choose a new run folder"
            )


def last_checkpoint(run: Path, task: str | None, fixed: Fixed) -> dict[str, Any] | None:
    """Return the last checkpoint of a run folder, or None where there is none.

    Raises `ValueError` for a run of another task (None is that of a recogniser), of other faces or in another order.
    """
    path = run / "last.ckpt"
    if not path.exists():
        return None
    if not zipfile.is_zipfile(path):  # as every checkpoint is
        raise ValueError(f"{path}: not a whole checkpoint of peephole train; choose a new run folder")
    checkpoint: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    if checkpoint.get("task") != task:
        raise ValueError(f"{run}: holds a run of another task; choose a new run folder")
    if "optimizers" not in checkpoint:
        raise ValueError(f"{path}: holds weights alone, from which no run goes on; name it as a warm start instead")
    check_fixed(run, checkpoint, fixed)
    return checkpoint
