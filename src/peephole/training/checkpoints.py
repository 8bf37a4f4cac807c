"""Reading checkpoints that a user names: whatever is wrong with one is told in a sentence."""

import pickle
import zipfile
from pathlib import Path
from typing import Any

# What every checkpoint of `peephole train` holds.
ALWAYS = frozenset({"state_dict", "seed", "held_out_identities"})


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
        with zipfile.ZipFile(stream) as members:
            if not any(name.endswith("/data.pkl") for name in members.namelist()):
                raise _foreign(path)
    checkpoint = _unpickled(path)
    if not isinstance(checkpoint, dict) or not checkpoint.keys() >= ALWAYS:
        raise _foreign(path)
    return checkpoint


def read_recogniser(path: Path, kind: str = "checkpoint") -> dict[str, Any]:
    """Read a recogniser's checkpoint. Raises as `read_checkpoint`, and `ValueError` for one of another task."""
    checkpoint = read_checkpoint(path, kind)
    task = checkpoint.get("task")
    if task is not None:
        raise ValueError(f"{path}: a checkpoint of the task {task}, not of a recogniser; name another")
    return checkpoint


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
