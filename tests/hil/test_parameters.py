"""Parameters from the command line: units, lists, and what is refused in one sentence."""

from __future__ import annotations

from typing import Annotated, Literal

import pytest
from pydantic import Field

from hil.errors import UsageError
from hil.parameters import Parameters, parse, unit, units


class Sample(Parameters):
    """Parameters of a test."""

    required: Annotated[float, unit("lx"), Field(gt=0)] = 40.0
    levels: tuple[Annotated[float, unit("lx"), Field(le=5000)], ...] = Field(default=(1.0,), max_length=3)
    repeats: int = Field(default=2, ge=1, le=9)
    mode: Literal["slow", "fast"] = "slow"
    limit: Annotated[float, Field(gt=0)] | None = None
    offset: float = 0.0


def test_quantities_are_taken_with_their_unit() -> None:
    parsed = parse(Sample, {"required": "0.2 klx", "levels": "1, 2 lx,3", "repeats": "4"}, where="sample")
    assert parsed == Sample(required=200.0, levels=(1.0, 2.0, 3.0), repeats=4)


def test_units_are_those_of_the_quantities() -> None:
    assert units(Sample) == {"required": "lx", "levels": "lx"}


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("requred=1", "there is no parameter 'requred'; did you mean 'required'?"),
        ("required=3 s", "required = 3 s does not fit ('s' cannot be converted to 'lx'); a number in lx above 0"),
        ("required=bright", "('bright' is not a number with a unit); a number in lx above 0 is expected"),
        ("required=-1 lx", "required = -1 lx does not fit; a number in lx above 0 is expected"),
        ("required=nan", "required = nan does not fit"),
        ("levels=1,9000", "levels = 9000 does not fit; a list a,b,c, each a number in lx at most 5000"),
        (
            "levels=1,2,3,4",
            "levels = 1,2,3,4 does not fit; a list a,b,c, each a number in lx at most 5000, at most 3 long",
        ),
        ("repeats=2.5", "repeats = 2.5 does not fit; a whole number at least 1 and at most 9 is expected"),
        ("mode=quick", "mode = quick does not fit; one of slow, fast is expected"),
        ("limit=-1", "limit = -1 does not fit; a number above 0 is expected"),
        ("limit=inf", "limit = inf does not fit; a number above 0 is expected"),
        ("offset=nan", "offset = nan does not fit; a number is expected"),
    ],
)
def test_what_is_wrong_is_told_in_one_sentence_of_ours(given: str, told: str) -> None:
    name, _, value = given.partition("=")
    with pytest.raises(UsageError) as caught:
        parse(Sample, {name: value}, where="sample")
    assert str(caught.value).startswith("sample: ")
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "Input should" not in str(caught.value)
