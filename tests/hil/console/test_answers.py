"""What is checked of an answer before it is sent, and whether a reading stands still."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil.console.answers import check
from hil.console.channels import Live, parse_facts
from hil.console.pace import STEPS, Pace
from hil.console.stability import WINDOW, stability
from hil.console.state import Prompt

LEVEL = Prompt(1, "level?", "number", unit="Cel", lower=18.0, upper=28.0)


@pytest.mark.parametrize(
    ("prompt", "given_text", "value", "fault"),
    [
        (LEVEL, " 20,5 ", "20.5", ""),
        (LEVEL, "2e1", "2e1", ""),
        (LEVEL, "20.5 Cel", "20.5", ""),
        (LEVEL, "300 K", "300 K", ""),
        (LEVEL, "1.000,5", "", "1.000,5 is no number"),
        (LEVEL, "nan", "", "nan is no number"),
        (LEVEL, "1e999", "", "inf is too large: a number from 18 to 28 °C"),
        (LEVEL, "28.1", "", "28.1 is too large: a number from 18 to 28 °C"),
        (Prompt(1, "?", "number", lower=0.0), "-1", "", "-1 is too small: a number from 0 on"),
        (Prompt(1, "?", "number", upper=5.0), "6", "", "6 is too large: a number up to 5"),
        (Prompt(1, "?", "number"), "6", "6", ""),
        (Prompt(1, "?", "choice", choices=("a", "b")), "b", "b", ""),
        (Prompt(1, "?", "choice", choices=("a", "b")), "c", "", "choose one of the list"),
        (Prompt(1, "?", "yes/no"), "Y", "yes", ""),
        (Prompt(1, "?", "yes/no"), "perhaps", "", "yes or no"),
        (Prompt(1, "?", "picture"), "/data/a.PNG", "/data/a.PNG", ""),
        (Prompt(1, "?", "picture"), "a.txt", "", "the path of a PNG or JPEG file, on the machine of the bench"),
        (Prompt(1, "?"), "  ", "", "some words"),
    ],
)
def test_an_answer_is_checked_before_it_is_sent(prompt: Prompt, given_text: str, value: str, fault: str) -> None:
    checked = check(prompt, given_text, "°C" if prompt.unit else "")
    assert (checked.value, checked.fault) == (value, fault)


@given(st.floats(18.0, 28.0))
def test_every_number_within_the_limits_is_an_answer_in_both_notations(number: float) -> None:
    for text in (repr(number), repr(number).replace(".", ",")):
        checked = check(LEVEL, text, "°C")
        assert not checked.fault
        assert float(checked.value) == number


def live(slope: float, *, u: float | None = 0.1, seconds: int = 90) -> Live:
    channel = Live(parse_facts({"name": "a", "unit": "Cel", "symbol": "°C"}))
    for t in range(seconds):
        channel.take([20.0 + slope * t, u, 0, 1000 * t, None, None], float(t))
    return channel


@pytest.mark.parametrize(
    ("channel", "stable", "words"),
    [
        (live(0.0), True, "✓ STABLE ▱▱▱▱▱ 0 U/min"),
        (live(0.08 / WINDOW), True, "✓ STABLE ▰▰▱▱▱ 0.4 U/min"),
        (live(0.3 / WINDOW), False, "◇ DRIFTS ▰▰▰▰▰ 1.5 U/min"),
        (live(0.0, u=None), False, "? U is not known"),
        (live(0.0, seconds=20), False, "… in 30 s of readings"),
    ],
)
def test_a_reading_is_stable_where_its_trend_is_small_against_its_uncertainty(
    channel: Live, stable: bool, words: str
) -> None:
    found = stability(channel)
    assert found.stable is stable
    assert found.words == words


def test_an_item_that_is_not_calibrated_yet_is_held_against_the_u_of_its_reference() -> None:
    reference = live(0.0)
    assert stability(live(0.08 / WINDOW, u=None), reference).words == "✓ STABLE 0.4 U of ref./min"
    assert stability(live(0.3 / WINDOW, u=None), reference).words == "◇ DRIFTS 1.5 U of ref./min"
    assert stability(live(0.08 / WINDOW), reference).words == "✓ STABLE ▰▰▱▱▱ 0.4 U/min"


def test_what_is_not_known_of_a_channel_is_not_stable() -> None:
    channel = live(0.0)
    for t in range(90, 200):
        channel.take([math.nan, 0.1, 0, 1000 * t, None, None], float(t))
    assert not stability(channel).stable


@given(st.lists(st.tuples(st.integers(0, 30), st.floats(0.05, 2.0)), max_size=200))
def test_the_pace_is_always_one_of_its_steps_and_changes_by_one(felt: list[tuple[int, float]]) -> None:
    pace, now = Pace(), 0.0
    for waiting, seconds in felt:
        now += seconds
        before = STEPS.index(pace.hertz)
        changed = pace.feel(waiting, now)
        assert abs(STEPS.index(pace.hertz) - before) == changed


def test_a_calm_terminal_has_its_full_pace_back() -> None:
    pace = Pace()
    pace.feel(30, 0.0)
    pace.feel(30, 0.1)
    assert pace.hertz == STEPS[1], "one large picture is no slow terminal"
    for second in range(1, 4):
        pace.feel(30, float(second))
    assert pace.hertz == STEPS[-1]
    for second in range(4, 60):
        pace.feel(0, float(second))
    assert pace.hertz == STEPS[0]
