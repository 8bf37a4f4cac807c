"""The Lightning module: distillation of a teacher's descriptors into a small network."""

from typing import Any, cast

import lightning
import numpy as np
import torch
from lightning.pytorch.core.optimizer import LightningOptimizer
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from peephole.models import build
from peephole.training.config import TrainingConfig
from peephole.training.losses import bank_loss, cosine_loss, norm_loss, relational_loss
from peephole.training.muon import Muon


def to_input(images: Tensor) -> Tensor:
    """Bytes [N,1,S,S] to the network's values in -1..1, as the integer program's input does: (x - 128) / 128."""
    return (images.float() - 128) / 128


class Distillation(lightning.LightningModule):
    """Trains `network`; keeps an exponential average of its weights in `average`, which is what ships.

    bank: float32 [M,D], teacher descriptors of training faces (empty when the bank loss is off).
    identity: int32 [N], the person of each row, for the held-out verification.
    """

    bank: Tensor
    identity: Tensor

    def __init__(self, config: TrainingConfig, bank: Tensor, identity: Tensor) -> None:
        super().__init__()
        self.config = config
        self.held_out: list[tuple[Tensor, Tensor, Tensor]] = []
        self.network = build(config.architecture, config.descriptor)
        self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # not in torch's stubs
        average = get_ema_multi_avg_fn(config.average_decay)  # type: ignore[no-untyped-call]
        self.average = AveragedModel(self.network, multi_avg_fn=average, use_buffers=True)
        self.average.requires_grad_(False)
        self.register_buffer("bank", bank, persistent=False)
        self.register_buffer("identity", identity, persistent=False)
        self.automatic_optimization = False
        self.step = 0
        self.optimizer_states: list[dict[str, Any]] = []  # for the next stage or restart

    def start_from(self, weights: dict[str, Tensor]) -> None:
        """Load weights into the network and its average. Raises `RuntimeError` when names or shapes differ.

        The descriptor layer is divided by the config's `warm_start_norm`.
        """
        for name in ("descriptor.weight", "descriptor.bias"):
            weights[name] = weights[name] / self.config.warm_start_norm
        self.network.load_state_dict(weights, strict=False)
        missing = set(self.network.state_dict()) - set(weights)
        if any(not name.endswith("num_batches_tracked") for name in missing):
            raise RuntimeError(f"the warm start lacks {sorted(missing)}")
        self.average.module.load_state_dict(self.network.state_dict())

    def configure_optimizers(self) -> list[torch.optim.Optimizer]:
        """Muon for convolutions (or AdamW, by the config), AdamW for vectors and the descriptor."""
        matrices = [p for n, p in self.network.named_parameters() if p.ndim == 4 and not n.startswith("descriptor")]
        taken = {id(p) for p in matrices}
        vectors = [p for p in self.network.parameters() if id(p) not in taken]
        decay = self.config.weight_decay
        if self.config.optimizer == "muon":
            first: torch.optim.Optimizer = Muon(matrices, lr=1.0, weight_decay=decay)
        else:
            first = torch.optim.AdamW(matrices, lr=1.0, weight_decay=decay)
        optimizers = [first, torch.optim.AdamW(vectors, lr=1.0, weight_decay=0.0)]
        for optimizer, state in zip(optimizers, self.optimizer_states, strict=False):
            optimizer.load_state_dict(state)
        return optimizers

    def training_step(self, batch: tuple[Tensor, Tensor, Tensor], index: int) -> None:
        """One step on (images, teacher, rows)."""
        images, teacher, _ = batch
        rate = self.config.learning_rate(self.step)
        student = self.network(to_input(images).contiguous(memory_format=torch.channels_last)).float()
        losses = self._losses(student.float(), teacher)
        loss = torch.stack(list(losses.values())).sum()
        optimizers = cast("list[LightningOptimizer]", self.optimizers())
        for optimizer, factor in zip(optimizers, (1.0, self.config.vector_learning_rate), strict=True):
            for group in optimizer.param_groups:
                group["lr"] = rate * factor
            optimizer.zero_grad()
        self.manual_backward(loss)
        for optimizer in optimizers:
            optimizer.step()
        self.average.update_parameters(self.network)
        self.step += 1
        cosine = torch.cosine_similarity(student.detach(), teacher).mean()
        self.log_dict({"loss": loss.detach(), "cosine": cosine, "rate": rate}, prog_bar=True)

    def _losses(self, student: Tensor, teacher: Tensor) -> dict[str, Tensor]:
        weight = self.config.loss
        losses = {}
        with torch.autocast(student.device.type, enabled=False):
            if weight.cosine:
                losses["cosine"] = weight.cosine * cosine_loss(student, teacher)
            if weight.norm:
                losses["norm"] = weight.norm * norm_loss(student)
            if weight.relational:
                losses["relational"] = weight.relational * relational_loss(student, teacher)
            if weight.bank:
                losses["bank"] = weight.bank * bank_loss(student, teacher, self.bank, weight.temperature)
        return losses

    def validation_step(self, batch: tuple[Tensor, Tensor, Tensor], index: int) -> None:
        """Cosine to the teacher of held-out faces, and the spread of the norm, with averaged weights."""
        images, teacher, rows = batch
        student = self.average.module(to_input(images)).float()
        self.held_out.append((student, teacher, self.identity[rows]))

    def on_validation_epoch_end(self) -> None:
        """Log the held-out figures over all batches."""
        student, teacher, identity = (torch.cat(part) for part in zip(*self.held_out, strict=True))
        self.held_out.clear()
        norm = student.norm(dim=1)
        self.log_dict({"norm": norm.mean(), "norm_spread": norm.std()})
        self.log("held_out_cosine", torch.cosine_similarity(student, teacher).mean(), prog_bar=True)
        self.log("held_out_tar", true_accept_rate(student, teacher, identity), prog_bar=True)
        unit = torch.nn.functional.normalize(student)
        self.log("held_out_tar_l2norm", true_accept_rate(unit, teacher, identity), prog_bar=True)

    def checkpoint(self, optimizers: list[torch.optim.Optimizer]) -> dict[str, Any]:
        """Return all that going on needs; batches depend on the step alone, so no generator's state is in it."""
        return {
            "architecture": self.config.architecture,
            "descriptor": self.config.descriptor,
            "unit_length": self.config.unit_length,
            "seed": self.config.seed,
            "held_out_identities": self.config.held_out_identities,
            "step": self.step,
            "state_dict": self.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in optimizers],
        }

    def resume(self, checkpoint: dict[str, Any]) -> None:
        """Go on from a checkpoint. Raises `ValueError` when it is of another network."""
        told = (checkpoint["architecture"], checkpoint["descriptor"])
        if told != (self.config.architecture, self.config.descriptor):
            raise ValueError(f"the checkpoint is of {told}, the config of another network; choose a new run folder")
        self.load_state_dict(checkpoint["state_dict"])
        self.optimizer_states = checkpoint["optimizers"]
        self.step = checkpoint["step"]


def true_accept_rate(student: Tensor, teacher: Tensor, identity: Tensor, false_accept_rate: float = 0.01) -> Tensor:
    """Return the share of same-person pairs accepted, by plain L2, where 1 % of the other pairs are.

    Same-person pairs that the teacher itself sees as different (cosine below 0.1) are taken for
    wrong labels and left out.
    """
    same = identity[:, None] == identity[None]
    above = torch.ones_like(same).triu(1)
    distance = torch.cdist(student, student)
    genuine = distance[above & same & (teacher @ teacher.T > 0.1)]
    impostor = distance[above & ~same]
    threshold = impostor.kthvalue(max(1, int(len(impostor) * false_accept_rate))).values
    return (genuine < threshold).float().mean()


def weights_alone(checkpoint: dict[str, Any]) -> dict[str, Any]:
    """Return what is left of a checkpoint for use and for a warm start: the averaged network, a third of the size."""
    state = {k: v for k, v in checkpoint["state_dict"].items() if k.startswith("average.module.")}
    kept = {key: value for key, value in checkpoint.items() if key not in ("state_dict", "optimizers")}
    return kept | {"state_dict": state}


def held_out_of_checkpoint(path: str) -> dict[str, int]:
    """Return who was held out of a checkpoint's training: `seed` and `held_out_identities` of `split_held_out`."""
    checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    return {key: int(checkpoint[key]) for key in ("seed", "held_out_identities")}


def network_of_checkpoint(path: str) -> nn.Module:
    """Return the averaged network of a checkpoint, in eval mode."""
    checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    network = build(checkpoint["architecture"], checkpoint["descriptor"])
    prefix = "average.module."
    state = {k[len(prefix) :]: v for k, v in checkpoint["state_dict"].items() if k.startswith(prefix)}
    network.load_state_dict(state)
    network.unit_length = checkpoint["unit_length"]
    return network.eval()


def read_weights(path: str) -> dict[str, Tensor]:
    """Read named float weights from an `.npz` file, or the averaged ones of a checkpoint."""
    if path.endswith(".ckpt"):
        return network_of_checkpoint(path).state_dict()
    with np.load(path) as archive:
        return {name: torch.from_numpy(archive[name].astype(np.float32)) for name in archive.files}
