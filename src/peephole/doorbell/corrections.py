"""Single visits, put right by the owner."""

from peephole.doorbell.archive import Archive
from peephole.doorbell.gallery import read_gallery
from peephole.doorbell.policy import Policy
from peephole.doorbell.recogniser import Recogniser
from peephole.doorbell.said import Said
from peephole.doorbell.voting import same_stranger
from peephole.people.names import clean_name
from peephole.people.records import Person, Rules
from peephole.people.rules import check_rules


class Corrections:
    """What the owner says about a visit that is over; any thread, and each can be undone (`Inbox.journal`).

    Unknown visits raise ValueError with one sentence, as do those that go on; a full disk raises OSError with one.
    """

    def __init__(self, archive: Archive, recogniser: Recogniser, policy: Policy) -> None:
        """Join the parts."""
        self._archive = archive
        self._recogniser = recogniser
        self._policy = policy

    def name(self, visit: str, who: str, learn: bool = False, consent: str = "") -> Person:
        """Say whose visit it was: of the person of that name or id; a new name makes a new person.

        learn: the good looks of the visit become looks that the person is recognised by. consent: who agreed to that.
        """
        if self._archive.people.find(who) is None:
            who = clean_name(who)
        consent = consent.strip()
        check_rules(Rules(consent=consent))
        return self._archive.corrections.name(visit, who, learn, consent, self._policy.cool_down_seconds)

    def strange(self, visit: str) -> int | None:
        """Say that it was nobody known; return the number of the stranger whose visit it is now.

        That is a stranger who has been here, where the looks are clearly alike, else a new one; None where no good look
        is left to tell by.
        """
        model, policy = self._recogniser.model, self._policy
        gallery = read_gallery(self._archive, self._recogniser, policy)
        looks = list(self._archive.visits.looks(visit, model).values())
        seen_before = same_stranger(looks, gallery.strangers, gallery.bars, policy)
        stranger = seen_before.person if seen_before is not None else None
        keep, cool_down = policy.keep_stranger_looks, policy.cool_down_seconds
        return self._archive.corrections.strange(visit, stranger, model, keep, cool_down)

    def forget(self, visit: str) -> None:
        """Take looks and picture of a visit away; they are erased once that cannot be undone any more."""
        self._archive.corrections.forget(visit, self._policy.cool_down_seconds)

    def said(self, visit: str) -> Said | None:
        """Return what the doorbell had said; None for a visit that the owner has not put right."""
        return self._archive.corrections.said(visit)
