"""Training of the landmark network: its Lightning module and its run."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import lightning
import torch
from lightning.pytorch.core.optimizer import LightningOptimizer
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from peephole.models.landmarks import POINTS, SIDE, LandmarkNet
from peephole.packed_index import split_held_out
from peephole.training.checkpoints import averaged_weights, read_checkpoint, weights_alone, write_checkpoint
from peephole.training.faces import PackedFaces, load_packed_faces
from peephole.training.landmark_batches import LandmarkBatches
from peephole.training.landmark_config import TASK, LandmarkConfig
from peephole.training.landmark_windows import MEASURED
from peephole.training.module import to_input
from peephole.training.muon import Muon
from peephole.training.resuming import Fixed, chosen_faces, last_checkpoint
from peephole.training.trainer import Launch, fit, loader_of, start_up, trainer_of, write_description


def point_errors(found: Tensor, points: Tensor) -> Tensor:
    """Return the errors in distances between the eyes, x and y: found [N,10], points [N,5,2] -> [N,5,2]."""
    eyes = torch.linalg.vector_norm(points[:, 1] - points[:, 0], dim=1)
    errors: Tensor = (found.view(-1, POINTS, 2) - points) / eyes[:, None, None]
    return errors


def landmark_loss(found: Tensor, points: Tensor, bend: float) -> Tensor:
    """Mean smooth L1 of the errors in distances between the eyes, so that a large face counts like a small one."""
    errors = point_errors(found, points)
    return torch.nn.functional.smooth_l1_loss(errors, torch.zeros_like(errors), beta=bend)


def normalised_mean_error(found: Tensor, points: Tensor) -> Tensor:
    """Mean distance of found and true points in distances between the eyes (NME), per face: [N]."""
    distances: Tensor = torch.linalg.vector_norm(point_errors(found, points), dim=2)
    return distances.mean(1)


class LandmarkTraining(lightning.LightningModule):
    """Trains `network`; keeps an exponential average of its weights in `average`, which is what ships."""

    def __init__(self, config: LandmarkConfig, fixed: Fixed | None = None) -> None:
        """Make the network. fixed: what a run that goes on must not change."""
        super().__init__()
        self.config, self.fixed = config, fixed or {}
        self.network = LandmarkNet()
        self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # not in torch's stubs
        average = get_ema_multi_avg_fn(config.average_decay)  # type: ignore[no-untyped-call]
        self.average = AveragedModel(self.network, multi_avg_fn=average, use_buffers=True)
        self.average.requires_grad_(False)
        self.automatic_optimization = False
        self.step = 0
        self.optimizer_states: list[dict[str, Any]] = []
        self.held_out: list[Tensor] = []

    def configure_optimizers(self) -> list[torch.optim.Optimizer]:
        """Muon for convolutions, AdamW for vectors and the last layer."""
        matrices = [p for n, p in self.network.named_parameters() if p.ndim == 4 and not n.startswith("points")]
        taken = {id(p) for p in matrices}
        vectors = [p for p in self.network.parameters() if id(p) not in taken]
        optimizers: list[torch.optim.Optimizer] = [
            Muon(matrices, lr=1.0, weight_decay=self.config.weight_decay),
            torch.optim.AdamW(vectors, lr=1.0, weight_decay=0.0),
        ]
        for optimizer, state in zip(optimizers, self.optimizer_states, strict=False):
            optimizer.load_state_dict(state)
        return optimizers

    def training_step(self, batch: tuple[Tensor, Tensor], index: int) -> None:
        """One step on (images, points)."""
        images, points = batch
        found = self.network(to_input(images).contiguous(memory_format=torch.channels_last)).float()
        with torch.autocast(found.device.type, enabled=False):
            loss = landmark_loss(found, points, self.config.bend)
        optimizers = cast("list[LightningOptimizer]", self.optimizers())
        for optimizer, factor in zip(optimizers, (1.0, self.config.vector_learning_rate), strict=True):
            for group in optimizer.param_groups:
                group["lr"] = self.config.rate(self.step) * factor
            optimizer.zero_grad()
        self.manual_backward(loss)
        for optimizer in optimizers:
            optimizer.step()
        self.average.update_parameters(self.network)
        self.step += 1
        error = normalised_mean_error(found.detach(), points).mean()
        self.log_dict({"loss": loss.detach(), "error": error, "rate": self.config.rate(self.step)}, prog_bar=True)

    def validation_step(self, batch: tuple[Tensor, Tensor], index: int) -> None:
        """Errors on held-out faces, with averaged weights."""
        images, points = batch
        self.held_out.append(normalised_mean_error(self.average.module(to_input(images)).float(), points))

    def on_validation_epoch_end(self) -> None:
        """Log mean, median and 95 % point of the held-out errors."""
        errors = torch.cat(self.held_out)
        self.held_out.clear()
        self.log_dict({"held_out_median": errors.quantile(0.5), "held_out_95": errors.quantile(0.95)})
        self.log("held_out_error", errors.mean(), prog_bar=True)

    def checkpoint(self, optimizers: list[torch.optim.Optimizer]) -> dict[str, Any]:
        """Return all that going on needs; batches depend on the step alone, so no generator's state is in it."""
        return {
            "task": TASK,
            "seed": self.config.seed,
            "held_out_identities": self.config.held_out_identities,
            **self.fixed,
            "step": self.step,
            "state_dict": self.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in optimizers],
        }

    def resume(self, checkpoint: dict[str, Any]) -> None:
        """Go on from a checkpoint."""
        self.load_state_dict(checkpoint["state_dict"])
        self.optimizer_states = checkpoint["optimizers"]
        self.step = checkpoint["step"]


def network_of_checkpoint(checkpoint: Mapping[str, Any]) -> nn.Module:
    """Return the averaged network of a checkpoint, in eval mode."""
    network = LandmarkNet()
    network.load_state_dict(averaged_weights(checkpoint))
    return network.eval()


def _fit(module: LandmarkTraining, faces: PackedFaces, rows: tuple[Any, Any], launch: Launch) -> None:
    config = module.config
    how, size = config.augmentation, min(config.batch, len(rows[1]))
    train = LandmarkBatches(
        faces, rows[0], SIDE, config.batch, config.windows, how, config.seed, module.step, config.steps
    )
    held_out = LandmarkBatches(faces, rows[1], SIDE, size, MEASURED, None, config.seed, 0, len(rows[1]) // size)
    trainer = trainer_of(config, launch, config.steps - module.step, "bf16-mixed", optimizers=2)
    loaders = {"train_dataloaders": loader_of(train, launch.workers), "val_dataloaders": loader_of(held_out, 0)}
    fit(trainer, module, **loaders)


def train(config: LandmarkConfig, launch: Launch | None = None) -> Path:
    """Train to the end, going on from the run folder's last checkpoint if there is one.

    Returns the path of the checkpoint; `network.ckpt` beside it holds the averaged weights alone. Interrupted at any
    moment, the same call goes on.
    """
    launch = launch or Launch()
    launch.check_alone("a landmark network")  # one feeds so small a network
    if not config.steps:
        raise ValueError(f"images = {config.images} fill no batch of {config.batch}; train on more")
    start_up(config.seed)
    faces = load_packed_faces(config.data, config.run.parent / "cache")
    rows = split_held_out(faces.identity, config.held_out_identities, config.seed)
    fixed = {
        "seed": config.seed,
        "held_out_identities": config.held_out_identities,
        "batch": config.batch,
        "data": faces.digest,
        "rows": chosen_faces(*rows),
    }
    checkpoint = last_checkpoint(config.run, TASK, fixed)
    write_description(config, launch, {"faces": len(rows[0])})
    module = LandmarkTraining(config, fixed)
    if checkpoint is not None:
        module.resume(checkpoint)
    if module.step < config.steps:
        _fit(module, faces, rows, launch)
    last = config.run / "last.ckpt"
    write_checkpoint(config.run / "network.ckpt", weights_alone(read_checkpoint(last)))
    return last
