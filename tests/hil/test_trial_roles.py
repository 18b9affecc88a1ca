"""What a script is given for a role, however often it asks."""

from __future__ import annotations

from pathlib import Path

import pytest

from hil.errors import ProcedureFault
from hil.trial import Trial
from hil_drivers.capability import Actuator, Sensor
from rig import Rig, plan


async def test_a_role_is_given_again_and_only_as_what_it_was_declared(tmp_path: Path) -> None:
    rig = Rig(tmp_path / "run", plan(1.0), lambda t: 1.0)

    async def script(trial: Trial) -> None:
        sensor = trial.role("lux", Sensor)
        assert trial.role("lux", Sensor) is sensor
        with pytest.raises(ProcedureFault, match="is a Sensor, not a Actuator"):
            trial.role("lux", Actuator)
        for _ in range(2):
            with pytest.raises(ProcedureFault, match="has no role 'luxx'"):
                trial.role("luxx", Sensor)

    await rig.run(script)
