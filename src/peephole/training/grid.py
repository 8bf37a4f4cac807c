"""Runs of a grid: a base configuration and axes of changes to it, trained on equal budgets and measured alike.

run = "runs/grid"                      # the folder of the runs and of the results
[base]                                 # a training configuration without `run`
[axes.loss.XE]                         # axis "loss", level "XE": what it changes in the base
loss = {cross_entropy = 1.0}
[axes."batch norm".without]
network = {batch_norm = false}
"""

import dataclasses
import itertools
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from peephole.training.checkpoints import START_AGAIN, read_checkpoint
from peephole.training.config import TrainingConfig
from peephole.training.section import Section, as_section, read_toml
from peephole.whole_files import write_text

Levels = dict[str, str]


@dataclass(frozen=True)
class GridRun:
    """One run: the level of each axis, and the configuration that follows."""

    levels: Levels
    config: TrainingConfig

    @property
    def name(self) -> str:
        """The levels in one line."""
        return ", ".join(self.levels.values())


@dataclass(frozen=True)
class Grid(Section):
    """What a grid's file holds: the folder, the base, and axis -> level -> changes."""

    run: Path
    base: dict[str, Any]
    axes: dict[str, dict[str, dict[str, Any]]]

    def runs(self, source: str) -> tuple[GridRun, ...]:
        """Return all combinations of levels, the last axis changing fastest.

        Raises `ValueError` naming `source` and the field, or where the runs are not of equal budgets.
        """
        found = []
        for levels in itertools.product(*(axis.items() for axis in self.axes.values())):
            raw = self.base
            for _, change in levels:
                raw = merged(raw, change)
            names = dict(zip(self.axes, (name for name, _ in levels), strict=True))
            folder = self.run / _folder_name(names.values())
            found.append(
                GridRun(
                    names,
                    as_section(TrainingConfig, raw | {"run": str(folder)}, f"{source}: {', '.join(names.values())}"),
                )
            )
        _check(found, source)
        return tuple(found)


def merged(base: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """Return a configuration with a change: tables are merged key by key, anything else takes the base's place."""
    result = dict(base)
    for key, value in change.items():
        old = result.get(key)
        result[key] = merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return result


def _folder_name(levels: Any) -> str:
    return "_".join(re.sub(r"[^a-z0-9]+", "-", level.lower()).strip("-") for level in levels)


def _check(runs: list[GridRun], source: str) -> None:
    if not runs:
        raise ValueError(f"{source}: an axis has no level")
    if len({run.config.run for run in runs}) < len(runs):
        raise ValueError(f"{source}: two levels have the same name but for case and punctuation; rename one")
    if len({(run.config.stages, run.config.batch) for run in runs}) > 1:
        raise ValueError(
            f"{source}: runs differ in stages or batch, so that their budgets are not equal; set them in base"
        )
    first = runs[0].config.evaluation
    if first is None or first.images is None:
        raise ValueError(f"{source}: base names nothing to measure on; set [base.evaluation] pairs and images")
    if any(run.config.evaluation != first for run in runs):
        raise ValueError(f"{source}: runs are measured on different sets; set evaluation in base alone")


def read_grid(path: Path) -> Grid:
    """Read a grid's file. Raises `FileNotFoundError`, or `ValueError` naming the file and the field that is wrong."""
    return as_section(Grid, read_toml(path), str(path))


def kept_result(run: GridRun) -> dict[str, Any] | None:
    """Return what was measured of a run that is done, or None.

    Raises `ValueError` where the folder holds a run, done or not, of another configuration.
    """
    for name in ("result.json", "run.json"):
        path = run.config.run / name
        if path.exists():
            told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            if not _is_of(told["config"], run.config):
                raise ValueError(
                    f"{run.config.run}: holds a run of another configuration; remove it, or rename the run"
                )
            if name == "result.json":
                return told
    return None


def _is_of(raw: dict[str, Any], config: TrainingConfig) -> bool:
    """Tell whether what was kept is a configuration; what has come to them since has its default there."""
    try:
        return as_section(TrainingConfig, raw, "kept") == config
    except ValueError:
        return False


def run_grid(runs: tuple[GridRun, ...], launch: Any) -> Iterator[list[dict[str, Any]]]:
    """Train and measure what is not done yet; after each run yield the results of all that are, in the grid's order.

    Interrupted at any moment, the same call goes on.
    """
    from peephole.training.evaluation_crops import measure_network
    from peephole.training.module import network_of_checkpoint
    from peephole.training.run import train
    from peephole.training.trainer import is_first_process

    results = {run.name: result for run in runs if (result := kept_result(run)) is not None}
    for run in runs:
        if run.name not in results:
            config, cache = run.config, run.config.run.parent.parent / "cache"  # that of runs beside the grid
            checkpoint = train(config, launch=launch, cache=cache)
            if not is_first_process() or config.evaluation is None:
                continue
            network = network_of_checkpoint(read_checkpoint(checkpoint))
            records = measure_network(network, config.evaluation, config.stages[-1].size, cache)
            results[run.name] = {"levels": run.levels, "config": dataclasses.asdict(config), "measured": records}
            text = json.dumps(results[run.name], indent=1, default=str) + "\n"
            write_text(config.run / "result.json", text, START_AGAIN)
        yield [results[other.name] for other in runs if other.name in results]
