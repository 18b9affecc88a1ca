"""The self-check: every published number agrees with this build, and a wrong one would show."""

from __future__ import annotations

import math
from dataclasses import replace

from hil_calibration.selfcheck import Check, run

CHECKS = list(run())


def test_every_published_number_agrees() -> None:
    assert [check for check in CHECKS if not check.holds] == []


def test_there_are_enough_of_them_each_with_its_place() -> None:
    assert len(CHECKS) >= 60
    assert len({check.document for check in CHECKS}) >= 20
    assert sum(check.source == "published" for check in CHECKS) >= 60
    assert all(check.document and check.clause and check.quantity for check in CHECKS)
    assert len({(check.document, check.clause, check.quantity) for check in CHECKS}) == len(CHECKS)


def test_a_number_that_differs_by_more_than_its_tolerance_shows() -> None:
    for check in CHECKS:
        off = replace(check, computed=check.published + 1.01 * check.tolerance + 1e-300 + 1e-9 * abs(check.published))
        assert off.verdict == "DIFF", check


def test_a_number_that_is_none_differs() -> None:
    assert Check("document", "1", "y", 1.0, math.nan, 0.1).verdict == "DIFF"
