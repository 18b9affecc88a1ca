"""The physics of the robot hall: steps per second through our world, against the bare engine with the same commands.

    python benchmarks/trials/bench_simulation.py

Both drive the same circle while the arm moves; that they end in the same state is checked.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hil_drivers.clock import NANOSECONDS
from hil_drivers.sim.arm import arms
from hil_drivers.sim.base import bases
from hil_drivers.sim.hall.engine import STEPS_PER_TICK, TICK, Engine
from hil_drivers.sim.world import World
from hil_drivers.sim.world_file import WorldFile

PIECE = NANOSECONDS
PIECES = 30
LEAST_SHARE, LEAST_SPEED = 0.9, 20.0
DEVICES = {
    "robot": {"kind": "ros2-robot", "command_timeout": 0.0, "start": [0.0, -2.0, 0.0]},
    "arm": {"kind": "ur-rtde", "watchdog": 1e6},
}


def main() -> int:
    """Print both rates; the exit code is 1 where ours is too slow."""
    world = World(WorldFile.model_validate({"seed": 1, "scene": "robot-hall", "devices": DEVICES}))
    robot, arm, engine = bases(world)["robot"], arms(world)["arm"], world.part(Engine)
    commanded: list[NDArray[np.float64]] = []
    home = arm.account(0)
    bare = engine.mujoco.MjData(engine.model)
    bare.qpos[:] = engine.positions(0)
    engine.control(lambda _t: commanded.append(engine.data.ctrl.copy()))
    robot.command(0, 0.3, 0.6)
    ours: list[float] = []
    theirs: list[float] = []
    for piece in range(PIECES):
        target = [home[0] + 0.05 * (-1) ** (piece // 3), *home[1:]]
        arm.command(piece, target, piece * PIECE)
        world.time.advance((piece + 1) * PIECE)
        commanded.clear()
        ours.append(_timed(partial(engine.positions, (piece + 1) * PIECE)))
        theirs.append(_timed(partial(_bare, engine, bare, commanded)))
    same = np.array_equal(engine.data.qpos, bare.qpos)
    return _told(PIECE / TICK * STEPS_PER_TICK, ours, theirs, same=same)


def _bare(engine: Engine, data: Any, commanded: list[NDArray[np.float64]]) -> None:
    step, model = engine.mujoco.mj_step, engine.model
    for ctrl in commanded:
        data.ctrl[:] = ctrl
        for _ in range(STEPS_PER_TICK):
            step(model, data)


def _timed(run: Callable[[], object]) -> float:
    begun = time.process_time()
    run()
    return time.process_time() - begun


def _told(steps: float, ours: list[float], theirs: list[float], *, same: bool) -> int:
    rate, bare = steps / float(np.median(ours)), steps / float(np.median(theirs))
    share = float(np.median(np.divide(theirs, ours)))
    speed = rate / STEPS_PER_TICK * TICK / NANOSECONDS
    print(f"bare engine      {bare:9.0f} steps/s")
    print(f"our world        {rate:9.0f} steps/s = {share:.2f} of it (at least {LEAST_SHARE})")
    print(f"                 {speed:9.0f} x real time (at least {LEAST_SPEED:g})")
    print(f"same final state {'yes' if same else 'no':>9}")
    return 0 if same and share >= LEAST_SHARE and speed >= LEAST_SPEED else 1


if __name__ == "__main__":
    sys.exit(main())
