"""Who is told of what: the rules, as one pure function."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peephole.notify.rules import (
    MOST_VISITS,
    REASONS,
    RING_PAUSE_SECONDS,
    Occasion,
    State,
    Told,
    delivered,
    given_up,
    handed_over,
    made_out,
    should_tell,
)
from peephole.notify.settings import Notify, Target
from peephole.people.records import Rules

NOON = datetime(2026, 11, 18, 12, 0)
NIGHT = datetime(2026, 11, 18, 23, 0)
PHONE = Target(name="phone", url="text:json://phone")
SETTINGS = Notify(targets=(PHONE,), quiet_hours="22:00-7:00", cool_down_minutes=10)
ANNA = Occasion("known", "v1", 0.0, who="person:p1", person="Anna", person_id="p1", decision="known")
STRANGER = Occasion("stranger", "v2", 0.0, who="stranger:12", stranger=12, decision="stranger")
NEWCOMER = Occasion("stranger", "v3", 0.0, decision="stranger")
RING = Occasion("ring", "v4", 0.0)
DISK_FULL = Occasion("problem", None, 0.0, who="problem:storage", reason="storage", text="the disk is full")
OPENED = Occasion("opened", "v1", 0.0, who="person:p1", person="Anna", person_id="p1", decision="known", reason="face")
BY_HAND = Occasion("opened", None, 0.0, reason="owner")
SUSPICIOUS = replace(OPENED, happening="suspicious", reason="liveness_failed")
LOCKED_OUT = Occasion("suspicious", None, 0.0, reason="locked_out")
EVERYTHING = ("known", "stranger", "unsure", "ring", "opened", "suspicious", "problem")


def reason(occasion, rules=None, state=None, now=NOON, **changed) -> str:
    """The reason, where everybody with an id has rules unless others are given."""
    if rules is None and occasion.person_id is not None:
        rules = Rules()
    target = PHONE.model_copy(update={"events": changed.pop("events", EVERYTHING)})
    return should_tell(occasion, rules, SETTINGS.model_copy(update=changed), target, state or State(), now).reason


def after(occasion, at=NOON) -> State:
    """The state once somebody was told of an occasion."""
    return delivered(handed_over(State(), occasion), occasion, SETTINGS, at.timestamp())


@pytest.mark.parametrize(
    "occasion", [ANNA, STRANGER, NEWCOMER, RING, OPENED, BY_HAND, SUSPICIOUS, LOCKED_OUT, DISK_FULL]
)
def test_at_noon_everything_wanted_is_told(occasion: Occasion) -> None:
    assert reason(occasion) == "told"


@pytest.mark.parametrize(
    ("occasion", "events"),
    [(ANNA, ("stranger",)), (STRANGER, ("known", "ring")), (RING, ("known",)), (DISK_FULL, ("stranger", "ring"))],
)
def test_a_target_hears_of_what_it_wants_alone(occasion: Occasion, events: tuple[str, ...]) -> None:
    assert reason(occasion, events=events) == "not_wanted"


def test_by_default_a_target_hears_of_strangers_rings_people_and_the_door() -> None:
    assert PHONE.events == ("stranger", "ring", "known", "opened", "suspicious")
    assert not PHONE.pictures


def test_an_opening_is_told_though_its_person_was_just_now_and_once_a_visit() -> None:
    assert reason(OPENED, state=after(ANNA)) == "told"
    ring = Occasion("ring", "v1", 0.0, who="person:p1", person="Anna", person_id="p1")
    assert reason(OPENED, state=after(ring)) == "told"
    assert reason(OPENED, state=after(OPENED)) == "told_already"
    assert reason(ANNA, state=after(OPENED)) == "told"  # an opening greets nobody
    assert reason(BY_HAND, state=after(BY_HAND)) == "told"
    assert reason(OPENED, Rules(tell="log")) == "log"
    assert reason(OPENED, now=NIGHT) == "quiet_hours"


def test_what_is_suspicious_about_somebody_is_told_though_they_were_just_now_and_at_night() -> None:
    assert reason(SUSPICIOUS, state=after(ANNA)) == "told"
    assert reason(ANNA, state=after(SUSPICIOUS)) == "told"
    assert reason(SUSPICIOUS, now=NIGHT) == reason(LOCKED_OUT, now=NIGHT) == "told"
    assert reason(LOCKED_OUT, state=after(SUSPICIOUS)) == "told"  # of which it is a consequence


def test_somebody_who_goes_on_trying_is_told_of_once_in_a_while() -> None:
    again = replace(SUSPICIOUS, visit="v2")
    assert reason(again, state=after(SUSPICIOUS)) == "cool_down"
    assert reason(replace(again, who="person:p2", person_id="p2"), state=after(SUSPICIOUS)) == "told"


@pytest.mark.parametrize("tell", ["log", "silent"])
def test_of_people_who_are_listed_only_nothing_suspicious_is_told_either(tell: str) -> None:
    assert reason(SUSPICIOUS, Rules(tell=tell)) == tell


@pytest.mark.parametrize("tell", ["log", "silent"])
def test_people_may_be_listed_only(tell: str) -> None:
    assert reason(ANNA, Rules(tell=tell)) == tell


def test_a_person_who_was_removed_is_not_told() -> None:
    assert should_tell(ANNA, None, SETTINGS, PHONE, State(), NOON).reason == "erased"


def test_ignored_strangers_are_not_told() -> None:
    assert reason(replace(STRANGER, ignored=True)) == "ignored"


def test_who_was_here_a_moment_ago_is_not_told() -> None:
    assert reason(replace(ANNA, repeat=True)) == "repeat"


@pytest.mark.parametrize(
    "rung",
    [
        replace(ANNA, happening="ring"),  # with rules that say log, below
        replace(STRANGER, happening="ring", ignored=True),
    ],
)
def test_a_ring_is_told_without_saying_who_where_that_is_not_told(rung: Occasion) -> None:
    rules = Rules(tell="log") if rung.person_id else None
    verdict = should_tell(rung, rules, SETTINGS, PHONE, State(), NOON)
    assert (verdict.tell, verdict.named) == (True, False)
    assert should_tell(replace(rung, ignored=False), Rules(), SETTINGS, PHONE, State(), NOON).named


def test_in_quiet_hours_only_rings_problems_and_what_is_suspicious_come_through() -> None:
    assert reason(ANNA, now=NIGHT) == reason(STRANGER, now=NIGHT) == "quiet_hours"
    assert reason(RING, now=NIGHT) == reason(DISK_FULL, now=NIGHT) == "told"
    assert reason(RING, now=NIGHT, even_in_quiet_hours=("stranger",)) == "quiet_hours"
    assert reason(STRANGER, now=NIGHT, even_in_quiet_hours=("stranger",)) == "told"


def test_a_visit_is_told_once_a_happening() -> None:
    assert reason(replace(ANNA, ended=True), state=after(ANNA)) == "told_already"
    assert reason(replace(RING, time=9.0), state=after(RING)) == "told_already"


def test_who_was_named_at_the_ring_is_not_told_again_and_who_was_not_is() -> None:
    assert reason(ANNA, state=after(replace(ANNA, happening="ring"))) == "told_at_the_ring"
    assert reason(replace(ANNA, visit="v4"), state=after(RING)) == "told"


def test_a_ring_is_told_after_its_visitor_and_a_correction_after_a_mistake() -> None:
    assert reason(replace(ANNA, happening="ring"), state=after(ANNA)) == "told"
    assert reason(replace(ANNA, visit="v2"), state=after(STRANGER)) == "told"


@pytest.mark.parametrize("occasion", [ANNA, STRANGER])
def test_the_cool_down_is_of_one_and_no_other(occasion: Occasion) -> None:
    other = STRANGER if occasion is ANNA else ANNA
    later = NOON + timedelta(minutes=9)
    assert reason(replace(occasion, visit="v9"), state=after(occasion), now=later) == "cool_down"
    assert reason(replace(other, visit="v9"), state=after(occasion), now=later) == "told"


def test_the_cool_down_counts_from_the_last_message_and_not_from_the_last_visit() -> None:
    state = after(ANNA)
    for minutes in (4, 8):  # not told, so they do not begin it anew
        assert reason(replace(ANNA, visit=f"v{minutes}"), state=state, now=NOON + timedelta(minutes=minutes)) != "told"
    assert reason(replace(ANNA, visit="v9"), state=state, now=NOON + timedelta(minutes=10)) == "told"


def test_a_message_that_is_on_its_way_holds_the_next_back_and_one_that_failed_does_not() -> None:
    on_its_way = handed_over(State(), ANNA)
    assert reason(replace(ANNA, visit="v9"), state=on_its_way) == "on_its_way"
    assert reason(replace(ANNA, visit="v9"), state=given_up(on_its_way, ANNA)) == "told"


def test_a_stranger_who_had_no_number_when_told_is_in_the_cool_down_all_the_same() -> None:
    back = replace(STRANGER, visit="v9")
    early = made_out(after(NEWCOMER), "v3", "stranger:12")  # sent, then the visit ended
    late = made_out(handed_over(State(), NEWCOMER), "v3", "stranger:12")  # ended, then sent
    late = delivered(late, NEWCOMER, SETTINGS, NOON.timestamp())
    assert reason(back, state=early) == reason(back, state=late) == "cool_down"
    assert reason(replace(back, who="stranger:13"), state=early) == "told"


def test_whoever_plays_with_the_bell_is_told_once_a_while() -> None:
    again = replace(RING, visit="v9")
    assert reason(again, state=after(RING), now=NOON + timedelta(seconds=RING_PAUSE_SECONDS - 1)) == "cool_down"
    assert reason(again, state=after(RING), now=NOON + timedelta(seconds=RING_PAUSE_SECONDS)) == "told"


def test_a_clock_that_is_put_back_silences_nobody() -> None:
    assert reason(replace(ANNA, visit="v9"), state=after(ANNA), now=NOON - timedelta(days=1)) == "told"


def test_not_more_is_remembered_than_is_of_use() -> None:
    state = State()
    for number in range(3 * MOST_VISITS):
        at = NOON + timedelta(minutes=number)
        occasion = replace(STRANGER, visit=f"v{number}", who=f"stranger:{number}")
        state = delivered(handed_over(state, occasion), occasion, SETTINGS, at.timestamp())
    assert (len(state.visits), len(state.sent), state.waiting) == (MOST_VISITS, 10, frozenset())


KEYS = st.sampled_from(["person:p1", "stranger:12", "bell", "problem:storage"])
STATES = st.builds(
    State,
    visits=st.dictionaries(
        st.sampled_from(["v1", "v2"]),
        st.builds(Told, st.frozensets(st.sampled_from(EVERYTHING)), st.frozensets(KEYS), st.none()),
    ),
    sent=st.dictionaries(KEYS, st.floats(0, 4e9)),
    waiting=st.frozensets(KEYS),
)
OCCASIONS = st.builds(
    replace,
    st.sampled_from([ANNA, STRANGER, NEWCOMER, RING, DISK_FULL]),
    ignored=st.booleans(),
    repeat=st.booleans(),
)
RULES = st.none() | st.builds(Rules, tell=st.sampled_from(["notify", "log", "silent"]))
TIMES = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1))


@given(OCCASIONS, RULES, STATES, TIMES)
def test_who_must_not_be_told_of_never_is(occasion: Occasion, rules: Rules | None, state: State, now: datetime) -> None:
    target = PHONE.model_copy(update={"events": EVERYTHING})
    verdict = should_tell(occasion, rules, SETTINGS, target, state, now)
    assert verdict.reason in REASONS
    assert verdict.tell == (verdict.reason == "told")
    secret = occasion.ignored or (occasion.person_id is not None and (rules is None or rules.tell != "notify"))
    if secret:
        assert not verdict.named
        assert not verdict.tell or occasion.happening in ("ring", "problem")


@given(OCCASIONS, RULES, STATES, TIMES)
def test_what_was_told_is_not_told_again_at_once(
    occasion: Occasion, rules: Rules | None, state: State, now: datetime
) -> None:
    target = PHONE.model_copy(update={"events": EVERYTHING})
    if should_tell(occasion, rules, SETTINGS, target, state, now).tell:
        told = handed_over(state, occasion)
        sent = delivered(told, occasion, SETTINGS, now.timestamp())
        assert not should_tell(occasion, rules, SETTINGS, target, told, now).tell
        assert not should_tell(occasion, rules, SETTINGS, target, sent, now).tell
