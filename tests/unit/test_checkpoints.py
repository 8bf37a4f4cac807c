"""Checkpoints that a user names: what is wrong with one, and what to do, in a sentence without a class's name."""

from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("lightning")

from peephole.training.checkpoints import read_checkpoint  # noqa: E402
from peephole.training.module import read_weights  # noqa: E402

WHOLE: dict[str, Any] = {"state_dict": {}, "seed": 1, "held_out_identities": 2}


def _told(path: Path) -> str:
    with pytest.raises(ValueError) as told:
        read_weights(str(path))
    text = str(told.value)
    assert text.startswith(f"{path}: ") and "\n" not in text and "Error" not in text
    return text.removeprefix(f"{path}: ")


@pytest.mark.parametrize("share", [0.0, 0.3, 0.99])
def test_a_truncated_checkpoint(tmp_path: Path, share: float) -> None:
    path = tmp_path / "last.ckpt"
    torch.save(WHOLE | {"state_dict": {"a": torch.zeros(2000)}}, path)
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    assert _told(path) == "truncated or damaged; fetch it again, or let peephole train make it anew"


def test_a_checkpoint_of_another_task(tmp_path: Path) -> None:
    path = tmp_path / "last.ckpt"
    torch.save(WHOLE | {"task": "landmarks"}, path)
    assert _told(path) == "a checkpoint of the task landmarks, not of a recogniser; name another"
    assert read_checkpoint(path)["task"] == "landmarks"


@pytest.mark.parametrize("held", [{"epoch": 3}, [1, 2], Path("x")], ids=["weights", "list", "object"])
def test_a_checkpoint_of_somebody_else(tmp_path: Path, held: Any) -> None:
    path = tmp_path / "model.ckpt"
    torch.save(held, path)
    assert _told(path) == "not a checkpoint of peephole train; name the last.ckpt or network.ckpt of a run folder"


def test_a_file_of_another_kind(tmp_path: Path) -> None:
    path = tmp_path / "notes.ckpt"
    path.write_text("hello")
    assert _told(path).startswith("not a checkpoint of peephole train")


def test_weights_of_another_network(tmp_path: Path) -> None:
    path = tmp_path / "last.ckpt"
    torch.save(WHOLE | {"architecture": "squeezenet", "descriptor": 8, "unit_length": True}, path)
    assert _told(path) == "its weights do not fit the network that it names; let it be trained anew"
