"""Open-set identification: a household at its door, and everybody else.

A few people are enrolled with a few pictures each. Their other pictures should be named rightly, those of everybody
else refused. Each picture is one look, decided by the doorbell's own code. The rates are those of ISO/IEC 19795-1:
`false_accept` is the false-positive identification rate (FPIR), `false_reject` the false-negative one (FNIR).
"""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from peephole.doorbell.policy import Bars, Policy
from peephole.doorbell.visit import Look, Quality
from peephole.doorbell.voting import decide
from peephole.evaluation.resampling import standard_error
from peephole.people.matching import References
from peephole.vision.detector import Box

# What became of a probe. The first four are of enrolled people, the others of strangers.
RATES = ("right", "wrong_person", "unsure", "taken_for_stranger", "false_accept", "stranger_unsure", "stranger_refused")
AT_FALSE_ACCEPTS = (1e-3, 1e-2, 1e-1)
CURVE_POINTS = 60
FARTHEST = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Household:
    """What is drawn: how many people with how many (usable) pictures each, how often, and the seed."""

    users: int = 10
    references: int = 3
    trials: int = 50
    seed: int = 1


@dataclass(frozen=True)
class Trial:
    """One household: rows of the pictures enrolled [R] and whose they are [R]; every other row is a probe."""

    enrolled: NDArray[np.int64]
    owner: NDArray[np.int64]


@dataclass(frozen=True)
class Estimate:
    """Mean over trials, the standard error of that mean, and the standard deviation from household to household."""

    mean: float
    stderr: float
    deviation: float

    @classmethod
    def of(cls, values: Sequence[float] | NDArray[np.float64]) -> "Estimate":
        """Estimate from one value a trial."""
        every = np.asarray(values, np.float64)
        deviation = float(np.std(every, ddof=1)) if len(every) > 1 else 0.0
        return cls(float(every.mean()), standard_error(every), deviation)


@dataclass(frozen=True)
class Curve:
    """Rates over the known bar; one entry a bar. distance: squared."""

    distance: tuple[int, ...]
    false_accept: tuple[Estimate, ...]
    false_reject: tuple[Estimate, ...]
    wrong_person: tuple[Estimate, ...]


@dataclass(frozen=True)
class Nearest:
    """Whom the probes of a trial are nearest to, in rows alike.

    row: of the album. person: whose picture it is. owner: the nearest enrolled person. distance, runner_up: squared
    distances to that one and to the next (`FARTHEST` where there is none). mated: whether the probe's own person is
    enrolled.
    """

    row: NDArray[np.int64]
    person: NDArray[np.int64]
    owner: NDArray[np.int64]
    distance: NDArray[np.int64]
    runner_up: NDArray[np.int64]
    mated: NDArray[np.bool_]

    def only(self, rows: NDArray[np.bool_]) -> "Nearest":
        """Return some of the probes."""
        return Nearest(
            self.row[rows],
            self.person[rows],
            self.owner[rows],
            self.distance[rows],
            self.runner_up[rows],
            self.mated[rows],
        )


def eligible(people: NDArray[np.int64], references: int, usable: NDArray[np.bool_] | None = None) -> NDArray[np.int64]:
    """Return who can be enrolled: people with more pictures than are needed as references."""
    rows = people if usable is None else people[usable]
    known, pictures = np.unique(rows, return_counts=True)
    return known[pictures > references]


def draw_trials(
    people: NDArray[np.int64], household: Household, usable: NDArray[np.bool_] | None = None
) -> list[Trial]:
    """Draw households among the eligible people. Raises `ValueError` where there are too few."""
    users, references = household.users, household.references
    who = eligible(people, references, usable)
    if len(who) < users:
        kind = "" if usable is None else "good "
        raise ValueError(f"{users} people with more than {references} {kind}pictures are needed, there are {len(who)}")
    rng = np.random.default_rng(household.seed)
    allowed = np.ones(len(people), bool) if usable is None else usable
    made = []
    for _ in range(household.trials):
        chosen = np.sort(rng.choice(who, users, replace=False))
        rows = [rng.choice(np.flatnonzero((people == one) & allowed), references, replace=False) for one in chosen]
        made.append(Trial(np.concatenate(rows), np.repeat(chosen, references)))
    return made


def look(descriptor: NDArray[np.int16], good: bool = True) -> Look:
    """Return one look at a face, of which nothing counts but the descriptor and whether it is good."""
    return Look(0.0, Box(0, 0, 1, 1), descriptor, Quality(1, 1, 1, 1000, good), b"")


def single_look(policy: Policy) -> Policy:
    """Return the policy under which one look decides, as for a still picture."""
    return dataclasses.replace(policy, known_sightings=1, stranger_sightings=1)


def decide_trial(
    descriptors: NDArray[np.int16],
    found: Nearest,
    trial: Trial,
    bars: Bars,
    policy: Policy,
    asked: NDArray[np.int16] | None = None,
) -> dict[str, float]:
    """Return the rates of one household, its probes decided by the doorbell (`doorbell.voting.decide`).

    A look beyond the outer bar from everybody is a stranger's by the first rule of `decide`. These are nearly all, so
    only the others are handed to it, one by one. asked: as in `nearest`.
    """
    asked = descriptors if asked is None else asked
    alone = single_look(policy)
    references = References.of(
        (str(owner), descriptors[row]) for row, owner in zip(trial.enrolled.tolist(), trial.owner.tolist(), strict=True)
    )
    far = found.distance > bars.stranger
    count = dict.fromkeys(RATES, 0)
    count["taken_for_stranger"] += int((far & found.mated).sum())
    count["stranger_refused"] += int((far & ~found.mated).sum())
    for probe in np.flatnonzero(~far).tolist():
        decision = decide([look(asked[found.row[probe]])], references, bars, alone)
        count[_outcome(decision.kind, decision.person, int(found.person[probe]), bool(found.mated[probe]))] += 1
    mated, others = int(found.mated.sum()), int((~found.mated).sum())
    return {rate: count[rate] / max(1, mated if rate in RATES[:4] else others) for rate in RATES}


def _outcome(kind: str, named: str | None, person: int, mated: bool) -> str:
    if mated:
        right = "right" if named == str(person) else "wrong_person"
        return {"known": right, "unsure": "unsure", "stranger": "taken_for_stranger"}[kind]
    return {"known": "false_accept", "unsure": "stranger_unsure", "stranger": "stranger_refused"}[kind]


def nearest(
    values: NDArray[np.float64], people: NDArray[np.int64], trial: Trial, asked: NDArray[np.float64] | None = None
) -> Nearest:
    """Compare every probe with the household at once.

    values: descriptors [N,D], whole numbers of 16 bits, so that all sums are exact and the result is that of
    `people.matching.match`. Of people equally near the first by name is taken, as there. asked: descriptors [N,D] of
    the same pictures as they come to the door, where those differ from the ones that are enrolled.
    """
    asked = values if asked is None else asked
    probes = np.setdiff1d(np.arange(len(people)), trial.enrolled)
    known = values[trial.enrolled]
    length, other = np.einsum("nd,nd->n", asked, asked), np.einsum("nd,nd->n", known, known)
    squared = (length[:, None] + other - 2 * (asked @ known.T))[probes]
    household = np.array(sorted(set(trial.owner.tolist()), key=str), np.int64)
    each = np.stack([squared[:, trial.owner == owner].min(1) for owner in household], 1).astype(np.int64)
    best = each.argmin(1)
    distance = each[np.arange(len(probes)), best]
    each[np.arange(len(probes)), best] = FARTHEST
    person = people[probes]
    return Nearest(probes, person, household[best], distance, each.min(1), np.isin(person, household))


def rates_at(found: Nearest, bars: Sequence[int], margin_share: float) -> NDArray[np.float64]:
    """Return false accepts (of strangers), false rejects and wrong names (of the household): [len(bars), 3].

    A probe is given a name where it is within the known bar and nearer than to anybody else by the margin.
    """
    bar = np.array(bars, np.int64)[:, None]
    margin = np.array([int(one * margin_share) for one in bars], np.int64)[:, None]
    strangers, mated = ~found.mated, found.mated
    apart = found.runner_up - found.distance
    accepts = (found.distance[strangers] <= bar) & (apart[strangers] >= margin)
    named = (found.distance[mated] <= bar) & (apart[mated] >= margin)
    right = named & (found.owner == found.person)[mated]
    probes = max(1, int(mated.sum()))
    return np.stack(
        (
            accepts.sum(1) / max(1, int(strangers.sum())),
            1 - right.sum(1) / probes,
            (named & ~right).sum(1) / probes,
        ),
        1,
    )


def bars_to_try(found: Sequence[Nearest], count: int = CURVE_POINTS) -> list[int]:
    """Return known bars that accept from one stranger in 10,000 (or as few as there are) up to half of them."""
    strangers = np.sort(np.concatenate([one.distance[~one.mated] for one in found]))
    if not len(strangers):
        raise ValueError("nobody is left to be a stranger; enrol fewer people")
    shares = np.geomspace(max(1e-4, 1 / len(strangers)), 0.5, count)
    return sorted({int(strangers[min(len(strangers) - 1, int(share * len(strangers)))]) for share in shares})


def curve(found: Sequence[Nearest], margin_share: float, bars: Sequence[int]) -> Curve:
    """Return the rates over the bar, averaged over trials at equal bars (threshold averaging, Fawcett, 2006)."""
    rates = np.stack([rates_at(one, bars, margin_share) for one in found], 1)  # [bars, trials, 3]
    columns = [tuple(Estimate.of(rates[row, :, column]) for row in range(len(bars))) for column in range(3)]
    return Curve(tuple(bars), *columns)


def bar_at(found: Sequence[Nearest], margin_share: float, false_accepts: float) -> int:
    """Return the known bar up to which no larger share of strangers' probes is given a name.

    The margin widens with the bar, so a probe is named from its distance on, but no longer where the margin is more
    than what sets it apart from the next person: the share does not only rise with the bar. The first bar is sought at
    which it is too large. Raises `ValueError` where there is no stranger.
    """
    strangers = np.concatenate([one.distance[~one.mated] for one in found])
    if not len(strangers):
        raise ValueError("nobody is left to be a stranger; enrol fewer people")
    last = _last_named(np.concatenate([(one.runner_up - one.distance)[~one.mated] for one in found]), margin_share)
    ever = last >= strangers
    first, last = np.sort(strangers[ever]), np.sort(last[ever])
    named = np.searchsorted(first, first, side="right") - np.searchsorted(last, first, side="left")
    over = np.flatnonzero(named > false_accepts * len(strangers) + 1e-9)
    return max(0, int(first[over[0]]) - 1) if len(over) else int(strangers.max())


def _last_named(apart: NDArray[np.int64], margin_share: float) -> NDArray[np.int64]:
    """Return the greatest bars at which the margin, as whole number, is no more than what sets probes apart."""
    if not margin_share:
        return np.full(len(apart), FARTHEST)
    apart = np.minimum(apart, 1 << 48)  # farther than any descriptors are
    bar = np.floor((apart + 1) / margin_share).astype(np.int64) + 1
    for _ in range(3):  # one too high, and floating point may have rounded it either way
        bar -= (bar * margin_share).astype(np.int64) > apart
    return bar


def false_reject_at(found: Sequence[Nearest], margin_share: float, false_accepts: float) -> tuple[int, Estimate]:
    """Return the bar for a share of false accepts over all trials, and the false rejects there."""
    bar = bar_at(found, margin_share, false_accepts)
    return bar, Estimate.of([float(rates_at(one, [bar], margin_share)[0, 1]) for one in found])


@dataclass(frozen=True)
class AtFalseAccepts:
    """False rejects at the known bar that gives a share of false accepts over all trials."""

    false_accept: float
    bar: int
    false_reject: Estimate


@dataclass(frozen=True)
class OpenSet:
    """What the protocol says. bars, rates: at the doorbell's bars; None where the program has none for the crop."""

    household: Household
    eligible: int
    bars: Bars | None
    rates: Mapping[str, Estimate] | None
    at_false_accepts: tuple[AtFalseAccepts, ...]
    curve: Curve


def measure(
    descriptors: NDArray[np.int16],
    people: NDArray[np.int64],
    household: Household,
    bars: Bars | None,
    policy: Policy,
    asked: NDArray[np.int16] | None = None,
) -> OpenSet:
    """Run the protocol on descriptors [N,D] of people [N]; asked: as in `nearest`."""
    asked = descriptors if asked is None else asked
    values, probes, margin = descriptors.astype(np.float64), asked.astype(np.float64), policy.margin_share
    drawn = draw_trials(people, household)
    found = [nearest(values, people, trial, probes) for trial in drawn]
    rates = None
    if bars is not None:
        every = [
            decide_trial(descriptors, near, trial, bars, policy, asked)
            for near, trial in zip(found, drawn, strict=True)
        ]
        rates = {rate: Estimate.of([one[rate] for one in every]) for rate in RATES}
    return OpenSet(
        household,
        len(eligible(people, household.references)),
        bars,
        rates,
        tuple(AtFalseAccepts(share, *false_reject_at(found, margin, share)) for share in AT_FALSE_ACCEPTS),
        curve(found, margin, bars_to_try(found)),
    )
