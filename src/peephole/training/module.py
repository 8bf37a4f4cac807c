"""The Lightning module: a small network trained by a weighted sum of losses; and what becomes of its checkpoints."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import lightning
import numpy as np
import torch
from lightning.pytorch.core.optimizer import LightningOptimizer
from torch import Tensor
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from peephole.array_files import open_arrays
from peephole.fixedpoint.pixels import OFFSET, SCALE
from peephole.models import build
from peephole.models.backbone import Backbone
from peephole.models.squeezeface import SqueezeFace, from_squeezenet1_1
from peephole.training.checkpoints import averaged_weights, read_recogniser, weights_must_fit
from peephole.training.config import TrainingConfig
from peephole.training.muon import Muon
from peephole.training.objective import Objective
from peephole.training.resuming import Fixed
from peephole.training.teacher import Teacher

# Weight decay of the heads, which ship with nobody: the GAP8 doorbell's.
HEAD_DECAY = 5e-4
# Steps between looks at whether the loss is a number: a GPU would have to wait for each.
CHECKED_EVERY = 10


def to_input(images: Tensor) -> Tensor:
    """Bytes [N,1,S,S] to the network's values in -1..1, as the integer program's input does: (x - 128) / 128."""
    return (images.float() - OFFSET) / SCALE


@dataclass(frozen=True)
class Knowledge:
    """What a run knows beside the pictures.

    identity: int32 [N], the person of each row, for the held-out verification. label: int64 [N], the people to train on
    numbered from 0, -1 for everybody else. bank: float32 [M,D], teacher descriptors of training faces (M is 0 when the
    bank loss is off). teacher: the network that looks at the student's own faces, if there is one. fixed: what a run
    that goes on must not change.
    """

    identity: Tensor
    label: Tensor
    bank: Tensor
    teacher: Teacher | None = None
    fixed: Fixed = field(default_factory=dict)

    @property
    def classes(self) -> int:
        """How many people there are to train on."""
        return int(self.label.max()) + 1


class Training(lightning.LightningModule):
    """Trains `network`; keeps an exponential average of its weights in `average`, which is what ships."""

    bank: Tensor
    identity: Tensor
    label: Tensor

    def __init__(self, config: TrainingConfig, knowledge: Knowledge) -> None:
        super().__init__()
        self.config = config
        self.held_out: list[tuple[Tensor, Tensor, Tensor]] = []
        self.network = build(config.architecture, config.descriptor, **config.network)  # type: ignore[arg-type]
        self._freeze()
        self._try_sizes()
        self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # not in torch's stubs
        average = get_ema_multi_avg_fn(config.average_decay)  # type: ignore[no-untyped-call]
        self.average = AveragedModel(self.network, multi_avg_fn=average, use_buffers=True)
        self.average.requires_grad_(False)
        self.objective = Objective(config.loss, knowledge.classes, config.descriptor, config.unit_length)
        for name in ("bank", "identity", "label"):
            self.register_buffer(name, getattr(knowledge, name), persistent=False)
        self.fixed = knowledge.fixed
        self.teacher = (knowledge.teacher,)  # in a tuple it is no part of this module, and so of no checkpoint
        self.automatic_optimization = False
        self.step = 0
        self.optimizer_states: list[dict[str, Any]] = []  # for the next stage or restart

    def _freeze(self) -> None:
        """Keep the config's frozen modules as they start. Raises `ValueError` for one that there is not."""
        modules = dict(self.network.named_modules())
        for name in self.config.frozen:
            if name not in modules:
                there = ", ".join(child for child, _ in self.network.named_children())
                raise ValueError(f"frozen: {self.config.architecture} has no module {name}; it has {there}")
            modules[name].requires_grad_(False)

    def _try_sizes(self) -> None:
        """Raise `ValueError` for images too small for the network, before a run begins."""
        for stage in self.config.stages:
            try:
                with torch.no_grad():
                    self.network.eval()(torch.zeros(1, 1, stage.size, stage.size))
            except RuntimeError as error:
                what = f"images of {stage.size}x{stage.size} are too small for {self.config.architecture}"
                raise ValueError(f"stages: {what}; take larger ones") from error
        self.network.train()

    def start_from(self, weights: dict[str, Tensor]) -> None:
        """Load weights into the network and its average. Raises `ValueError` when names or shapes differ.

        The descriptor layer is divided by the config's `warm_start_norm`.
        """
        if self.config.architecture == "squeezeface" and "bn1.weight" in weights:
            weights = from_squeezenet1_1(weights)
        needed = {name for name in self.network.state_dict() if not name.endswith("num_batches_tracked")}
        if missing := sorted(needed - set(weights)):
            raise ValueError(f"warm start {self.config.warm_start}: lacks {missing[0]}; it is of another architecture")
        if spoilt := [name for name, weight in weights.items() if not weight.isfinite().all()]:
            raise ValueError(f"warm start {self.config.warm_start}: {spoilt[0]} holds NaN or infinity; take another")
        for name in ("descriptor.weight", "descriptor.bias"):
            weights[name] = weights[name] / self.config.warm_start_norm
        try:
            self.network.load_state_dict(weights, strict=False)
        except RuntimeError as error:
            raise ValueError(f"warm start {self.config.warm_start}: {str(error).splitlines()[-1].strip()}") from error
        self.average.module.load_state_dict(self.network.state_dict())

    def configure_optimizers(self) -> list[torch.optim.Optimizer]:
        """Muon for convolutions (or AdamW, by the config), AdamW for vectors, the descriptor and the heads.

        A pooling window's weights are as small as a mean's, 1/area, and so are AdamW's steps on them.
        """
        learnt = {name: p for name, p in self.network.named_parameters() if p.requires_grad}
        windows = [p for name, p in learnt.items() if name.startswith("window") and p.ndim == 4]
        matrices = [p for n, p in learnt.items() if p.ndim == 4 and not n.startswith(("descriptor", "window"))]
        taken = {id(p) for p in matrices + windows}
        vectors = [p for p in learnt.values() if id(p) not in taken]
        decay = self.config.weight_decay
        if self.config.optimizer == "muon":
            first: torch.optim.Optimizer = Muon(matrices, lr=1.0, weight_decay=decay)
        else:
            first = torch.optim.AdamW(matrices, lr=1.0, weight_decay=decay)
        groups: list[dict[str, Any]] = [{"params": vectors, "factor": 1.0}]
        groups += [{"params": [window], "factor": 1 / window[0].numel()} for window in windows]
        if heads := list(self.objective.parameters()):
            groups.append({"params": heads, "weight_decay": HEAD_DECAY})
        optimizers = [first, torch.optim.AdamW(groups, lr=1.0, weight_decay=0.0)]
        for optimizer, state in zip(optimizers, self.optimizer_states, strict=False):
            optimizer.load_state_dict(state)
        return optimizers

    def training_step(self, batch: Sequence[Tensor], index: int) -> None:
        """One step on (images, teacher, rows), or on a `Batch`."""
        images, stored, rows, *taught = batch
        rate = self.config.learning_rate(self.step)
        student = self.network(to_input(images).contiguous(memory_format=torch.channels_last)).float()
        teacher, label = self._targets(stored, rows, *taught)
        with torch.autocast(student.device.type, enabled=False):
            terms = self.objective(*self._gathered(student, teacher, label), self.bank)
            loss = torch.stack(list(terms.values())).sum() if terms else student.sum() * 0
        if self.step % CHECKED_EVERY == 0 and not loss.isfinite():
            raise ValueError(
                f"{self.config.run}: the loss of step {self.step} is not a number; start again with a lower learning "
                "rate, in a new run folder"
            )
        optimizers = cast("list[LightningOptimizer]", self.optimizers())
        for optimizer, factor in zip(optimizers, (1.0, self.config.vector_learning_rate), strict=True):
            for group in optimizer.param_groups:
                group["lr"] = rate * factor * group.get("factor", 1.0)
            optimizer.zero_grad()
        self.manual_backward(loss)
        for optimizer in optimizers:
            optimizer.step()
        self.average.update_parameters(self.network)
        self.step += 1
        if teacher is not None and teacher.shape[1] == student.shape[1]:  # by identity alone, any length will do
            self.log("cosine", torch.cosine_similarity(student.detach(), teacher).mean(), prog_bar=True)
        self.log("loss", loss.detach(), prog_bar=True)
        self.log_dict({name: term.detach() for name, term in terms.items()} | {"rate": rate} | self._images())

    def _images(self) -> dict[str, float]:
        """How many images have been seen, by which the curves are drawn."""
        return {"images": float(self.step * self.config.batch)}

    def _targets(
        self, stored: Tensor, rows: Tensor, seen: Tensor | None = None, mixed: Tensor | None = None
    ) -> tuple[Tensor | None, Tensor]:
        """Return what the student should say of each face, [B,D] or nothing, and who it is [B], -1 unknown."""
        label = self.label[rows]
        if mixed is not None:
            label = label.masked_fill(mixed, -1)
        (network,) = self.teacher
        if network is not None and seen is not None and len(seen):
            return network.to(seen.device)(seen).float(), label
        return (stored if stored.shape[1] else None), label

    def _gathered(self, student: Tensor, teacher: Tensor | None, label: Tensor) -> tuple[Tensor, Tensor | None, Tensor]:
        """Return the parts of all processes put together, so that losses over pairs are those of the whole batch."""
        if self.trainer.world_size == 1:
            return student, teacher, label
        whole = cast(Tensor, self.all_gather(student, sync_grads=True)).flatten(0, 1)
        others = None if teacher is None else cast(Tensor, self.all_gather(teacher)).flatten(0, 1)
        return whole, others, cast(Tensor, self.all_gather(label)).flatten(0, 1)

    def validation_step(self, batch: tuple[Tensor, Tensor, Tensor], index: int) -> None:
        """Descriptors of held-out faces, by averaged weights."""
        images, teacher, rows = batch
        student = self.average.module(to_input(images)).float()
        self.held_out.append((student, teacher, self.identity[rows]))

    def on_validation_epoch_end(self) -> None:
        """Log the held-out figures: verification, norm, and cosine to the stored teacher if there is one."""
        student, stored, identity = (torch.cat(part) for part in zip(*self.held_out, strict=True))
        self.held_out.clear()
        teacher = stored if stored.shape[1] else None
        norm = student.norm(dim=1)
        self.log_dict({"norm": norm.mean(), "norm_spread": norm.std()} | self._images())
        if stored.shape[1] == student.shape[1]:
            self.log("held_out_cosine", torch.cosine_similarity(student, stored).mean(), prog_bar=True)
        self.log("held_out_tar", true_accept_rate(student, teacher, identity), prog_bar=True)
        unit = torch.nn.functional.normalize(student)
        self.log("held_out_tar_l2norm", true_accept_rate(unit, teacher, identity), prog_bar=True)

    def checkpoint(self, optimizers: list[torch.optim.Optimizer]) -> dict[str, Any]:
        """Return all that going on needs; batches depend on the step alone, so no generator's state is in it."""
        return {
            "architecture": self.config.architecture,
            "descriptor": self.config.descriptor,
            "network": self.config.network,
            "unit_length": self.config.unit_length,
            **use_of(self.config),
            "seed": self.config.seed,
            "held_out_identities": self.config.held_out_identities,
            **self.fixed,
            "step": self.step,
            "state_dict": self.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in optimizers],
        }

    def resume(self, checkpoint: dict[str, Any]) -> None:
        """Go on from a checkpoint. Raises `ValueError` when it is of another network or of other heads."""
        told = (checkpoint["architecture"], checkpoint["descriptor"], checkpoint.get("network", {}))
        if told != (self.config.architecture, self.config.descriptor, self.config.network):
            raise ValueError(
                f"{self.config.run}: holds a run of {told}, the config tells another; choose a new run folder"
            )
        try:
            self.load_state_dict(checkpoint["state_dict"])
        except RuntimeError as error:
            raise ValueError(
                f"{self.config.run}: holds a run with other losses or other people; "
                f"choose a new run folder, and warm_start = its last.ckpt ({str(error).splitlines()[-1].strip()})"
            ) from error
        self.optimizer_states = checkpoint["optimizers"]
        self.step = checkpoint["step"]


def true_accept_rate(
    student: Tensor, teacher: Tensor | None, identity: Tensor, false_accept_rate: float = 0.01
) -> Tensor:
    """Return the share of same-person pairs accepted, by plain L2, where 1 % of the other pairs are.

    Same-person pairs that the teacher itself sees as different (cosine below 0.1) are taken for
    wrong labels and left out, where its descriptors are given.
    """
    same = identity[:, None] == identity[None]
    above = torch.ones_like(same).triu(1)
    distance = torch.cdist(student, student)
    genuine = distance[above & same & (teacher @ teacher.T > 0.1 if teacher is not None else same)]
    impostor = distance[above & ~same]
    threshold = impostor.kthvalue(max(1, int(len(impostor) * false_accept_rate))).values
    return (genuine < threshold).float().mean()


def use_of(config: TrainingConfig) -> dict[str, Any]:
    """Return what a checkpoint keeps of how its network is meant to be used (see `Use`)."""
    return {"size": config.stages[-1].size, "mirrored": config.mirrored}


@dataclass(frozen=True)
class Use:
    """How a network is meant to be used: on images of size x size, and whether on their mirror images too."""

    size: int = 128
    mirrored: bool = False


def use_of_checkpoint(checkpoint: Mapping[str, Any]) -> Use:
    """Return how a checkpoint's network is meant to be used."""
    return Use(checkpoint.get("size", 128), checkpoint.get("mirrored", False))


def network_of_checkpoint(checkpoint: Mapping[str, Any]) -> Backbone:
    """Return the averaged network of a checkpoint, in eval mode, as it is used: fitted to its size of images."""
    network = _averaged(checkpoint)
    if isinstance(network, SqueezeFace):
        network.fit(use_of_checkpoint(checkpoint).size)
    return network


def _averaged(checkpoint: Mapping[str, Any]) -> Backbone:
    network = build(checkpoint["architecture"], checkpoint["descriptor"], **checkpoint.get("network", {}))
    network.load_state_dict(averaged_weights(checkpoint))
    network.unit_length = checkpoint["unit_length"]
    return network.eval()


def read_weights(path: str) -> dict[str, Tensor]:
    """Read named float weights from an `.npz` file, or the averaged ones of a checkpoint.

    Raises `FileNotFoundError`, or `ValueError` for a file of another kind.
    """
    if path.endswith(".ckpt"):
        checkpoint = read_recogniser(Path(path), "checkpoint to start from")
        with weights_must_fit(Path(path)):
            return _averaged(checkpoint).state_dict()
    with open_arrays(Path(path), "weights to start from", "not an .npz of named weights, nor a .ckpt") as arrays:
        return {name: torch.from_numpy(values.astype(np.float32)) for name, values in arrays.items()}
