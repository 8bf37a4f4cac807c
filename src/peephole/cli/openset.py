"""`peephole evaluate openset`, `strangers` and `quality`: what a household at its door would live through."""

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from peephole.cli.albums import Source, described
from peephole.cli.errors import complain
from peephole.cli.options import Crop, JsonOption, LandmarksOption, ModelOption
from peephole.cli.output import check_folder_of, print_json, print_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from peephole.doorbell.policy import Bars
    from peephole.evaluation.album import Album
    from peephole.evaluation.openset import Estimate, OpenSet
    from peephole.evaluation.thirds import Part
    from peephole.fixedpoint.program import IntegerProgram

ImagesOption = Annotated[
    Path | None, typer.Option("--images", metavar="TAR_OR_DIR", help="A tar file or a folder of pictures.")
]
PairsOption = Annotated[
    Path | None, typer.Option("--pairs", metavar="FILE", help="pairs.txt: only the pictures that it names.")
]
DescriptorsOption = Annotated[
    Path | None,
    typer.Option(
        "--descriptors",
        metavar="FILE.npz",
        help="Keeps the described faces: read if it is there, else written. That of `peephole embed` will do too.",
    ),
]
OwnCropOption = Annotated[
    Crop | None, typer.Option("--crop", show_default="the program's own", help="How faces are cut out.")
]
UsersOption = Annotated[int, typer.Option(min=1, help="People enrolled.")]
ReferencesOption = Annotated[int, typer.Option(min=1, help="Pictures enrolled of each.")]
TrialsOption = Annotated[int, typer.Option(min=2, help="How often people are drawn.")]
SeedOption = Annotated[int, typer.Option(min=0, help="Decides who is drawn.")]
PlotOption = Annotated[Path | None, typer.Option("--plot", metavar="FILE.svg", help="Draw it, too.")]
SpoilOption = Annotated[
    int | None,
    typer.Option("--spoil", min=0, metavar="SEED", help="Spoil each face that comes, as a bad door camera would."),
]


@dataclasses.dataclass(frozen=True)
class Measured:
    """A program and the faces that it has described: descriptors [N,D] and whose they are [N]."""

    program: "IntegerProgram"
    crop: Crop
    album: "Album"
    descriptors: "NDArray[np.int16]"
    people: "NDArray[np.int64]"
    spoilt: "Album | None"

    def bars(self, users: int) -> "Bars | None":
        """Return the doorbell's bars, or none where the program has no thresholds for this crop, which is told."""
        from peephole.doorbell.policy import Policy, bars

        try:
            return bars(Policy(), self.program.thresholds(self.crop.value), users)
        except ValueError as error:
            complain(f"{error}; only the curve is measured")
            return None

    def as_json(self) -> dict[str, Any]:
        """Say what was measured."""
        return {
            "people": int(self.people.max()) + 1,
            "pictures": len(self.album.names),
            "missed": len(self.album.missed),
            "crop": self.album.crop,
            "probes": self.album.crop if self.spoilt is None else self.spoilt.crop,
            "model": self.program.name,
            "model_id": self.program.model_id,
        }

    def __str__(self) -> str:
        told = self.as_json()
        return f"{told['pictures']} pictures of {told['people']} people ({told['missed']} without a face)"


def _measured(
    images: Path | None,
    pairs: Path | None,
    model: Path | None,
    crop: Crop | None,
    landmarks: Path | None,
    descriptors: Path | None,
    spoil: int | None = None,
) -> Measured:
    import numpy as np

    from peephole.cli.programs import load_program
    from peephole.evaluation.embedding import integer_embedder

    program = load_program(model)
    cut = crop if crop is not None else Crop(program.crop)
    source, embedder = Source(images, pairs, descriptors, cut, landmarks), integer_embedder(program)
    album = described(source, embedder)
    spoilt = None if spoil is None else described(source.spoilt(spoil), embedder)
    if spoilt is not None:
        album.check_alike(spoilt)
    if album.descriptors.dtype != np.int16:
        raise ValueError(f"the descriptors are {album.descriptors.dtype}, not int16; they were not made by a program")
    return Measured(program, cut, album, album.descriptors.astype(np.int16), album.people(), spoilt)


def _check_plot(path: Path | None) -> None:
    from peephole.evaluation.plots import check_plot

    if path is not None:
        check_folder_of(path)
        check_plot(path)


def with_error(estimate: "Estimate | None") -> str:
    """Return a figure and its standard error, or a dash for a share of nothing."""
    return "-" if estimate is None else f"{estimate.mean:.4g} +-{estimate.stderr:.2g}"


def print_parts(parts: "Sequence[Part]") -> None:
    """Print errors by quality."""
    rows = [
        [
            part.measure,
            part.third,
            part.low,
            part.high,
            part.of,
            with_error(part.accuracy),
            with_error(part.false_reject),
            with_error(part.false_accept),
        ]
        for part in parts
    ]
    print_table(["measure", "third", "from", "to", "of", "accuracy", "false reject", "false accept"], rows)


def openset(
    images: ImagesOption = None,
    pairs: PairsOption = None,
    model: ModelOption = None,
    crop: OwnCropOption = None,
    landmarks: LandmarksOption = None,
    descriptors: DescriptorsOption = None,
    users: UsersOption = 10,
    references: ReferencesOption = 3,
    trials: TrialsOption = 50,
    seed: SeedOption = 1,
    spoil: SpoilOption = None,
    json: JsonOption = False,
    plot: PlotOption = None,
) -> None:
    """Enrol a few people, and let everybody come to the door, one look each.

    People with more than --references pictures are drawn and enrolled with as many; their other pictures, and those of
    everybody else, are decided as the doorbell decides about a still picture, by the thresholds of the program. Prints
    what became of the household's looks and of the strangers', and the false rejects at fixed shares of false accepts,
    each with its standard error over trials. A person is told by the picture's name up to its last underscore.
    """
    from peephole.doorbell.policy import Policy
    from peephole.evaluation.openset import Household, measure
    from peephole.evaluation.plots import plot_openset

    _check_plot(plot)
    faces = _measured(images, pairs, model, crop, landmarks, descriptors, spoil)
    household = Household(users, references, trials, seed)
    asked = None if faces.spoilt is None else faces.spoilt.descriptors.astype(faces.descriptors.dtype)
    found = measure(faces.descriptors, faces.people, household, faces.bars(users), Policy(), asked)
    if plot is not None:
        plot_openset(plot, found)
    if json:
        print_json(faces.as_json() | dataclasses.asdict(found))
        return
    print(f"{trials} times {users} of {found.eligible} people with more than {references} pictures, among {faces}")
    _print_openset(found)


def _print_openset(found: "OpenSet") -> None:
    if found.rates is not None:
        print_table(
            ["at the program's bars", "share", "standard error", "deviation"],
            [[rate, *_three(one)] for rate, one in found.rates.items()],
        )
    print_table(
        ["false accepts", "bar", "false rejects", "standard error", "deviation"],
        [[f"{at.false_accept:g}", at.bar, *_three(at.false_reject)] for at in found.at_false_accepts],
    )


def _three(one: "Estimate") -> tuple[str, str, str]:
    return f"{one.mean:.4g}", f"{one.stderr:.2g}", f"{one.deviation:.2g}"


def strangers(
    images: ImagesOption = None,
    pairs: PairsOption = None,
    model: ModelOption = None,
    crop: OwnCropOption = None,
    landmarks: LandmarksOption = None,
    descriptors: DescriptorsOption = None,
    people: Annotated[int, typer.Option(min=2, help="Strangers who come to the door.")] = 200,
    users: Annotated[int, typer.Option(min=0, help="People enrolled: the more, the stricter all bars.")] = 10,
    trials: TrialsOption = 20,
    seed: SeedOption = 1,
    json: JsonOption = False,
    plot: PlotOption = None,
) -> None:
    """Let strangers come to the door, in random order, and see who is taken for whom.

    Each picture of the people drawn is one visit. The doorbell says which stranger seen before it is, or that it is
    somebody new. Prints people merged with somebody else, looks filed under somebody else, people split into several
    (of those who came more than once) and records a person, at the program's bar and over others.
    """
    from peephole.doorbell.policy import Policy
    from peephole.evaluation.plots import plot_strangers
    from peephole.evaluation.strangers import FIGURES, measure

    _check_plot(plot)
    faces = _measured(images, pairs, model, crop, landmarks, descriptors)
    found = measure(faces.descriptors, faces.people, people, trials, seed, faces.bars(users), Policy())
    if plot is not None:
        plot_strangers(plot, found)
    if json:
        print_json(faces.as_json() | {"users": users} | dataclasses.asdict(found))
        return
    print(f"{trials} times {people} strangers, among {faces}")
    own = [] if found.own is None else [found.own]
    print_table(
        ["pairs within the bar", "bar", *FIGURES],
        [
            [
                "the program's bar" if at.share is None else f"{at.share:g}",
                at.bar,
                *map(with_error, at.figures.values()),
            ]
            for at in (*own, *found.curve)
        ],
    )
    if found.too_rare:
        shares = ", ".join(f"{share:g}" for share in found.too_rare)
        print(f"left out, as the pairs are too few to find their bars: {shares}")


def quality(
    images: ImagesOption = None,
    pairs: PairsOption = None,
    model: ModelOption = None,
    crop: OwnCropOption = None,
    landmarks: LandmarksOption = None,
    descriptors: DescriptorsOption = None,
    users: UsersOption = 10,
    references: ReferencesOption = 3,
    trials: TrialsOption = 50,
    seed: SeedOption = 1,
    false_accepts: Annotated[
        float, typer.Option(min=1e-6, max=0.5, help="Share of strangers' looks given a name, which sets the bar.")
    ] = 0.01,
    spoil: SpoilOption = None,
    json: JsonOption = False,
    plot: PlotOption = None,
) -> None:
    """Show what image quality does to open-set errors, and what the quality gate is worth.

    Households are drawn as by `openset`. At the one bar that gives --false-accepts over all looks, prints the errors
    of the lowest, middle and highest third of the looks by each measure, and those without and with the gate.
    """
    from peephole.doorbell.policy import Policy
    from peephole.evaluation.openset import Household
    from peephole.evaluation.plots import plot_parts
    from peephole.evaluation.quality import measure

    _check_plot(plot)
    faces = _measured(images, pairs, model, crop, landmarks, descriptors, spoil)
    found = measure(faces.album, Household(users, references, trials, seed), Policy(), false_accepts, faces.spoilt)
    if plot is not None:
        plot_parts(plot, found.parts, f"looks not named rightly, at {false_accepts:g} false accepts")
    if json:
        print_json(faces.as_json() | dataclasses.asdict(found))
        return
    print(f"bar {found.bar}, among {faces}")
    print_parts(found.parts)
    print_table(
        ["gate", "looks refused", "of the household", "false reject", "false accept"],
        [
            [name, f"{one.refused:.4g}", *map(with_error, (one.unanswered, one.false_reject, one.false_accept))]
            for name, one in (("off", found.off), ("on", found.on))
        ],
    )
