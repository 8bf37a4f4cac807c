"""`peephole train`: one TOML file decides a run."""

from pathlib import Path
from typing import Annotated

import typer

from peephole.cli.programs import needs_training_packages


def train(
    config: Annotated[Path, typer.Argument(metavar="CONFIG.toml", help="All that decides the run.")],
) -> None:
    """Train a network; started again, it goes on where it stopped.

    Prints the path of the checkpoint, which `peephole quantize` makes an integer program of.
    """
    if not config.is_file():
        raise FileNotFoundError(f"{config}: no such file")
    from peephole.training.config import as_config, read_toml
    from peephole.training.landmark_config import TASK, as_landmark_config

    raw = read_toml(config)
    if raw.get("task") == TASK:
        landmarks = as_landmark_config(raw, str(config))
        try:
            from peephole.training.landmarks import train as train_landmarks
        except ModuleNotFoundError as error:
            raise needs_training_packages(error) from error
        print(train_landmarks(landmarks))
        return
    chosen = as_config(raw, str(config))
    try:
        from peephole.training.run import train as train_by
    except ModuleNotFoundError as error:
        raise needs_training_packages(error) from error
    print(train_by(chosen))
