"""Energy is power by time, a day is the sum of its visits and its sleep, and no assumption works backwards."""

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commands import assert_one_line, peephole
from peephole.doorbell.policy import Policy
from peephole.firmware.layout import Room
from peephole.firmware.power import (
    DAY_SECONDS,
    Battery,
    Load,
    Plan,
    Use,
    changes,
    empty_visit,
    energy,
    estimate,
    face_visit,
    inference_energy,
)
from peephole.firmware.power_budget import BUDGET, During, Figure, Known, State, with_figures
from peephole.firmware.power_cycles import Cycles, cycles_of, estimated_cycles
from peephole.fixedpoint.program import IntegerProgram
from peephole.weights import default_program, landmark_program

# At 100 Hz: a frame takes 0.1 s of computing, 0.2 s with a face; a look 0.3 s, 0.05 s of it waiting for weights too.
CYCLES = Cycles(10, 20, cutting=2, landmarks=8, descriptor=20, reading=5, clock_hz=100)
USE = Use(events=10, faces=0.5, known=0.5, frames_a_second=5, face_seconds=4, looks=3, idle_seconds=2, wake_seconds=1)
PLAN = Plan(CYCLES, USE)


def figure(name: str, milliwatts: float, *states: State, during: During = During.ALL) -> Figure:
    return Figure(name, states, milliwatts, Known.ASSUMED, "a test", during)


def test_ten_milliampere_for_an_hour_are_ten_milliampere_hours() -> None:
    cell = Battery(100, volts=4, usable=1, loss_a_month=0, efficiency=1)
    assert cell.milliamps(40) == 10
    assert cell.charge(40 * 3600) == 10
    assert cell.days(10) == 10


def test_what_the_converter_loses_is_drawn_too() -> None:
    assert Battery(volts=4, efficiency=0.5).milliamps(40) == 20


def test_a_battery_that_is_not_used_is_empty_one_day_all_the_same() -> None:
    cell = Battery(1000, usable=0.6, loss_a_month=0.03)
    assert cell.loss_a_day == 1
    assert cell.days(0) == 600
    assert cell.days(2) == 200
    assert Battery(loss_a_month=0).days(0) == math.inf


def test_energy_is_power_by_time_in_the_states_that_a_part_is_in() -> None:
    camera = figure("camera", 2, State.WATCHING, State.RECOGNISING)
    cores = figure("cores", 100, State.WATCHING, during=During.COMPUTING)
    memory = figure("memory", 7, State.WATCHING, during=During.READING)
    loads = dict.fromkeys(State, Load()) | {State.WATCHING: Load(10, 3, 1), State.TELLING: Load(50)}
    told = energy((camera, cores, memory), loads)
    assert told[State.WATCHING] == 10 * 2 + 3 * 100 + 1 * 7
    assert [told[state] for state in State if state is not State.WATCHING] == [0, 0, 0, 0]


def test_an_event_without_a_face_watches_until_it_sleeps() -> None:
    """2 s of frames, 5 a second, of 0.1 s each."""
    visit = empty_visit(USE, CYCLES)
    assert (visit.face_frames, visit.empty_frames, visit.looks) == (0, 10, 0)
    assert visit.loads[State.WATCHING] == Load(1 + 2, 10 * 0.1)
    assert visit.awake_seconds == 3
    assert visit.loads[State.TELLING] == visit.loads[State.DOOR] == visit.loads[State.RECOGNISING] == Load()


def test_a_face_is_looked_at_first_and_watched_then() -> None:
    """4 s: three looks in frames of 0.2 + 0.3 s, then 2.5 s of frames of 0.2 s each; then 2 s without a face."""
    visit = face_visit(USE, CYCLES)
    assert (visit.face_frames, visit.empty_frames, visit.looks) == (3 + 12, 10, 3)
    recognising, watching = visit.loads[State.RECOGNISING], visit.loads[State.WATCHING]
    assert recognising == Load(pytest.approx(0.9), pytest.approx(0.9), pytest.approx(0.15))
    assert watching == Load(pytest.approx(1 + 4 - 0.9 + 2), pytest.approx(15 * 0.2 + 10 * 0.1))
    assert visit.awake_seconds == pytest.approx(7)
    assert visit.loads[State.DOOR] == Load(0.5 * USE.door_seconds)


def test_a_slow_detector_sees_fewer_frames() -> None:
    slow = replace(CYCLES, empty_frame=50, face_frame=70)
    assert empty_visit(USE, slow).empty_frames == 4
    assert face_visit(USE, slow).face_frames == 3 + 1
    assert face_visit(replace(USE, face_seconds=0.9), slow).looks == 0


def test_a_day_is_its_visits_and_its_sleep() -> None:
    made = estimate(PLAN)
    assert made.loads[State.WATCHING].seconds == pytest.approx(5 * 6.1 + 5 * 3)
    awake = made.loads[State.WATCHING].seconds + made.loads[State.RECOGNISING].seconds
    assert made.loads[State.ASLEEP].seconds + awake == pytest.approx(DAY_SECONDS)
    for state in (State.WATCHING, State.RECOGNISING, State.TELLING, State.DOOR):
        assert made.day_energy[state] == pytest.approx(5 * made.face_energy[state] + 5 * made.empty_energy[state])


def test_a_day_without_events_is_the_sleeping_current() -> None:
    budget = (figure("all", 12, State.ASLEEP), figure("camera", 99, State.WATCHING))
    made = estimate(replace(PLAN, use=replace(USE, events=0), battery=Battery(volts=4, efficiency=1), budget=budget))
    assert made.average_milliamps == pytest.approx(3)
    assert made.charge_a_day == pytest.approx(72)


def test_the_life_is_the_usable_charge_by_what_is_drawn_and_lost() -> None:
    made = estimate(PLAN)
    assert made.days == pytest.approx(2000 * 0.8 / (made.average_milliamps * 24 + 2000 * 0.03 / 30))


def test_one_descriptor_takes_the_cluster_for_its_time() -> None:
    assert inference_energy(replace(PLAN, budget=with_figures(BUDGET, {"cluster": 50}))) == pytest.approx(50 * 0.2)


uses = st.builds(
    Use,
    events=st.floats(0, 500),
    faces=st.floats(0, 1),
    known=st.floats(0, 1),
    frames_a_second=st.floats(0.1, 30),
    face_seconds=st.floats(0, 30),
    looks=st.integers(0, 20),
    idle_seconds=st.floats(0, 60),
    wake_seconds=st.floats(0, 5),
)
budgets = st.dictionaries(st.sampled_from([each.name for each in BUDGET]), st.floats(0, 1000)).map(
    lambda given: with_figures(BUDGET, given)
)
plans = st.builds(
    Plan,
    cycles=st.builds(Cycles, *[st.floats(0, 1e8)] * 5, reading=st.just(0.0)),
    use=uses,
    battery=st.builds(Battery, milliamp_hours=st.floats(1, 1e5), loss_a_month=st.floats(0, 1)),
    budget=budgets,
)
NEARLY = 1 + 1e-9


@settings(max_examples=60, deadline=None)
@given(plans)
def test_no_time_and_no_energy_is_lost_or_counted_twice(plan: Plan) -> None:
    made = estimate(plan)
    use = plan.use
    assert made.face.awake_seconds == pytest.approx(use.wake_seconds + use.face_seconds + use.idle_seconds)
    for visit in (made.face, made.empty):
        for load in visit.loads.values():
            assert 0 <= load.computing <= load.seconds * NEARLY + 1e-9 or load.seconds == 0
    with_face, asleep = use.events * use.faces, made.day_energy[State.ASLEEP]
    visits = sum(made.face_energy.values()) * with_face + sum(made.empty_energy.values()) * (use.events - with_face)
    assert sum(made.day_energy.values()) == pytest.approx(visits + asleep)


@settings(max_examples=60, deadline=None)
@given(plans, st.floats(0, 400), st.floats(0, 1))
def test_more_events_and_more_faces_never_make_it_last_longer(plan: Plan, more: float, faces: float) -> None:
    days = estimate(plan).days
    busier = replace(plan.use, events=plan.use.events + more)
    assert estimate(replace(plan, use=busier)).days <= days * NEARLY
    fuller = replace(plan.use, faces=max(faces, plan.use.faces))
    assert estimate(replace(plan, use=fuller)).days <= days * NEARLY


@settings(max_examples=60, deadline=None)
@given(plans, st.sampled_from(BUDGET), st.floats(1, 10))
def test_no_part_that_draws_more_makes_it_last_longer(plan: Plan, part: Figure, times: float) -> None:
    mine = next(each for each in plan.budget if each.name == part.name)
    hungrier = with_figures(plan.budget, {part.name: times * mine.milliwatts})
    assert estimate(replace(plan, budget=hungrier)).days <= estimate(plan).days * NEARLY


@settings(max_examples=60, deadline=None)
@given(plans, st.floats(1, 10))
def test_a_larger_battery_lasts_longer(plan: Plan, times: float) -> None:
    larger = replace(plan.battery, milliamp_hours=times * plan.battery.milliamp_hours)
    assert estimate(replace(plan, battery=larger)).days * NEARLY >= estimate(plan).days


def test_what_would_change_most_comes_first_and_is_one_change_alone() -> None:
    found = changes(PLAN)
    days = estimate(PLAN).days
    assert [abs(math.log(one / days)) for _, one in found] == sorted(
        (abs(math.log(one / days)) for _, one in found), reverse=True
    )
    twice = estimate(replace(PLAN, use=replace(USE, events=20))).days
    assert dict(found)["twice as many events"] == twice < days
    assert dict(found)["board draws twice as much"] < days
    assert len(found) == len(BUDGET) + 6


def test_what_does_not_fit_into_a_day_is_left_out_of_the_changes() -> None:
    busy = replace(PLAN, use=replace(USE, events=10_000))
    assert "twice as many events" not in dict(changes(busy))
    with pytest.raises(ValueError, match=r"100000 events .* a day has 86,400"):
        estimate(replace(PLAN, use=replace(USE, events=100_000)))


def test_every_figure_names_its_source_and_every_state_has_one() -> None:
    assert len({each.name for each in BUDGET}) == len(BUDGET)
    assert all(each.source and each.known is not Known.GIVEN for each in BUDGET)
    assert {state for each in BUDGET for state in each.states} == set(State)
    mine = with_figures(BUDGET, {"camera": 60})
    assert [each.known for each in mine if each.name == "camera"] == [Known.GIVEN]
    assert [each for each in mine if each.name != "camera"] == [each for each in BUDGET if each.name != "camera"]


def test_the_defaults_are_those_of_the_doorbell() -> None:
    use = Use()
    assert (use.looks, use.idle_seconds, use.door_seconds) == (
        Policy().keep_looks,
        Room().idle_after / 1000,
        Room().door_open / 1000,
    )


def test_cycles_of_a_stage_are_its_instructions_by_what_one_takes_shared_by_the_cores() -> None:
    """A dot product of 2,048 values: 14,355 instructions; 20,524 cycles on one core, 2,628 on eight."""
    assert estimated_cycles(14_355) == pytest.approx(2_628)
    assert estimated_cycles(20_524, an_instruction=1) == pytest.approx(2_628)
    assert estimated_cycles(0) == 0


def test_the_networks_cycles_are_the_compilers() -> None:
    import json

    programs = default_program(), landmark_program()
    plans = [json.loads(peephole("plan", path, "--tiles", "--json").stdout)["tiles"]["predicted"] for path in programs]
    cycles = cycles_of(*map(IntegerProgram.load, programs), 14_355, 28_710)
    assert cycles.descriptor == plans[0]["cycles"]
    assert cycles.landmarks == 2 * plans[1]["cycles"]
    assert cycles.reading == plans[0]["l3_l2_cycles"] + 2 * plans[1]["l3_l2_cycles"]
    assert (cycles.empty_frame, cycles.face_frame) == (pytest.approx(2_628), pytest.approx(2 * 2_628))
    with pytest.raises(ValueError, match="landmarks"):
        cycles_of(*reversed([IntegerProgram.load(path) for path in programs]))


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--events", -1), 2, "'--events': Input should be greater than or equal to 0"),
        (("--events", "nan"), 2, "'--events': Input should be"),
        (("--events", 100_000), 1, "give fewer events"),
        (("--events", "many"), 2, "--events"),
        (("--faces", 1.5), 2, "'--faces': Input should be less than or equal to 1"),
        (("--loss", 3), 2, "'--loss': Input should be less than or equal to 1"),
        (("--fps", 0), 2, "'--fps': Input should be greater than or equal to 0.001"),
        (("--battery", 0), 2, "'--battery': Input should be greater"),
        (("--battery", 1e-300), 2, "'--battery': Input should be greater"),
        (("--usable", 0), 2, "'--usable': Input should be greater"),
        (("--cpi", 0), 2, "'--cpi': Input should be greater"),
        (("--empty-frame", 0), 2, "'--empty-frame': Input should be greater"),
        (("--empty-frame", "inf"), 2, "'--empty-frame': Input should be less"),
        (("--figure", "camera"), 2, "camera=60"),
        (("--figure", "lamp=60"), 2, "--figure lamp=60: no part has that name; there are motion-sensor, board"),
        (("--figure", "=3"), 2, "--figure =3: no part has that name; there are motion-sensor"),
        (("--figure", "camera=-1"), 2, "--figure camera=-1: give milliwatts from 0 to 1,000,000"),
        (("--figure", "camera=nan"), 2, "--figure camera=nan: give milliwatts from 0 to 1,000,000"),
        (("--figure", "camera=1", "--figure", "camera=2"), 2, "--figure camera=2: camera is given twice"),
        (("--recogniser", "none.safetensors"), 1, "none.safetensors: no such program file"),
    ],
)
def test_bad_input_is_answered_in_one_sentence(arguments: tuple[object, ...], code: int, words: str) -> None:
    assert_one_line(peephole("firmware", "power", *arguments), code, words)
