"""Differences by condition: margins by measurand, degrees of freedom, the region of the domain, what is left out."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import replace
from html import unescape
from typing import Any

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil.cli.compare import MarginType
from hil.comparing.comparison import Comparison, compare
from hil.comparing.report import (
    left_out_sentences,
    one_world_sentences,
    question,
    report,
    shared_sentence,
    stands_in,
    summary,
    too_wide_sentences,
    verdict,
)
from hil.comparing.results import Compared
from hil.comparing.runs import Side
from hil.errors import UsageError

PLAN: dict[str, Any] = {"factors": {}, "order": "random", "repeats": 1, "points": []}
LEVELS = ("1 lx", "2 lx", "5 lx", "10 lx", "20 lx")


def side(name: str, results: Mapping[str, Mapping[str, Compared]], world: str = "") -> Side:
    """A run of a simulated bench that has these results."""
    run = {
        "procedure": {"name": "p", "version": "1"},
        "parameters": {},
        "plan": PLAN,
        "bench": {"name": f"bench-{name}"},
        "world": world or name,
        "provenance": "simulated",
    }
    return Side(name, run, results, {}, {})


def shares(*values: float, u: float = 0.01, dof: float = math.inf) -> dict[str, Compared]:
    return {level: Compared(value, u, "1", {"counts": u}, dof) for level, value in zip(LEVELS, values, strict=False)}


def pair(first: Mapping[str, Compared], second: Mapping[str, Compared], a90: bool = True) -> tuple[Side, Side]:
    one, other = ({"at": Compared(value, 0.1, "lx", {}, math.inf)} if a90 else {} for value in (8.0, 9.0))
    return side("one", {"a90": one, "share": first}), side("other", {"a90": other, "share": second})


def judged(found: Comparison) -> list[str]:
    return [one.judged for one in found.differences]


def test_one_margin_goes_with_the_first_unit_and_the_rest_is_named_as_left_out() -> None:
    found = compare(*pair(shares(0, 0, 0, 0, 0), shares(0, 0, 0, 0, 0)), margin=3.0)
    assert [one.measurand for one in found.differences] == ["a90"]
    assert left_out_sentences(found) == ["Not compared, for want of a margin (--margin NAME=VALUE): share."]
    assert left_out_sentences(found)[0].split(":")[0] in report(found)
    assert verdict(found).requirement == "the two benches agree within 3 lx"
    assert found.to_json()["not_compared"] == ["share"]


def test_what_a_run_states_no_result_of_is_named_too() -> None:
    first, second = pair(shares(0, 0, 0, 0, 0), shares(0, 0, 0, 0, 0), a90=False)
    found = compare(first, second, margins={"share": 0.1})
    assert left_out_sentences(found) == ["Not compared, for one of the runs states no result of it: a90."]


def test_plans_that_choose_their_points_are_of_one_design_by_their_rule() -> None:
    plan = {"factors": {}, "order": "adaptive", "rule": {"name": "Trials"}, "most": 20}
    one, other = (replace(each, run={**each.run, "plan": plan}) for each in pair(shares(0, 0), shares(0, 0)))
    assert judged(compare(one, other, margin=3.0)) == ["within"]
    for odd in ({"rule": {"name": "Staircase"}}, {"most": 21}):
        with pytest.raises(UsageError, match=f"the {next(iter(odd))} of the plans differ"):
            compare(one, replace(other, run={**other.run, "plan": plan | odd}), margin=3.0)


@pytest.mark.parametrize("given", ["nan", "share=nan", "0", "share=-1", "share=", "a=b", "10 lx"])
def test_a_margin_that_is_none_is_refused_before_anything_is_read(given: str) -> None:
    with pytest.raises(click.BadParameter):
        MarginType().convert(given, None, None)
    assert MarginType().convert("share = 0.1", None, None) == ("share", 0.1)


def test_each_measurand_has_its_own_margin() -> None:
    sides = pair(shares(0.0, 0.1, 0.5, 0.9, 1.0), shares(0.0, 0.1, 0.1, 0.88, 1.0))
    found = compare(*sides, margin=0.5, margins={"share": 0.1})
    assert judged(found) == ["outside", "within", "within", "outside", "within", "within"]
    assert found.required == "0.5 lx (a90), 0.1 (share)"
    assert [one.margin for one in found.differences] == [0.5] + 5 * [0.1]
    assert report(found).count("<figcaption>") == 2
    alone = compare(*sides, margins={"share": 0.1})
    assert {one.measurand for one in alone.differences} == {"share"}
    assert json.loads(json.dumps(alone.to_json(), allow_nan=False))["margins"] == {"share": 0.1}


def test_a_margin_without_a_name_is_never_of_another_unit_than_the_first_measurands() -> None:
    sides = pair(shares(0, 0, 0, 0, 0), shares(0, 0, 0, 0, 0))
    for alone in (None, "a90"):
        with pytest.raises(UsageError, match=r"for a90 and all in its unit \(lx\), and each has one by name") as caught:
            compare(*sides, margin=10.0, margins={"a90": 5.0}, measurand=alone)
        assert caught.value.remedy == "leave it out, or give it as NAME=VALUE"
    assert compare(*sides, margin=0.5, measurand="share").required == "0.5"


def test_the_region_ends_where_a_neighbour_is_not_within() -> None:
    sides = pair(shares(0.0, 0.1, 0.5, 0.9, 1.0), shares(0.0, 0.1, 0.1, 0.88, 1.0))
    found = compare(*sides, margins={"share": 0.1})
    assert [one.conditions for one in found.regions] == [["1 lx", "2 lx"], ["10 lx", "20 lx"]]
    assert any("share, 1 lx to 2 lx (2 conditions); share, 10 lx to 20 lx" in said for said in stands_in(found))


@given(st.permutations(range(5)), st.lists(st.booleans(), min_size=5, max_size=5))
def test_regions_are_in_the_order_of_the_numbers_and_hold_all_that_is_within(
    order: list[int], near: list[bool]
) -> None:
    values = [0.0 if each else 1.0 for each in near]
    first = [(LEVELS[at], Compared(values[at], 0.01, "1", {})) for at in order]
    second = {level: Compared(0.0, 0.01, "1", {}) for level in LEVELS}
    found = compare(*pair(dict(first), second), margins={"share": 0.5})
    held = [level for region in found.regions for level in region.conditions]
    assert held == [level for level, each in zip(LEVELS, near, strict=True) if each]
    assert len(found.regions) == sum(each and not before for before, each in zip([False, *near], near, strict=False))


def test_conditions_without_numbers_have_no_neighbours() -> None:
    results = {name: Compared(0.0, 0.01, "1", {}) for name in ("P1", "P2", "level 3")}
    found = compare(side("one", {"share": results}), side("other", {"share": results}), margin=1.0)
    assert [one.span for one in found.regions] == ["P1", "P2", "level 3"]


def test_k_follows_the_degrees_of_freedom_everywhere() -> None:
    few = shares(0.0, 0.1, 0.5, 0.9, 1.0, dof=4)
    found = compare(*pair(few, few), margins={"share": 0.1})
    (one, *_) = found.differences
    assert one.dof == pytest.approx(8.0)
    assert one.k == pytest.approx(2.37, abs=0.005)
    assert pytest.approx(one.k * math.sqrt(2) * 0.01) == one.U
    assert summary(found).columns[7] == "k"
    assert {row[7] for row in summary(found).rows} == {"2.37"}
    assert found.to_json()["differences"][0]["k"] == one.k
    assert "k for about 95 %" in verdict(found).rule
    many = compare(*pair(shares(0, 0, 0, 0, 0), shares(0, 0, 0, 0, 0)), margins={"share": 0.1}).differences[0]
    assert (many.dof, many.k) == (None, 2.0)


def test_a_certificate_of_both_is_shared_as_a_line_and_by_its_coefficients() -> None:
    parts = {"certificate C-1 20001 illuminance": 0.2, "C-1 20001 illuminance/2": 0.1, "C-2 5 illuminance/2": 0.3}
    results = {"share": {"1 lx": Compared(0.5, math.hypot(*parts.values()), "1", parts)}}
    one, other = (
        replace(side(name, results, world="same"), certificates={"C-1 20001": "a", "C-2 5": name})
        for name in ("one", "other")
    )
    found = compare(one, other, margin=1.0)
    assert found.shared == ["certificate C-1 20001 illuminance"], "as a line of a budget"
    assert found.differences[0].covariance == pytest.approx(0.2**2 + 0.1**2)
    assert compare(one, replace(other, run={**other.run, "world": "another"}), margin=1.0).shared == []


def test_e_n_is_of_the_same_expanded_uncertainty() -> None:
    few, other = shares(0.0, 0.1, 0.5, 0.9, 1.0, dof=2), shares(0.1, 0.1, 0.5, 0.9, 1.0, dof=2)
    (one, *_) = compare(*pair(few, other), margins={"share": 0.1}).differences
    assert one.e_n == pytest.approx(-0.1 / one.U)


def test_what_no_margin_can_be_held_against_is_refused() -> None:
    sides = pair(shares(0, 0, 0, 0, 0), shares(0, 0, 0, 0, 0))
    with pytest.raises(UsageError, match="no margin is stated"):
        compare(*sides)
    with pytest.raises(UsageError, match="no measurand 'shares'"):
        compare(*sides, margins={"shares": 0.1})
    with pytest.raises(UsageError, match="share has a margin and is not compared"):
        compare(*sides, margin=1.0, margins={"share": 0.1}, measurand="a90")
    short = side("short", {"a90": {}, "share": {"1 lx": Compared(0.0, 0.1, "1", {})}})
    with pytest.raises(UsageError, match="states no a90"):
        compare(sides[0], short, margin=1.0)
    for one, other in ((sides[0], short), (short, sides[0])):
        with pytest.raises(UsageError, match="share at 10 lx is not in both runs"):
            compare(one, other, margins={"share": 0.1})


def test_a_margin_wider_than_what_is_compared_is_told_by_condition() -> None:
    errors = {level: Compared(0.1, 0.01, "lx", {}) for level in LEVELS}
    found = compare(side("one", {"error": errors}), side("other", {"error": errors}), margin=3.0)
    (told,) = too_wide_sentences(found)
    where = "agreement says nothing of error at 1 lx, error at 2 lx."
    assert told == f"The margin is larger than the level at which the results were found: {where}"
    assert told in unescape(report(found))
    assert found.to_json()["too_wide"] == ["error at 1 lx", "error at 2 lx"]
    assert too_wide_sentences(compare(side("one", {"e": errors}), side("other", {"e": errors}), margin=1.0)) == []


def test_a_size_is_held_against_the_margin_and_a_deviation_or_a_share_is_not() -> None:
    def sides(of_size: bool, unit: str = "m") -> tuple[Side, Side]:
        results = {"x": {"P1": Compared(0.5, 0.01, unit, {}, of_size=of_size)}}
        return side("one", results), side("other", results)

    (told,) = too_wide_sentences(compare(*sides(of_size=True), margin=0.6))
    assert (
        told == "The margin is larger than the quantity itself is there, or can be: agreement says nothing of x at P1."
    )
    assert too_wide_sentences(compare(*sides(of_size=True), margin=0.4)) == []
    assert too_wide_sentences(compare(*sides(of_size=False), margin=0.6)) == []


def test_a_margin_that_no_two_shares_can_miss_is_told() -> None:
    one = {"share": {"10 lx": Compared(0.7, 0.1, "1", {}, most=1.0)}}
    assert too_wide_sentences(compare(side("one", one), side("other", one), margin=1.5))[0].endswith("share at 10 lx.")
    assert too_wide_sentences(compare(side("one", one), side("other", one), margin=0.9)) == []


def test_two_runs_in_one_world_are_told_to_be_that() -> None:
    results = {"error": {"10 lx": Compared(0.1, 0.01, "lx", {})}}
    one = side("one", results)
    other = replace(side("other", results), run={**one.run})
    found = compare(one, other, margin=1.0)
    (told,) = one_world_sentences(found)
    assert f"one simulated world ({one.world})" in told
    assert told in unescape(report(found))
    elsewhere = replace(other, run={**other.run, "world": "light-room, seed 999"})
    assert one_world_sentences(compare(one, elsewhere, margin=1.0)) == []


def test_two_runs_on_one_bench_are_called_that() -> None:
    first, second = pair(shares(0, 0, 0, 0, 0), shares(0, 0, 0, 0, 0))
    one = {**second.run, "bench": first.run["bench"]}
    found = compare(first, replace(second, run=one), margin=3.0)
    assert question(found) == "Do two runs on bench-one give the same results within the margin?"
    assert verdict(found).requirement == "the two runs on bench-one agree within 3 lx"
    assert stands_in(found)[0].startswith("Two runs on the simulated bench bench-one agree within 3 lx here: ")
    assert question(compare(first, second, margin=3.0)).startswith("Do bench-one and bench-other give")


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        (("a",), ("a",), "Nothing is shared: the two runs replayed the same recordings, by the SHA-256"),
        (("a",), ("b",), "Nothing is shared: the two runs replayed different recordings, by the SHA-256"),
        (("a",), (), "Nothing is taken as shared: the first run replayed recordings, the other one did not."),
        ((), ("b",), "Nothing is taken as shared: the second run replayed recordings, the other one did not."),
        ((), (), "Nothing is taken as shared: the two runs had different worlds"),
    ],
)
def test_runs_on_recordings_are_told_apart_by_these(first: tuple[str, ...], second: tuple[str, ...], told: str) -> None:
    one, other = pair(shares(0, 0, 0, 0, 0), shares(0, 0, 0, 0, 0))
    sides = replace(one, recordings=first), replace(other, recordings=second)
    if first and second:
        sides = sides[0], replace(sides[1], run={**other.run, "world": one.world})
    assert shared_sentence(compare(*sides, margin=3.0)).startswith(told)


def test_an_uncertainty_has_two_digits_in_plain_numbers() -> None:
    def u_of(u: float) -> tuple[str, str]:
        results = {"x": {"P1": Compared(1000.0, u, "m", {})}}
        (row,) = summary(compare(side("one", results), side("other", results), margin=1.0)).rows
        return row[3], row[6]

    assert u_of(50.0) == ("1000", "140")
    assert u_of(0.05 / 2**0.5) == ("1000.00", "0.10")
