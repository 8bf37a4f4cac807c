"""A recogniser's run: data, module and trainer put together, with a run folder that can be resumed."""

from pathlib import Path

from peephole.training.checkpoints import read_checkpoint, weights_alone, write_checkpoint
from peephole.training.config import TrainingConfig
from peephole.training.curves import draw_curves
from peephole.training.data import StageData, TrainingData, knowledge_of, read_data
from peephole.training.module import Training, read_weights, use_of
from peephole.training.resuming import last_checkpoint
from peephole.training.trainer import Launch, fit, is_first_process, start_up, trainer_of, write_description


def _told(data: TrainingData, classes: int) -> dict[str, int]:
    return {
        "faces": len(data.rows),
        "people": classes,
        # Only people with a name could be compared with those of the evaluation set.
        "named_people": sum(1 for name in data.faces.names if name),
        "held_out_faces": len(data.held_out),
    }


def _stage_end(config: TrainingConfig, step: int) -> int:
    end = 0
    for stage in config.stages:
        end += stage.images // config.batch
        if step < end:
            return end
    return end


def _fit_stage(module: Training, data: TrainingData, launch: Launch) -> None:
    first, end = module.step, _stage_end(module.config, module.step)
    stage = StageData(module.config, data, first, end, launch.workers)
    trainer = trainer_of(module.config, launch, end - first, module.config.precision, optimizers=2)
    fit(trainer, module, datamodule=stage)


def _prepared(config: TrainingConfig, data: TrainingData, launch: Launch) -> Training:
    """Return the module as the run folder's last checkpoint left it, or at its start."""
    checkpoint = last_checkpoint(config.run, None, data.fixed(config))
    knowledge = knowledge_of(config, data)
    module = Training(config, knowledge)
    if checkpoint is not None:
        module.resume(checkpoint)
    elif config.warm_start is not None:
        module.start_from(read_weights(str(config.warm_start)))
    if module.step > config.steps:
        raise ValueError(
            f"{config.run}: has run {module.step} steps already, and [[stages]] end after {config.steps}; "
            "train for longer, or choose a new run folder"
        )
    # Only now: what is refused leaves the description of the run that is there as it was.
    if is_first_process():
        write_description(config, launch, _told(data, knowledge.classes))
    return module


def train(config: TrainingConfig, workers: int = 1, launch: Launch | None = None, cache: Path | None = None) -> Path:
    """Train to the end of the config's stages, going on from the run folder's last checkpoint if there is one.

    Returns the path of the checkpoint; beside it lie `network.ckpt`, the averaged weights alone, `run.json`, what was
    run, and `curves.svg`. Interrupted at any moment, the same call goes on. Raises `ValueError` for a batch that cannot
    be dealt out equally. cache: where what is made of the data is kept, for all runs; beside the run if not told.
    """
    launch = launch or Launch(workers=workers)
    if not config.steps:
        raise ValueError(f"the images of no stage fill a batch of {config.batch}; train on more, or in smaller batches")
    if config.batch % launch.processes:
        raise ValueError(f"a batch of {config.batch} faces cannot be shared equally by {launch.processes} processes")
    start_up(config.seed)
    data = read_data(config, cache or config.run.parent / "cache")
    module = _prepared(config, data, launch)
    first = module.step
    while module.step < config.steps:
        _fit_stage(module, data, launch)
    last = config.run / "last.ckpt"
    if is_first_process():
        alone = weights_alone(read_checkpoint(last))
        write_checkpoint(config.run / "network.ckpt", alone | use_of(config))
        if module.step > first:
            draw_curves(config.run, config.run / "curves.svg")
    return last
