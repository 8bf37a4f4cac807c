"""What the owner did and may take back, and the single looks at a stranger: plain frozen rows."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Deed:
    """One thing that the owner did.

    Attributes:
        number: Rising from deed to deed.
        time: When, seconds since 1970.
        until: Until when it can be taken back; then what it took away is erased.
        what: A slug: assign, introduce, ignore, reopen, no_face, discard, drop_looks, merge, split, apart, correct,
            forget, rename, rules, aside, restore, join.
        text: What was done, in a sentence without its full stop.
        erases: Whether looks and pictures wait to be erased.
    """

    number: int
    time: float
    until: float
    what: str
    text: str
    erases: bool


class EasierError(ValueError):
    """To take a deed back makes the door open more easily, which was not allowed; `deed` says which."""

    def __init__(self, deed: Deed) -> None:
        """Say what would come of it."""
        super().__init__(f"undoing this ({deed.text}) makes opening easier")
        self.deed = deed


@dataclass(frozen=True)
class StrangerLook:
    """One stored look at a stranger.

    Attributes:
        id: Of the look.
        stranger: Id of the stranger.
        seen: When, seconds since 1970.
        quality: 0 to 1000, see `peephole.doorbell.quality`.
        visit: Id of the visit it is from; None where that is not known any more.
    """

    id: int
    stranger: str
    seen: float
    quality: int
    visit: str | None
