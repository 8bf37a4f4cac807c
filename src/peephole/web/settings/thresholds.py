"""The bars between known, unsure and stranger, as the owner moves them: one look in so many, and what that leads to."""

from dataclasses import dataclass

from peephole.doorbell.doorbell import Doorbell
from peephole.doorbell.floor import Floor
from peephole.doorbell.policy import Bars, Policy, bars, share_of
from peephole.doorbell.settings import Recognition, policy_of
from peephole.doorbell.trace import Rejudged

MOST_LOOKS = 1_000_000
"""The rarest error that can be asked for is one look in so many."""
FEWEST_LOOKS = 10
NEWEST = 500
"""So many visits are judged anew, where their looks are kept and the owner has not decided about them."""


@dataclass(frozen=True)
class Proposal:
    """Bars that the owner thinks of.

    Attributes:
        recognition: as the settings would have it.
        bars: squared distances for the people there are.
        refusal: why they cannot be, in a sentence; empty: they can.
    """

    recognition: Recognition
    bars: Bars
    refusal: str


def one_in(rate: float) -> int:
    """Return a rate as one look in so many."""
    return round(1 / rate)


def rate_of(looks: int, before: float) -> float:
    """Return one look in so many as a rate; the rate before where that is the same in whole looks."""
    if not FEWEST_LOOKS <= looks <= MOST_LOOKS:
        raise ValueError(f"one look in {looks}: at least {FEWEST_LOOKS}, at most {MOST_LOOKS:,}")
    return before if one_in(before) == looks else float(f"{1 / looks:.6g}")


def wished(now: Recognition, known_looks: int | None, stranger_looks: int | None) -> Recognition:
    """Return bars of one look in so many, None: as they are; raises ValueError for bars that are none."""
    known = now.known_rate if known_looks is None else rate_of(known_looks, now.known_rate)
    stranger = now.stranger_rate if stranger_looks is None else rate_of(stranger_looks, now.stranger_rate)
    if stranger < known:
        raise ValueError(
            f"the bar for strangers must be the wider one: one look in {one_in(stranger):,} is rarer than in "
            f"{one_in(known):,}"
        )
    return Recognition(known_rate=known, stranger_rate=stranger)


def proposal(memory: Doorbell, now: Recognition, wish: Recognition) -> Proposal:
    """Say what other bars would lead to.

    The bar for known is refused where it would reach the floor; a stricter one never is, for it may be that people were
    added who lie within any bar.
    """
    led_to = bars(policy_with(memory, wish), memory.calibration, people_of(memory))
    return Proposal(wish, led_to, floor_sentence(memory, led_to) if wish.known_rate > now.known_rate else "")


def judged_anew(memory: Doorbell, wish: Recognition) -> list[Rejudged]:
    """Return the past visits as the bars in force and other ones judge them, the newest first."""
    return memory.rejudge(policy_with(memory, wish), NEWEST)


def people_of(memory: Doorbell) -> int:
    """Return how many people the bars are for."""
    return sum(1 for row in memory.people() if row.references)


def floor_sentence(memory: Doorbell, led_to: Bars) -> str:
    """Say whom a bar for known would take for one; empty where it lies below the closest two people."""
    floor = memory.nearness.floor()
    if floor is None or not floor.reached(led_to):
        return ""
    one, other = floor.names
    least = _least_looks(memory, floor)
    none = "no bar keeps them apart; join them if they are one person, or set the wrong look aside"
    help_ = f"say one look in {least:,} or more" if least else none
    return (
        f"{one} and {other} are at {share_of(floor.distance, led_to.known)} of this bar, and 1.00 is the bar: "
        f"one could be taken for the other; {help_}"
    )


def least_known_looks(memory: Doorbell, now: Recognition) -> int:
    """Return the fewest looks that the bar for known may be set to; what it is set to already can be kept."""
    floor = memory.nearness.floor()
    least = FEWEST_LOOKS if floor is None else _least_looks(memory, floor) or MOST_LOOKS
    return min(least, one_in(now.known_rate))


def _least_looks(memory: Doorbell, floor: Floor) -> int | None:
    """Return the fewest looks whose bar lies below the floor; None where even the rarest one does not."""
    low, high = FEWEST_LOOKS, MOST_LOOKS

    def lies_below(looks: int) -> bool:
        return not floor.reached(bars(Policy(known_rate=1 / looks), memory.calibration, floor.people))

    if not lies_below(high):
        return None
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if lies_below(middle) else (middle + 1, high)
    return low


def policy_with(memory: Doorbell, wish: Recognition) -> Policy:
    """Return how the doorbell would decide by other bars."""
    policy = policy_of(wish)
    return memory.policy.replaced({"known_rate": policy.known_rate, "stranger_rate": policy.stranger_rate})
