"""Every shipped driver leaves nothing behind, one driver at a time: the check looks at the whole process."""

from __future__ import annotations

import pytest

from hil_drivers.testing import checks
from subjects import CHECKED, SLOW, made


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "driver", [pytest.param(each, marks=pytest.mark.soak) if each in SLOW else each for each in CHECKED]
)
async def test_driver_leaves_nothing_behind(driver: str) -> None:
    (check,) = checks("leaks")
    async with made(driver)() as subject:
        (await check.run(subject)).demand()
