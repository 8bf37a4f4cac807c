"""What may be decided about a person, by limits that all doors that share people keep to; and what opens the door."""

import time
from collections.abc import Hashable, Mapping

from peephole.people.hours import Hours, within_others
from peephole.people.records import LONGEST_CONSENT, Rules

LONGEST_HOURS = 500
"""Characters of the hours in which the door may open."""
_DAY_SECONDS = 86400.0


def check_rules(rules: Rules) -> None:
    """Raise ValueError, one sentence, for rules that cannot be: what one door stored all others have to read."""
    if rules.minor and rules.may_open:
        raise ValueError("the door opens for no child")
    if len(rules.consent) > LONGEST_CONSENT:
        raise ValueError(f"the note of consent is too long; use at most {LONGEST_CONSENT:,} characters")
    if rules.consent_at is not None and not 0 <= rules.consent_at <= time.time() + _DAY_SECONDS:
        raise ValueError("the day of consent is before 1970, or a day to come; note consent when it was given")
    if len(rules.hours) > LONGEST_HOURS:
        raise ValueError(f"the hours are too long; use at most {LONGEST_HOURS} characters")
    Hours.parse(rules.hours)


def easier_rules(before: Rules, after: Rules) -> tuple[str, ...]:
    """Return the rules of a person that were changed so that the door opens for them more easily."""
    if not after.may_open:
        return ()
    if not before.may_open:
        return ("may_open",)
    return () if within_others(after.hours, before.hours) else ("hours",)


def opens_more(before: Mapping[Hashable, Rules], after: Mapping[Hashable, Rules]) -> bool:
    """Tell whether a door opens for a face, or at an hour, for which it did not before.

    Both map each key to the door, a look or a person, to the rules by which it opens; those missing open nothing.
    """
    changes = {(before.get(key, Rules()), rules) for key, rules in after.items()}
    return any(easier_rules(old, new) for old, new in changes)
