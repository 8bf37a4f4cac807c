"""Measures every table and plot of docs/accuracy.md anew and writes them into it.

    python benchmarks/accuracy.py [--model M] [--data ../shared/data] [--keep runs/accuracy] [--crops detect,aligned]

The faces of Labeled Faces in the Wild are described once a crop (minutes) and kept in --keep, named after the model;
the protocols on them take a minute or two. Descriptors are those of real people: keep them out of every repository.
"""

import argparse
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from peephole.cli.albums import Source, described
from peephole.cli.marked import put, table
from peephole.cli.options import Crop
from peephole.cli.programs import load_program
from peephole.doorbell.policy import Policy, bars
from peephole.evaluation import openset, quality, strangers
from peephole.evaluation.album import Album
from peephole.evaluation.benchmark import measure, pair_distances
from peephole.evaluation.embedding import Embedder, integer_embedder
from peephole.evaluation.lfw import PairList, read_pairs
from peephole.evaluation.openset import Estimate, Household
from peephole.evaluation.plots import plot_openset, plot_parts, plot_strangers
from peephole.evaluation.thirds import Part, pair_measures, verification_parts
from peephole.evaluation.verification import METRICS
from peephole.fixedpoint.program import IntegerProgram

CHECKOUT = Path(__file__).resolve().parents[1]
DOCUMENT = CHECKOUT / "docs" / "accuracy.md"
IMAGES = CHECKOUT / "docs" / "images"
USERS, STRANGERS, TRIALS, FALSE_ACCEPTS, SPOILT = 10, 200, 20, 0.01, 1
SHOWN = ("neighbours", "sharpness", "brightness", "contrast", "yaw", "roll", "value")


@dataclass(frozen=True)
class Lab:
    """A program, the described faces a crop, those of its own crop spoilt, and the pairs."""

    program: IntegerProgram
    albums: dict[Crop, Album]
    spoilt: Album
    pairs: PairList

    @property
    def own(self) -> Crop:
        """The crop that the program is for."""
        return Crop(self.program.crop)


def shown(one: Estimate | None, digits: int = 4) -> str:
    """Return a figure and its standard error, to two digits of the latter where it is small; a dash for no figure."""
    if one is None:
        return "-"
    if one.stderr:
        digits = max(digits, 1 - math.floor(math.log10(one.stderr)))
    return f"{one.mean:.{digits}f} ±{one.stderr:.{digits}f}"


def describe(program: IntegerProgram, embedder: Embedder, data: Path, keep: Path, crops: list[Crop]) -> Lab:
    """Describe the faces of every crop, or read those that are kept."""
    pairs = data / "lfw" / "pairs.txt"

    def source(crop: Crop) -> Source:
        print(f"describing: crop {crop.value}", flush=True)
        return Source(data / "lfw" / "lfw.tar", pairs, keep / f"{program.model_id}-{crop.value}.npz", crop, None)

    own = Crop(program.crop)
    albums = {crop: described(source(crop), embedder) for crop in dict.fromkeys((own, *crops))}
    return Lab(program, albums, described(source(own).spoilt(SPOILT), embedder), read_pairs(pairs))


def verification(lab: Lab) -> str:
    """Return the table of the verification protocol, crops by metrics."""
    titles = ["crop", "metric", "accuracy", "standard error", "AUC", "TAR at FAR 1e-2", "TAR at FAR 1e-3"]
    titles += ["missed counted as errors"]
    rows = []
    for crop, album in lab.albums.items():
        for metric in METRICS:
            report = measure(lab.pairs, album.embedded(), metric)
            found = report.result
            figures = (found.accuracy, found.standard_error, found.auc, *found.tar_at_far.values())
            missed = report.missed_wrong.accuracy
            rows.append([crop.value, metric, *(f"{value:.4f}" for value in (*figures, missed))])
    return table(titles, rows)


def parts_table(parts: list[Part], rates: Callable[[Part], list[str]], titles: list[str]) -> str:
    """Return errors by quality."""
    rows = [
        [part.measure, part.third, f"{part.low} to {part.high}", part.of, *rates(part)]
        for part in parts
        if part.measure in SHOWN
    ]
    return table(["measure", "third", "from, to", *titles], rows)


def verification_by_quality(lab: Lab) -> str:
    """Return the errors of the verification protocol by the quality of the worse picture."""
    album = lab.albums[lab.own]
    result = measure(lab.pairs, album.embedded(), "l2").result
    distance, same = pair_distances(lab.pairs, album.embedded(), "l2")
    parts = verification_parts(distance, same, result, pair_measures(lab.pairs, album))

    def rates(part: Part) -> list[str]:
        accuracy = "" if part.accuracy is None else shown(part.accuracy)
        return [accuracy, shown(part.false_reject), shown(part.false_accept)]

    return parts_table(parts, rates, ["same pairs", "accuracy", "false reject", "false accept"])


def accepted_on_lfw(album: Album, bars: list[int]) -> tuple[list[int], int]:
    """Return how many pairs of different people lie within each bar, and how many there are."""
    values, people = album.descriptors.astype(np.float64), album.people()
    squares = (values**2).sum(1)
    count, pairs = np.zeros(len(bars), np.int64), 0
    for start in range(0, len(values), 512):
        rows = slice(start, start + 512)
        distance = squares[rows, None] + squares - 2 * (values[rows] @ values.T)
        different = people[rows, None] != people
        count += [int((distance[different] <= bar).sum()) for bar in bars]
        pairs += int(different.sum())
    return [int(one) // 2 for one in count], pairs // 2  # each pair was met twice


def thresholds(lab: Lab) -> str:
    """Return the program's thresholds, how sure they are, and what they accept on LFW."""
    calibration = lab.program.calibration
    if calibration is None:
        return "This program has no thresholds."
    bars = [bar for _, bar in calibration.points]
    own = [album for crop, album in lab.albums.items() if crop.value == calibration.crop]
    accepted, pairs = accepted_on_lfw(own[0], bars) if own else ([], 0)
    rows = []
    for number, (rate, bar) in enumerate(calibration.points):
        row = [f"{rate:g}", str(bar)]
        if calibration.spreads:
            spread = calibration.spreads[number]
            row += [f"{low:.2g} to {high:.2g}" for low, high in (spread.rate, spread.wilson)]
            row += [f"{spread.distance[0]} to {spread.distance[1]}"]
        rows.append(row + ([f"{accepted[number] / pairs:.2g}"] if own else []))
    titles = ["meant to accept", "squared distance"]
    if calibration.spreads:
        titles += ["95 %, over people", "95 %, as if pairs were independent", "distance, 95 %, over people"]
    titles += ["accepts on LFW"] if own else []
    told = f"For crop {calibration.crop}: {calibration.source}. On LFW: {pairs} pairs of different people."
    return f"{told}\n\n{table(titles, rows)}"


def open_set(lab: Lab) -> str:
    """Return the tables of the open-set protocol and draw the program's own crop."""
    rates, fixed = [], []
    for crop, album in lab.albums.items():
        calibration = lab.program.calibration
        own = calibration is not None and calibration.crop == crop.value
        at = bars(Policy(), lab.program.thresholds(crop.value), USERS) if own else None
        found = openset.measure(album.descriptors.astype(np.int16), album.people(), Household(USERS), at, Policy())
        if crop == lab.own:
            plot_openset(IMAGES / "openset.svg", found)
        if found.rates is not None:
            rates += [[crop.value, name, shown(one), f"{one.deviation:.2g}"] for name, one in found.rates.items()]
        fixed += [
            [crop.value, f"{one.false_accept:g}", one.bar, shown(one.false_reject), f"{one.false_reject.deviation:.2g}"]
            for one in found.at_false_accepts
        ]
    eligible = f"{found.eligible} people have more than {found.household.references} pictures in which a face is found."
    first = table(["crop", "what became of a look", "share", "from household to household"], rates)
    second = table(["crop", "false accepts", "bar", "false rejects", "from household to household"], fixed)
    return f"{eligible}\n\n{first}\n\n{second}"


def deduplication(lab: Lab) -> str:
    """Return the table of strangers and draw it."""
    album = lab.albums[lab.own]
    calibration = lab.program.calibration
    own = calibration is not None and calibration.crop == lab.own.value
    at = bars(Policy(), lab.program.thresholds(lab.own.value), USERS) if own else None
    found = strangers.measure(album.descriptors.astype(np.int16), album.people(), STRANGERS, TRIALS, 1, at, Policy())
    plot_strangers(IMAGES / "strangers.svg", found)
    rows = [
        ["the program's" if one.share is None else f"{one.share:g} of pairs", one.bar]
        + [shown(one.figures[figure], 3) for figure in strangers.FIGURES]
        for one in (*(() if found.own is None else (found.own,)), *found.curve)
    ]
    return table(["bar", "squared distance", *strangers.FIGURES], rows)


def by_quality(lab: Lab) -> tuple[str, str]:
    """Return the tables of open-set errors by quality and of the gate, and draw the first."""
    household = Household(USERS)
    rows = []
    own = lab.albums[lab.own]
    found = {
        "as they are": quality.measure(own, household, Policy(), FALSE_ACCEPTS),
        "spoilt": quality.measure(own, household, Policy(), FALSE_ACCEPTS, lab.spoilt),
    }
    for name, one in found.items():
        for gate, effect in (("off", one.off), ("on", one.on)):
            answers = (effect.unanswered, effect.false_reject, effect.false_accept)
            rows.append([name, gate, f"{effect.refused:.4f}", *(shown(rate) for rate in answers)])
    parts = list(found["as they are"].parts)
    plot_parts(IMAGES / "quality.svg", parts, f"looks not named rightly, at {FALSE_ACCEPTS:g} false accepts")
    titles = ["looks", "gate", "refused", "refused of the household", "false reject", "false accept"]
    thirds = parts_table(
        parts,
        lambda part: [shown(part.false_reject), shown(part.false_accept)],
        ["household's looks", "false reject", "false accept"],
    )
    return thirds, table(titles, rows)


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, help="integer program (default: the shipped one)")
    parser.add_argument("--data", type=Path, default=CHECKOUT.parent / "shared" / "data")
    parser.add_argument("--keep", type=Path, default=CHECKOUT / "runs" / "accuracy", help="folder of descriptors")
    parser.add_argument("--crops", default="detect,aligned", help="beside the program's own")
    given = parser.parse_args()
    given.keep.mkdir(parents=True, exist_ok=True)
    program = load_program(given.model)
    lab = describe(
        program, integer_embedder(program), given.data, given.keep, [Crop(c) for c in given.crops.split(",")]
    )
    put(DOCUMENT, "model", f"Measured: program {program.name}, model `{program.model_id}`, crop {program.crop}.")
    put(DOCUMENT, "lfw", verification(lab))
    put(DOCUMENT, "lfw-by-quality", verification_by_quality(lab))
    put(DOCUMENT, "thresholds", thresholds(lab))
    put(DOCUMENT, "openset", open_set(lab))
    put(DOCUMENT, "strangers", deduplication(lab))
    thirds, gate = by_quality(lab)
    put(DOCUMENT, "quality", thirds)
    put(DOCUMENT, "gate", gate)
    print(f"written: {DOCUMENT}")


if __name__ == "__main__":
    main()
