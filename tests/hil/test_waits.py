"""What is told of a wait that a script asks for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hil import Trial
from hil.cli.status import told_rows
from rig import START, Rig, control_of, plan

HOUR = 3600 * 10**9


async def test_a_warm_up_is_told_while_it_lasts(tmp_path: Path) -> None:
    rig, states = Rig(tmp_path, plan(1.0), lambda t: 100.0), list[dict[str, Any]]()
    control = control_of(rig)

    async def look() -> None:
        states.append(control.state())

    async def script(trial: Trial) -> None:
        await trial.together(trial.sleep(3600.0), look())
        await trial.sleep(1.0)
        async for _ in trial.points():
            await trial.sleep(60.0)
            states.append(control.state())

    await rig.run(script)
    assert [state["waiting_until"] for state in states] == [START + HOUR, None]
    shown = told_rows({**states[0], "pid": 1})
    assert ("point", "before the first") in shown
    assert ("script", "waiting until 21:26 UTC, bench time") in shown
    waits = [data for kind, data in rig.reports if kind == "waiting"]
    assert waits == [{"until": START + HOUR, "seconds": 3600.0}], "a short wait and one at a point are no news"
