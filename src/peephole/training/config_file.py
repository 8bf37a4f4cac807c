"""The TOML file that decides a run, of whichever task: a recogniser, a landmark network, training in few bits."""

from pathlib import Path

from peephole.training import landmark_config, quantization_config
from peephole.training.config import TrainingConfig
from peephole.training.landmark_config import LandmarkConfig
from peephole.training.quantization_config import QuantizationConfig
from peephole.training.section import as_section, read_toml


def read_config(path: Path) -> TrainingConfig | LandmarkConfig | QuantizationConfig:
    """Read a configuration. Raises `FileNotFoundError`, or `ValueError` naming the file and the field that is wrong."""
    raw = read_toml(path)
    task = raw.get("task")
    if task == landmark_config.TASK:
        return as_section(LandmarkConfig, raw, str(path))
    if task == quantization_config.TASK:
        return as_section(QuantizationConfig, raw, str(path))
    if task is not None:
        raise ValueError(
            f"{path}: task = {task!r}: there are {landmark_config.TASK!r} and {quantization_config.TASK!r}; "
            "leave task out to train a recogniser"
        )
    return as_section(TrainingConfig, raw, str(path))
