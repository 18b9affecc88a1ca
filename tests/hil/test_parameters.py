"""Parameters from the command line: units, lists, and what is refused in one sentence."""

from __future__ import annotations

from typing import Annotated

import pytest
from pydantic import Field

from hil.errors import UsageError
from hil.parameters import Parameters, parse, unit


class Sample(Parameters):
    """Parameters of a test."""

    required: Annotated[float, unit("lx"), Field(gt=0)] = 40.0
    levels: tuple[Annotated[float, unit("lx")], ...] = (1.0,)
    repeats: int = 2


def test_quantities_are_taken_with_their_unit() -> None:
    parsed = parse(Sample, {"required": "0.2 klx", "levels": "1, 2 lx,3", "repeats": "4"}, where="sample")
    assert parsed == Sample(required=200.0, levels=(1.0, 2.0, 3.0), repeats=4)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"requred": "1"}, "did you mean 'required'"),
        ({"required": "3 s"}, "required"),
        ({"required": "bright"}, "required"),
        ({"required": "-1"}, "greater than 0"),
        ({"repeats": "2.5"}, "repeats"),
    ],
)
def test_what_is_wrong_is_told_in_one_sentence(settings: dict[str, str], told: str) -> None:
    with pytest.raises(UsageError, match=told) as caught:
        parse(Sample, settings, where="sample")
    assert "\n" not in str(caught.value)
