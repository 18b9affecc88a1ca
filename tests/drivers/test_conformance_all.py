"""Every shipped driver and every check of the conformance kit, driver x check (``-s`` prints the table).

The drivers are the entry points ``hil.drivers``. How to add one: ``tests/support/subjects.py``, a matter of a few
lines; a driver that is not there fails ``test_every_driver_is_checked``.
"""

from __future__ import annotations

import asyncio
import gc
import warnings
from pathlib import Path

import pytest

from hil_drivers.device import driver_names
from hil_drivers.testing import Result, Verdict, checks, run_all, table
from subjects import CHECKED, LACKS, SLOW, SUBJECTS, Elsewhere, made

ROOT = Path(__file__).parents[2]
SHARED = tuple(check.name for check in checks() if check.name != "leaks")
"""`leaks` looks at the whole process: tests/drivers/test_conformance_leaks.py."""
AT_ONCE = 8


@pytest.fixture(scope="module")
def results(request: pytest.FixtureRequest) -> dict[tuple[str, str], Result]:
    """The results of the drivers that are asked for: they mostly wait, so several are checked at once."""
    params = (getattr(item, "callspec", None) for item in request.session.items if item.path == request.path)
    wanted = {call.params["driver"] for call in params if call is not None and "driver" in call.params}
    found = asyncio.run(_run(sorted(wanted)))
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", ResourceWarning
        )  # links that a check broke on purpose; `leaks` looks after drivers
        gc.collect()
    print(f"\n{table(found)}")  # noqa: T201
    return {(result.driver, result.check): result for result in found}


async def _run(drivers: list[str]) -> list[Result]:
    limit = asyncio.Semaphore(AT_ONCE)

    async def one(name: str) -> list[Result]:
        async with limit, made(name)() as subject:
            return await run_all(subject, checks(*SHARED))

    return [result for row in await asyncio.gather(*map(one, drivers)) for result in row]


@pytest.mark.timeout(900)
@pytest.mark.parametrize("check", SHARED)
@pytest.mark.parametrize(
    "driver", [pytest.param(each, marks=pytest.mark.soak) if each in SLOW else each for each in CHECKED]
)
def test_driver_conforms(results: dict[tuple[str, str], Result], driver: str, check: str) -> None:
    result = results[driver, check]
    result.demand()
    lacking = check in LACKS.get(driver, {})
    assert (result.verdict is Verdict.NOT_POSSIBLE) == lacking, f"{result.note or 'it passed'}; see LACKS"


def test_every_driver_is_checked() -> None:
    missing = sorted(set(driver_names()) - set(SUBJECTS))
    assert not missing, f"add {', '.join(missing)} to tests/support/subjects.py"


def test_no_subject_is_left_over() -> None:
    assert set(SUBJECTS) <= set(driver_names())
    assert set(LACKS) <= set(CHECKED)


def test_what_is_checked_elsewhere_is_checked_there() -> None:
    for driver, where in SUBJECTS.items():
        if isinstance(where, Elsewhere):
            assert (ROOT / where.test).is_file(), f"{driver}: there is no {where.test}"
