"""Fault x driver: no fault of a simulator yields a number that looks good and is wrong; a page says what is seen."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from fault_matrix import HARMLESS, WRONG, Seen, broad, matrix, page, stated
from subjects import SUBJECTS, Elsewhere

pytestmark = pytest.mark.timeout(600)

REMADE = "run scripts/make_fault_matrix.py"
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "faults.md"


@pytest.fixture(scope="module")
def found() -> list[Seen]:
    rows = asyncio.run(matrix())
    print(f"\n{page(rows)}")  # noqa: T201
    return rows


def test_the_page_has_every_driver_that_has_a_peer() -> None:
    told = {driver for _, driver, _ in stated(PAGE.read_text(encoding="utf-8"))}
    assert told == {name for name, made in SUBJECTS.items() if not isinstance(made, Elsewhere)}, REMADE


@pytest.mark.soak
def test_a_fault_is_seen_or_harmless_or_known_as_unseen(found: list[Seen]) -> None:
    assert found
    wrong = [(s.driver, s.fault, s.sentence) for s in found if WRONG in s.outcome]
    assert not wrong, "these faults yield numbers that look good and are not"
    passed_over = [(s.driver, s.fault) for s in found if s.outcome == "right" and s.fault not in HARMLESS]
    assert not passed_over, "nothing was seen of these faults"
    disturbed = [(s.driver, s.fault, s.outcome) for s in found if s.fault in HARMLESS and s.outcome != "right"]
    assert not disturbed, "these faults of the link should be made good"


@pytest.mark.soak
def test_the_page_says_what_is_seen(found: list[Seen]) -> None:
    seen = {(s.fault, s.driver, broad(s.outcome)) for s in found}
    assert stated(PAGE.read_text(encoding="utf-8")) == seen, REMADE
