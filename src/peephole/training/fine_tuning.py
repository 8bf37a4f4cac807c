"""Quantization-aware training: a trained network learns to be what it is in 8 bits.

Its own float descriptors are the teacher: whatever losses made them, they are what rounding must not change. The loss
is the noise-to-signal ratio that the quantizer reports, and needs neither labels nor the losses of the first training.
"""

import dataclasses
import json
from pathlib import Path
from typing import Any, cast

import lightning
import torch
from torch import Tensor, nn

from peephole.digests import digest_of_file
from peephole.fixedpoint.float_network import FloatNetwork
from peephole.fixedpoint.importer import import_network
from peephole.fixedpoint.quantize import QuantizationOptions, trainable
from peephole.models.squeezeface import SqueezeFace
from peephole.packed_index import split_held_out
from peephole.training.batches import FaceBatches
from peephole.training.calibration_images import read_calibration_images
from peephole.training.checkpoints import held_out_of_checkpoint, read_recogniser, weights_must_fit
from peephole.training.data import held_out_batches
from peephole.training.faces import Faces
from peephole.training.folders import load_faces
from peephole.training.module import Use, network_of_checkpoint, to_input, true_accept_rate, use_of_checkpoint
from peephole.training.order import Rows
from peephole.training.quantization_aware import QuantizedNetwork
from peephole.training.quantization_config import TASK, QuantizationConfig
from peephole.training.resuming import Fixed, chosen_faces, last_checkpoint
from peephole.training.trainer import Launch, fit, loader_of, start_up, trainer_of, write_description

# In the run folder: the network in its formats, before training.
START = "start.safetensors"


def noise_to_signal(made: Tensor, exact: Tensor) -> Tensor:
    """Return the squared error of descriptors [N,D] over the exact ones' squared length, of the whole batch."""
    noise: Tensor = (made - exact).square().sum()
    return noise / exact.square().sum()


class FineTuning(lightning.LightningModule):
    """Trains `network` towards the float network that it was made of."""

    def __init__(
        self, config: QuantizationConfig, start: FloatNetwork, exact: nn.Module, identity: Tensor, fixed: Fixed
    ) -> None:
        """Take the networks, the person of each row [N], and what a run that goes on must not change."""
        super().__init__()
        self.config, self.fixed = config, fixed
        self.network = QuantizedNetwork(start)
        self.exact = (exact.eval().requires_grad_(False),)  # in a tuple it is no part of this module
        self.identity = identity
        self.step = 0
        self.optimizer_states: list[dict[str, Any]] = []
        self.held_out: list[tuple[Tensor, Tensor, Tensor, Tensor]] = []

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """AdamW; no decay, which would pull weights out of the places that they were given."""
        optimizer = torch.optim.AdamW(self.network.parameters(), lr=1.0, weight_decay=0.0)
        for state in self.optimizer_states:
            optimizer.load_state_dict(state)
        return optimizer

    def _described(self, images: Tensor) -> tuple[Tensor, Tensor]:
        x = to_input(images).contiguous(memory_format=torch.channels_last)
        (network,) = self.exact
        with torch.no_grad():
            exact = network.to(x.device)(x).float()
        return self.network(x).float(), exact

    def training_step(self, batch: tuple[Tensor, Tensor, Tensor], index: int) -> Tensor:
        """One step on (images, stored descriptors, rows)."""
        rate = self.config.rate(self.step)
        for group in cast("torch.optim.Optimizer", self.optimizers()).param_groups:
            group["lr"] = rate
        loss = noise_to_signal(*self._described(batch[0]))
        self.step += 1
        self.log_dict({"loss": loss.detach(), "snr": -10 * loss.detach().log10(), "rate": rate}, prog_bar=True)
        return loss

    def validation_step(self, batch: tuple[Tensor, Tensor, Tensor], index: int) -> None:
        """Descriptors of held-out faces, of both networks."""
        images, stored, rows = batch
        self.held_out.append((*self._described(images), stored, self.identity[rows.cpu()].to(images.device)))

    def on_validation_epoch_end(self) -> None:
        """Log signal to noise, and the true-accept rate of both networks."""
        made, exact, stored, identity = (torch.cat(part) for part in zip(*self.held_out, strict=True))
        self.held_out.clear()
        teacher = stored if stored.shape[1] else None
        self.log("held_out_snr", -10 * noise_to_signal(made, exact).log10(), prog_bar=True)
        self.log("held_out_tar", true_accept_rate(made, teacher, identity), prog_bar=True)
        self.log("held_out_tar_float", true_accept_rate(exact, teacher, identity))

    def checkpoint(self, optimizers: list[torch.optim.Optimizer]) -> dict[str, Any]:
        """Return all that going on needs; batches depend on the step alone, so no generator's state is in it."""
        return {
            "task": TASK,
            **self.fixed,
            "step": self.step,
            "state_dict": self.network.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in optimizers],
        }

    def resume(self, checkpoint: dict[str, Any]) -> None:
        """Go on from a checkpoint."""
        self.network.load_state_dict(checkpoint["state_dict"])
        self.optimizer_states = checkpoint["optimizers"]
        self.step = checkpoint["step"]


def _read_float(path: Path) -> tuple[nn.Module, dict[str, int], Use]:
    """Return the float network of a checkpoint, who was held out of its training, and how it is meant to be used."""
    checkpoint = read_recogniser(path, "checkpoint to start from")
    with weights_must_fit(path):
        return network_of_checkpoint(checkpoint), held_out_of_checkpoint(checkpoint), use_of_checkpoint(checkpoint)


def _start(config: QuantizationConfig, size: int, exact: nn.Module, told: dict[str, int]) -> FloatNetwork:
    """Return the network in its formats; made once, and the same whenever the run goes on."""
    path = config.run / START
    if not path.is_file():
        network = dataclasses.replace(import_network(exact, config.start.stem, (size, size)), card=told)
        images = read_calibration_images(config.data, (size, size), config.calibration_images)
        trainable(network, images, QuantizationOptions.of(config.bits), config.bits).save(path)
    return FloatNetwork.load(path)


def _fixed(config: QuantizationConfig, size: int, faces: Faces, rows: tuple[Rows, Rows]) -> Fixed:
    """Return what decides the formats, who is trained on and in which order."""
    return {
        "start": digest_of_file(config.start),
        "bits": config.bits,
        "size": size,
        "calibration_images": config.calibration_images,
        "seed": config.seed,
        "batch": config.batch,
        "data": faces.digest,
        "rows": chosen_faces(*rows),
    }


def _told_before(run: Path) -> Any:
    """Return the same of the run that the folder was last meant for; None where it does not say."""
    try:
        return json.loads((run / "run.json").read_text(encoding="utf-8")).get("fixed")
    except (FileNotFoundError, ValueError):
        return None


def _fit(module: FineTuning, size: int, faces: Faces, rows: tuple[Rows, Rows], launch: Launch) -> None:
    config = module.config
    how, seed = config.augmentation, config.seed
    train = FaceBatches(faces, rows[0], size, config.batch, how, seed, module.step, config.steps)
    held_out = held_out_batches(faces, rows[1], size, config.batch, seed)
    trainer = trainer_of(config, launch, config.steps - module.step, config.precision, optimizers=1)
    loaders = {"train_dataloaders": loader_of(train, launch.workers), "val_dataloaders": loader_of(held_out, 0)}
    fit(trainer, module, **loaders)


def fine_tune(config: QuantizationConfig, launch: Launch | None = None) -> Path:
    """Train to the end, going on from the run folder's last checkpoint if there is one.

    Returns the path of the trained float network, which carries its formats: `peephole quantize --bits 8` makes the
    integer program of it that was trained. Interrupted at any moment, the same call goes on.
    """
    launch = launch or Launch()
    launch.check_alone("a network in few bits")
    if not config.steps:
        raise ValueError(f"images = {config.images} fill no batch of {config.batch}; train on more")
    start_up(config.seed)
    exact, told, use = _read_float(config.start)
    size = use.size if config.size is None else config.size
    if isinstance(exact, SqueezeFace) and size != use.size:
        raise ValueError(f"{config.start}: its window is fitted to images of {use.size} pixels; leave size out")
    exact.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # not in torch's stubs
    faces = load_faces(config.data, config.source, config.run.parent / "cache")
    rows = split_held_out(faces.identity, told["held_out_identities"], told["seed"])
    fixed = _fixed(config, size, faces, rows)
    checkpoint = last_checkpoint(config.run, TASK, fixed)
    if checkpoint is None and _told_before(config.run) != fixed:
        (config.run / START).unlink(missing_ok=True)  # of another network, or in other formats
    write_description(config, launch, {"faces": len(rows[0]), "fixed": fixed})
    module = FineTuning(config, _start(config, size, exact, told), exact, torch.from_numpy(faces.identity), fixed)
    if checkpoint is not None:
        module.resume(checkpoint)
    if module.step < config.steps:
        _fit(module, size, faces, rows, launch)
    trained = config.run / "network.safetensors"
    network = module.network.cpu().float_network()
    # What is trained describes one picture; how it is used is the start's.
    dataclasses.replace(network, mirrored=use.mirrored).save(trained)
    return trained
