"""The physics of the hall, by MuJoCo: one scene, stepped to whatever bench time is asked for.

Steps are taken only as far as somebody asks, and what was commanded at a bench time acts from the first tick at or
after it: so it does not matter who asks when. The states at the ticks of the last minute are kept; between two of them,
all joints go by the cubic curve that has the positions and the velocities of both (Hermite).
Times are bench time in ns, lengths in m, angles in rad, quaternions (x, y, z, w).
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...clock import NANOSECONDS
from ..bodies import Bodies, Body
from ..world_file import WorldFileError

if TYPE_CHECKING:
    from ..world import World

STEPS_PER_TICK = 5
TICK = NANOSECONDS // 100
"""How often the controllers of robot and arm act, and the obstacle can move: every five steps of the integration."""

KEPT = 6000
"""States at ticks that are kept for whoever asks for a time that has passed."""

WHERE = "the world robot-hall"


class Placed(NamedTuple):
    """Where the obstacle stands from ``t`` on."""

    t: int
    x: float
    y: float


class Engine:
    """The one scene of a world: ``world.part(Engine)``.

    :raises WorldFileError: if MuJoCo is not installed.
    """

    def __init__(self, world: World) -> None:
        self.mujoco = load_engine()
        self.model: Any = self.mujoco.MjModel.from_xml_path(str(Path(__file__).with_name("hall.xml")))
        self.data: Any = self.mujoco.MjData(self.model)
        self._view: Any = self.mujoco.MjData(self.model)
        self._positions, self._velocities = np.zeros((KEPT, self.model.nq)), np.zeros((KEPT, self.model.nv))
        self._touch = np.zeros(KEPT)
        self._now = self.data.qpos, self.data.qvel, self.data.sensordata, self.data.mocap_pos
        x, y, _ = self.data.mocap_pos[0].tolist()
        self._placed = [Placed(0, x, y)]
        self._put = self._placed[0]
        self._ticks = -1
        self._viewed = -1
        self._controls: list[Callable[[int], None]] = []
        self._motion = np.zeros(self.model.nv)
        world.part(Bodies).register("obstacle", self._obstacle)

    def joint(self, name: str) -> int:
        """Where the positions of a joint begin."""
        return int(self.model.joint(name).qposadr[0])

    def actuator(self, name: str) -> int:
        """Where an actuator is commanded."""
        return int(self.model.actuator(name).id)

    def begin(self, name: str, positions: Sequence[float]) -> None:
        """Let a joint begin there; before the first step."""
        start = self.joint(name)
        self.data.qpos[start : start + len(positions)] = positions

    def control(self, act: Callable[[int], None]) -> None:
        """Have ``act`` called at every tick with its time, to command actuators."""
        self._controls.append(act)

    def place(self, t: int, axis: int, value: float) -> None:
        """Move the obstacle along x (``axis`` 0) or y (1), at the first tick at or after ``t``."""
        last = self._placed[-1]
        at = -(-t // TICK) * TICK
        placed = Placed(at, value, last.y) if axis == 0 else Placed(at, last.x, value)
        if last.t == at:
            self._placed.pop()
        self._placed.append(placed)

    def obstacle(self, t: int, axis: int) -> float:
        """Where the obstacle stands at the first tick at or after ``t``."""
        placed = self._placed_at(t + TICK - 1)
        return placed.x if axis == 0 else placed.y

    def _obstacle(self, t: int) -> Body:
        """The foot of the obstacle's axis at ``t``, for trackers."""
        placed = self._placed_at(t)
        return Body((placed.x, placed.y, 0.0))

    def contact(self, t: int, hold: int) -> bool:
        """Whether the robot's hull has touched anything within ``hold`` before ``t``."""
        self._to(t)
        last = max(0, t // TICK)
        first = max(0, last - hold // TICK, self._ticks - KEPT + 1)
        return any(self._touch[k % KEPT] > 0.0 for k in range(first, last + 1))

    def positions(self, t: int) -> NDArray[np.float64]:
        """The positions of all joints at ``t``, a copy."""
        return self._between(t)

    def at_ticks(self, first: int, last: int, joints: slice) -> list[list[float]]:
        """The positions of ``joints`` at the ticks from ``first`` to ``last``, all among those kept."""
        kept: list[list[float]] = self._positions[np.arange(first, last + 1) % KEPT, joints].tolist()
        return kept

    def site(self, name: str, t: int) -> Body:
        """Where a site is at ``t``."""
        view, number = self.view(t), self.model.site(name).id
        turn = np.zeros(4)
        self.mujoco.mju_mat2Quat(turn, view.site_xmat[number])
        return _body(view.site_xpos[number], turn)

    def body(self, name: str, t: int) -> Body:
        """Where a body is at ``t``."""
        view, number = self.view(t), self.model.body(name).id
        return _body(view.xpos[number], view.xquat[number])

    def view(self, t: int) -> Any:
        """The scene as it is at ``t``, to look at; valid until the next call."""
        if self._viewed != t:
            view = self._view
            view.qpos[:] = self._between(t)
            view.mocap_pos[0, :2] = self._placed_at(t)[1:]
            self.mujoco.mj_kinematics(self.model, view)
            self.mujoco.mj_camlight(self.model, view)
            self._viewed = t
        return self._view

    def _between(self, t: int) -> NDArray[np.float64]:
        """Positions between two ticks."""
        self._to(t)
        tick = max(t // TICK, self._ticks - KEPT + 1, 0)
        a, b = tick % KEPT, (tick + 1) % KEPT
        here: NDArray[np.float64] = self._positions[a].copy()
        if tick < self._ticks and (s := t % TICK / TICK):
            self.mujoco.mj_differentiatePos(self.model, self._motion, 1.0, here, self._positions[b])
            start, end = self._velocities[a] * (TICK / NANOSECONDS), self._velocities[b] * (TICK / NANOSECONDS)
            way = s * (1.0 - s) ** 2 * start + s * s * (3.0 - 2.0 * s) * self._motion + s * s * (s - 1.0) * end
            self.mujoco.mj_integratePos(self.model, here, way, 1.0)
        return here

    def _to(self, t: int) -> None:
        """Step on to the first tick at or after ``t``."""
        if self._ticks < 0:
            self.mujoco.mj_setConst(self.model, self._view)
            self.mujoco.mj_forward(self.model, self.data)
            self._keep()
        step, model, data = self.mujoco.mj_step, self.model, self.data
        last = -(-t // TICK)
        while self._ticks < last:
            now = self._ticks * TICK
            if self._placed[-1] is not self._put:
                self._put = self._placed_at(now)
                self._now[3][0, :2] = self._put[1:]
            for act in self._controls:
                act(now)
            step(model, data, STEPS_PER_TICK)
            self._keep()

    def _keep(self) -> None:
        self._ticks += 1
        place, (positions, velocities, sensed, _) = self._ticks % KEPT, self._now
        self._positions[place] = positions
        self._velocities[place] = velocities
        self._touch[place] = sensed[0]

    def _placed_at(self, t: int) -> Placed:
        return next((placed for placed in reversed(self._placed) if placed.t <= t), self._placed[0])


def load_engine() -> Any:
    """MuJoCo, set to draw without a screen.

    :raises WorldFileError: if it is not installed.
    """
    os.environ.setdefault("MUJOCO_GL", "egl")
    try:
        return importlib.import_module("mujoco")
    except ImportError as error:
        raise WorldFileError(
            f"MuJoCo cannot be loaded: {error}", where=WHERE, remedy='install the extra "simulation" and libegl1'
        ) from None


def _body(position: NDArray[np.float64], turn: NDArray[np.float64]) -> Body:
    x, y, z = position.tolist()
    w, i, j, k = (-turn if turn[0] < 0.0 else turn).tolist()
    return Body((x, y, z), (i, j, k, w))
