"""The clock by which things are forgotten: a leap ahead counts when it has lasted for a day."""

from peephole.housekeeping import Housekeeper, SteadyClock
from peephole.live import Announcer
from peephole.store.retention import Forgotten

HOUR, DAY = 3600.0, 86400.0


class Clocks:
    """A wall clock that can be set, beside one that cannot."""

    def __init__(self) -> None:
        self.passed, self.wall = 500.0, 1_800_000_000.0

    def steady(self) -> SteadyClock:
        return SteadyClock(lambda: self.wall, lambda: self.passed)

    def wait(self, seconds: float) -> None:
        self.passed += seconds
        self.wall += seconds


def test_time_goes_on_as_the_wall_clock_has_it() -> None:
    clocks = Clocks()
    clock = clocks.steady()
    clocks.wait(60)
    clocks.wall += 0.5  # corrected over the network
    assert clock.now() == clocks.wall
    assert clock.leap == 0


def test_a_leap_ahead_that_is_taken_back_costs_nothing() -> None:
    clocks = Clocks()
    clock = clocks.steady()
    clocks.wall += 45 * DAY
    clocks.wait(HOUR)
    assert clock.now() == clocks.wall - 45 * DAY
    assert clock.leap == 45 * DAY
    clocks.wall -= 45 * DAY
    assert clock.now() == clocks.wall
    assert clock.leap == 0


def test_a_leap_ahead_that_lasts_for_a_day_counts() -> None:
    clocks = Clocks()
    clock = clocks.steady()
    clocks.wall += 45 * DAY
    assert clock.now() == clocks.wall - 45 * DAY
    clocks.wait(DAY - 1)
    assert clock.now() == clocks.wall - 45 * DAY
    clocks.wait(1)
    assert clock.now() == clocks.wall
    assert clock.leap == 0


def test_a_second_leap_begins_a_day_of_its_own() -> None:
    clocks = Clocks()
    clock = clocks.steady()
    clocks.wall += 2 * DAY
    clock.now()
    clocks.wait(DAY - 1)
    clocks.wall += 2 * DAY
    assert clock.now() == clocks.wall - 4 * DAY
    clocks.wait(1)
    assert clock.now() == clocks.wall - 4 * DAY


def test_going_back_counts_at_once() -> None:
    clocks = Clocks()
    clock = clocks.steady()
    clocks.wall -= 3 * DAY
    assert clock.now() == clocks.wall


def test_the_housekeeper_forgets_nothing_by_a_leap_and_says_so() -> None:
    clocks = Clocks()
    clock = clocks.steady()
    clocks.wall += 45 * DAY
    asked: list[float] = []
    said: list[str] = []

    def forget(now: float) -> Forgotten:
        asked.append(now)
        return Forgotten()

    with Housekeeper(forget, Announcer(), said.append, clock):
        pass
    assert asked == [clocks.wall - 45 * DAY]
    assert said == ["the clock leapt ahead by 1080 h; what is old by that is kept for another day"]
