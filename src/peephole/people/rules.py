"""What may be decided about a person; every door that shares people goes by the same limits."""

import time

from peephole.people.hours import Hours
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
