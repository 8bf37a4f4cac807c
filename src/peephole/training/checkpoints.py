"""Checkpoints on the disk: written whole or not at all; whatever is wrong with one is told in a sentence."""

import io
import pickle
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from peephole.whole_files import write_whole

if TYPE_CHECKING:
    from torch import Tensor

# What to do about a full disk.
START_AGAIN = "make room and start again, which goes on from what is there"
# What every checkpoint of `peephole train` holds.
ALWAYS = frozenset({"state_dict", "seed", "held_out_identities"})
AVERAGE = "average.module."  # before the names of the averaged weights, which are those that ship


def read_checkpoint(path: Path, kind: str = "checkpoint") -> dict[str, Any]:
    """Read a checkpoint of `peephole train`, of whichever task. `kind` names what was looked for.

    Raises `FileNotFoundError` or another `OSError` where it cannot be opened, `ValueError` where it is truncated,
    damaged or of another kind.
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such {kind}")
    with path.open("rb") as stream:
        begun = stream.read(2)
        # Every checkpoint is a zip file, whose table of contents lies at its end.
        if not zipfile.is_zipfile(stream):
            raise _damaged(path) if begun in (b"", b"PK") else _foreign(path)
        try:
            with zipfile.ZipFile(stream) as members:
                names = members.namelist()
        except (zipfile.BadZipFile, NotImplementedError) as error:  # versions of the format that zipfile does not know
            raise _damaged(path) from error
        if not any(name.endswith("/data.pkl") for name in names):
            raise _foreign(path)
    checkpoint = _unpickled(path)
    if not isinstance(checkpoint, dict) or not checkpoint.keys() >= ALWAYS:
        raise _foreign(path)
    return checkpoint


def write_checkpoint(path: Path, checkpoint: Mapping[str, Any]) -> None:
    """Write a checkpoint; a kill leaves the old one or the new one. Raises `OSError` as `write_whole` does."""
    import torch

    made = io.BytesIO()  # torch's own writer tells of a full disk by an assertion
    torch.save(checkpoint, made)
    write_whole(path, lambda file: file.write(made.getbuffer()), advice=START_AGAIN)


def read_recogniser(path: Path, kind: str = "checkpoint") -> dict[str, Any]:
    """Read a recogniser's checkpoint. Raises as `read_checkpoint`, and `ValueError` for one of another task."""
    checkpoint = read_checkpoint(path, kind)
    task = checkpoint.get("task")
    if task is not None:
        raise ValueError(f"{path}: a checkpoint of the task {task}, not of a recogniser; name another")
    return checkpoint


def averaged_weights(checkpoint: Mapping[str, Any]) -> "dict[str, Tensor]":
    """Return the averaged weights of a checkpoint under their names in the network."""
    state = checkpoint["state_dict"].items()
    return {name.removeprefix(AVERAGE): weight for name, weight in state if name.startswith(AVERAGE)}


def weights_alone(checkpoint: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is left of a checkpoint for use and for a warm start: the averaged network, a third of the size."""
    state = {name: weight for name, weight in checkpoint["state_dict"].items() if name.startswith(AVERAGE)}
    kept = {key: value for key, value in checkpoint.items() if key not in ("state_dict", "optimizers")}
    return kept | {"state_dict": state}


def held_out_of_checkpoint(checkpoint: Mapping[str, Any]) -> dict[str, int]:
    """Return who was held out of a checkpoint's training: `seed` and `held_out_identities` of `split_held_out`."""
    return {key: int(checkpoint[key]) for key in ("seed", "held_out_identities")}


@contextmanager
def weights_must_fit(path: Path) -> Iterator[None]:
    """Within the block a network is made of a checkpoint's weights: what fails there is a `ValueError` naming it."""
    try:
        yield
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise ValueError(f"{path}: its weights do not fit the network that it names; let it be trained anew") from error


def _unpickled(path: Path) -> Any:
    import torch  # here, since it takes seconds, and most faults are told without it

    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:  # objects that are not weights
        raise _foreign(path) from error
    except Exception as error:
        # torch.load raises a dozen kinds of errors.
        raise _damaged(path) from error


def _damaged(path: Path) -> ValueError:
    return ValueError(f"{path}: truncated or damaged; fetch it again, or let peephole train make it anew")


def _foreign(path: Path) -> ValueError:
    return ValueError(f"{path}: not a checkpoint of peephole train; name the last.ckpt or network.ckpt of a run folder")
