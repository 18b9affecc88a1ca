"""The language of conditions: what it accepts, what it refuses and how, and that nothing else comes out of it."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil.safety.expression import (
    DEEPEST,
    LONGEST,
    Arithmetic,
    Channel,
    Comparison,
    Every,
    ExpressionError,
    Lost,
    Not,
    Number,
    Rate,
    Some,
    Stale,
    Tripped,
    channels,
    compared,
    exact_rates,
    parse,
    shown,
)

T, P, Q = Channel("chamber.temperature"), Channel("p"), Channel("q")


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("chamber.temperature > 85", Comparison(">", T, Number(85.0))),
        ("-5.5e-1 <= p", Comparison("<=", Number(-0.55), P)),
        ("io.estop == 0", Comparison("==", Channel("io.estop"), Number(0.0))),
        ("p - q * 2 > 1", Comparison(">", Arithmetic("-", P, Arithmetic("*", Q, Number(2.0))), Number(1.0))),
        ("p / q < -p", Comparison("<", Arithmetic("/", P, Q), Arithmetic("-", Number(0.0), P))),
        ("(p)>(1)", Comparison(">", P, Number(1.0))),
        ("rate(chamber.temperature, 30 s) > .2", Comparison(">", Rate(T.name, 30.0), Number(0.2))),
        ("rate(p, 500 ms) == 0", Comparison("==", Rate("p", 0.5), Number(0.0))),
        ("stale(chamber.temperature)", Stale(T.name)),
        ("lost(chamber-probe)", Lost("chamber-probe")),
        ("interlock(hot)", Tripped("hot")),
        ('"the odd one" > 1', Comparison(">", Channel("the odd one"), Number(1.0))),
        ("not lost(a) and lost(b) or lost(c)", Some((Every((Not(Lost("a")), Lost("b"))), Lost("c")))),
        ("not (lost(a) or lost(b))", Not(Some((Lost("a"), Lost("b"))))),
        ("notice > 1", Comparison(">", Channel("notice"), Number(1.0))),
    ],
)
def test_what_is_written_is_what_is_meant(text: str, meant: object) -> None:
    assert parse(text) == meant


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "expected a channel, a number or a bracket, found the end"),
        ("chamber.temperature", "is a quantity, not a condition; compare it, as in chamber.temperature > 1"),
        ("p > 1 > 0", "comparisons are not chained"),
        ("p = 1", "expected a comparison, and, or, or the end, found '= 1' at character 3; for equality write =="),
        ("p > 1 &", "found '&' at character 7; write and"),
        ("p > 1 and", "found the end"),
        ("(p > 1", "expected ')', found the end"),
        ("(p > 1) + 2 > 3", "p > 1 is a condition, not a quantity"),
        ("not p", "is a quantity, not a condition"),
        ("rate(p) > 1", "expected a window, as in rate(p, 30 s)"),
        ("rate(p, 30) > 1", "a duration above 0 such as 30 s"),
        ("rate(p, 0 s) > 1", "a duration above 0 such as 30 s"),
        ("eval(p) > 1", "there is no function 'eval'; use one of rate, stale, lost, interlock"),
        ("__import__('os').system('x') > 1", "there is no function '__import__'"),
        ("p.__class__ > 1 or [1]", "found '[1]'"),
        ("p > 1e999", "is too large"),
        ("p != 1", "found '!= 1' at character 3; write not a == b"),
        ("p ** 2 > 1", "found '* 2 > 1'"),
        ("p > 0x10", "found 'x10'"),
        ("(" * (DEEPEST + 1) + "p > 1" + ")" * (DEEPEST + 1), f"nested more than {DEEPEST} deep"),
        ("not " * 100 + "lost(a)", "nested more than"),
        ("p > 1 and " * 400 + "p > 1", f"more than {LONGEST}"),
    ],
)
def test_what_is_refused_is_told_with_its_place(text: str, said: str) -> None:
    with pytest.raises(ExpressionError) as refused:
        parse(text)
    assert said in str(refused.value)


names = st.from_regex(r"[a-z_]{1,6}(\.[a-z0-9_]{1,4})?", fullmatch=True).filter(lambda n: n not in ("and", "or", "not"))
odd = st.text(st.characters(codec="utf-8", exclude_characters="\"'"), min_size=1, max_size=6)
numbers = st.floats(-1e12, 1e12, allow_nan=False).map(Number)
quantities: st.SearchStrategy[Any] = st.recursive(
    numbers | (names | odd).map(Channel) | st.builds(Rate, names | odd, st.floats(1e-3, 1e6)),
    lambda inner: st.builds(Arithmetic, st.sampled_from("+-*/"), inner, inner),
    max_leaves=6,
)
conditions: st.SearchStrategy[Any] = st.recursive(
    st.builds(Comparison, st.sampled_from((">", ">=", "<", "<=", "==")), quantities, quantities)
    | (names | odd).map(Stale)
    | (names | odd).map(Lost)
    | (names | odd).map(Tripped),
    lambda inner: (
        inner.map(Not)
        | st.lists(inner, min_size=2, max_size=3).map(tuple).map(Every)
        | st.lists(inner, min_size=2, max_size=3).map(tuple).map(Some)
    ),
    max_leaves=6,
)


@given(conditions)
def test_what_is_shown_parses_into_the_same_condition(condition: Any) -> None:
    text = shown(condition)
    if len(text) <= LONGEST:
        assert parse(text) == condition


@given(st.text(st.sampled_from("ab.1 0>=<+-*/()\"',notradelsik\n") | st.characters(), max_size=60))
def test_whatever_is_written_is_a_condition_or_is_refused(text: str) -> None:
    with suppress(ExpressionError):
        condition = parse(text)
        assert parse(shown(condition)) == condition


def test_the_channels_of_a_condition_are_those_that_must_be_read() -> None:
    condition = parse("p > 1 or rate(q, 5 s) > 1 or stale(r) or lost(s) or interlock(t)")
    assert list(compared(condition)) == ["p", "q"]
    assert set(channels(condition)) == {"p", "q", "r"}


def test_slopes_compared_by_equality_are_told_apart() -> None:
    when = parse("rate(a, 30 s) == 0 or rate(b, 5 s) > 1 or not (2 * rate(c, 1 min) == 4)")
    assert exact_rates(when) == {Rate("a", 30.0), Rate("c", 60.0)}
