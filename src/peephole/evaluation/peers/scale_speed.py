"""How time grows: the network with its input's side, the doorbell with its references and with the faces in a frame."""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from peephole.compiler.peers.networks import DESCRIPTOR
from peephole.doorbell.archive import Archive
from peephole.doorbell.policy import Policy
from peephole.doorbell.recogniser import Recogniser
from peephole.engine import Engine
from peephole.evaluation.peers.frames import several_faces
from peephole.evaluation.peers.matching_speed import REFERENCES_A_PERSON, drawn, named
from peephole.evaluation.peers.own_pipeline import crowded, own_pipeline, unwritten
from peephole.evaluation.peers.rows import Job, Row, one_core, timed
from peephole.fixedpoint.quantize import QuantizationOptions, quantize
from peephole.people.records import Descriptor
from peephole.vision.image import Image

SIDES = (64, 80, 96, 108, 128)
GALLERIES = (0, 100, 1_000, 10_000)
FACES = (1, 2, 4)
NETWORK, GALLERY, IN_FRAME = "side of the network's input", "references of others", "faces in a frame"
Open = Callable[[], Archive]


def network_scale(sides: Sequence[int], seconds: float) -> list[Row]:
    """Time one pass of SqueezeFace with random weights of 16 bits for inputs of these sides, one core.

    Without torch, which makes the networks, the rows say so.
    """
    with one_core():
        return timed({f"{NETWORK}: {side}": partial(_network, side) for side in sides}, seconds)


def doorbell_scale(
    open_archive: Open,
    recogniser: Recogniser,
    portrait: Image,
    frames: tuple[Sequence[Image], Sequence[Image]],
    wanted: tuple[Sequence[int], Sequence[int]],
    length: int,
    seconds: float,
) -> list[Row]:
    """Time a frame of the doorbell as it runs, nothing stored, by galleries and by faces in a frame, one core.

    open_archive: makes an empty one. frames: of the empty door and of the person of the portrait. wanted: how many
    references of others, and how many faces. length: frames of a visit.
    """
    empty, face = frames

    def job(others: int, faces: int) -> Job:
        archive = crowded(unwritten(open_archive(), recogniser.model), _others(others))
        shown = [several_faces(empty[0], one, faces) for one in face] if faces else face
        return own_pipeline(archive, recogniser, Policy(), portrait, shown, length)

    galleries = {f"{GALLERY}: {count}": partial(job, count, 0) for count in wanted[0]}
    several = {f"{IN_FRAME}: {count}": partial(job, 0, count) for count in wanted[1]}
    with one_core():
        rows = [timed(makers, seconds / 2, calls=1) for makers in (galleries, several) if makers]
    return [row for part in rows for row in part]


def _network(side: int) -> Job:
    import torch

    from peephole.fixedpoint.importer import import_network
    from peephole.models import build
    from peephole.models.squeezeface import SqueezeFace

    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = build("squeezeface", DESCRIPTOR, size=side)
    if isinstance(network, SqueezeFace):
        network.fit(side)  # its last window
    faces = np.random.default_rng(0).integers(0, 256, (2, side, side), np.uint8)
    imported = import_network(network.eval(), "scale", (side, side))
    program, _ = quantize(imported, faces, QuantizationOptions.of(16, report_images=1), 16)
    return Job(partial(Engine(program, threads=1).descriptor, faces[0]))


def _others(count: int) -> list[tuple[str, Descriptor]]:
    return named(drawn(np.random.default_rng(2), max(1, count // REFERENCES_A_PERSON), REFERENCES_A_PERSON))[:count]
