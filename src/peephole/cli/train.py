"""`peephole train`: one TOML file decides a run, or a grid of runs."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from peephole.cli.output import check_folder_of
from peephole.cli.programs import needs_training_packages

if TYPE_CHECKING:
    from peephole.training.trainer import Launch


def _train_one(path: Path, launch: "Launch") -> None:
    from peephole.training.config import TrainingConfig
    from peephole.training.config_file import read_config
    from peephole.training.fine_tuning import fine_tune
    from peephole.training.landmarks import train as train_landmarks
    from peephole.training.quantization_config import QuantizationConfig
    from peephole.training.run import train as train_by
    from peephole.training.trainer import is_first_process

    config = read_config(path)
    if isinstance(config, TrainingConfig):
        checkpoint = train_by(config, launch=launch)
    elif isinstance(config, QuantizationConfig):
        checkpoint = fine_tune(config, launch)
    else:
        checkpoint = train_landmarks(config, launch)
    if is_first_process():
        print(checkpoint)


def _train_grid(path: Path, output: Path | None, launch: "Launch") -> None:
    from peephole.training.grid import read_grid, run_grid
    from peephole.training.grid_results import markdown, write_results
    from peephole.training.trainer import is_first_process

    grid = read_grid(path)
    runs, folder = grid.runs(str(path)), output or grid.run
    for results in run_grid(runs, launch):
        if is_first_process():
            write_results(results, folder)
    if is_first_process():
        print(markdown(results), end="")


def train(
    config: Annotated[
        Path | None, typer.Argument(metavar="CONFIG.toml", help="All that decides a run.", show_default=False)
    ] = None,
    grid: Annotated[
        Path | None,
        typer.Option(
            metavar="GRID.toml", help="In place of a config: train and measure a grid of runs.", show_default=False
        ),
    ] = None,
    curves: Annotated[
        Path | None,
        typer.Option(metavar="RUN", help="In place of a config: draw the curves of a run folder.", show_default=False),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="PATH",
            help="Where results go: a folder with --grid, an .svg with --curves.",
            show_default="the run folder",
        ),
    ] = None,
    accelerator: Annotated[str, typer.Option(help="Lightning's name: auto, cpu, gpu ...")] = "auto",
    devices: Annotated[int, typer.Option(min=1, help="Processes on each host; they share each batch.")] = 1,
    num_nodes: Annotated[
        int, typer.Option(min=1, help="Hosts, started as Lightning says; they share the run folder.")
    ] = 1,
    workers: Annotated[int, typer.Option(min=0, help="Processes that make the batches, for each device.")] = 1,
) -> None:
    """Train a network; started again, it goes on where it stopped.

    Prints the path of the checkpoint, which `peephole quantize` makes an integer program of; with --grid, the table of
    results, which is also written as JSON, Markdown and SVG.
    """
    if [config, grid, curves].count(None) != 2:
        raise typer.BadParameter("name one of CONFIG.toml, --grid GRID.toml and --curves RUN")
    if output is not None and config is not None:
        raise typer.BadParameter("--output is for --grid and --curves; a config names its run folder itself")
    try:
        if curves is not None:
            from peephole.training.curves import draw_curves

            if not curves.is_dir():
                raise FileNotFoundError(f"{curves}: no such run folder; name one that peephole train has written")
            chosen = output or curves / "curves.svg"
            check_folder_of(chosen)
            draw_curves(curves, chosen)
            print(chosen)
            return
        _check_readable(config, grid)
        from peephole.training.trainer import Launch

        launch = Launch(accelerator, devices, num_nodes, workers)
        if grid is not None:
            _train_grid(grid, output, launch)
        elif config is not None:
            _train_one(config, launch)
    except ModuleNotFoundError as error:
        raise needs_training_packages(error) from error


def _check_readable(config: Path | None, grid: Path | None) -> None:
    """Say what is wrong with a file before torch is loaded, which takes seconds."""
    for path in (config, grid):
        if path is not None and path.is_dir():
            raise IsADirectoryError(f"{path}: a folder; name the TOML file that decides the run")
    if grid is not None:
        from peephole.training.grid import read_grid

        read_grid(grid).runs(str(grid))
    elif config is not None:
        from peephole.training.config_file import read_config

        read_config(config)
