"""The truth of a simulated world, for those alone who judge a procedure: no script and no analysis sees it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from .stated import Stated, StatedInterval

if TYPE_CHECKING:
    from hil_drivers.sim.response_curve import ResponseCurve
    from hil_drivers.sim.world import World

    from ..bench.config import BenchConfig
    from .hall import TrueHall
    from .rail import TrueRail
    from .stimuli import TrueStimuli

__all__ = ["Answer", "Stated", "StatedInterval", "TrueWorld", "Truth", "true_world"]


@dataclass(frozen=True)
class Answer:
    """What one run stated, by measurand, and whether the item truly conforms; ``None`` where nothing was required.

    :param risk: as the procedure states it, the largest probability of PASS for an item that does not conform.
    :param acceptable: whether the item is at least as good as those for which the procedure states ``producer_risk``.
    :param producer_risk: the largest probability of FAIL for an acceptable item; ``None`` where none is stated.
    """

    measurands: Mapping[str, Stated | StatedInterval]
    conforms: bool | None = None
    risk: float | None = None
    acceptable: bool | None = None
    producer_risk: float | None = None

    def __post_init__(self) -> None:
        for name in ("conforms", "acceptable"):  # a comparison of numbers of numpy gives none of Python's
            if getattr(self, name) is not None:
                object.__setattr__(self, name, bool(getattr(self, name)))


class TrueWorld:
    """The world of one seed, as the run had it: simulated, or of stimuli that are made as they are asked for."""

    def __init__(self, world: World | None, bench: str, stimuli: TrueStimuli | None = None) -> None:
        self._simulated, self._bench, self._stimuli = world, bench, stimuli

    @property
    def _world(self) -> World:
        if self._simulated is None:
            raise UsageError("simulates no equipment", where=self._bench, remedy="use a bench with a section [sim]")
        return self._simulated

    @property
    def stimuli(self) -> TrueStimuli:
        """The truth of stimuli that a virtual instrument is given.

        :raises UsageError: if the bench makes none.
        """
        if self._stimuli is None:
            raise UsageError(
                "makes no stimuli for a virtual instrument",
                where=self._bench,
                remedy="use a bench with the drivers stimuli and virtual-instrument",
            )
        return self._stimuli

    def effect(self, name: str) -> float:
        """The drawn value of a named effect, in the unit in which the bench declares it.

        :raises UsageError: if the world has none of that name.
        """
        found = self._world.truth.effects
        if name not in found:
            raise UsageError(
                f"its world has no effect {name!r}, from which the truth is known",
                where=self._bench,
                remedy="use a bench that declares it",
            )
        return found[name]

    def luxmeter(self, device: str, illuminance: float) -> float:
        """What a luxmeter indicates, without noise and digits, in lx, at ``illuminance`` in lx on its head."""
        from hil_drivers.sim.devices.t10a import LuxmeterDevice
        from hil_drivers.sim.luxmeter import Luxmeter

        described = self._world.file.devices.get(device)
        if not isinstance(described, LuxmeterDevice):
            raise UsageError(
                f"its world has no luxmeter {device!r}", where=self._bench, remedy="use a bench that has one"
            )
        return Luxmeter(device, described, self._world).indication(illuminance, self._world.time.now())

    def described(self, device: str, point: str, temperature: float) -> float:
        """What an instrument of a description indicates, without noise and digits, of its constant input while its
        place has ``temperature`` in Cel; in the unit of the point.

        :raises UsageError: if the world has no such instrument, or the point follows a quantity of the world.
        """
        from hil_drivers.sim.devices.scpi import ScpiInstrumentDevice
        from hil_drivers.sim.response import Response

        found = self._world.file.devices.get(device)
        constant = found.served(point).constant if isinstance(found, ScpiInstrumentDevice) else None
        if constant is None:
            raise UsageError(
                f"its world has no described instrument {device!r} with a constant {point!r}",
                where=self._bench,
                remedy="use a bench that has one",
            )
        return Response(self._world, device, point, noise=0.0).settled(constant, temperature)

    def stimulus(self, level: float, bearing: float = 0.0) -> float:
        """The stimulus at which the synthetic system under test gives the right answer with the probability ``level``,
        in the mean over what it can be shown; in the unit of its stimulus.

        :param bearing: of the target, in degrees.
        :raises UsageError: if the world has no such system, or its curve does not reach the level.
        """
        try:
            return self._curve(bearing).stimulus(level)
        except ValueError as error:
            raise UsageError(str(error), where=self._bench, remedy="state a curve that does") from None

    def share(self, stimulus: float, bearing: float = 0.0) -> float:
        """The probability of the right answer of the synthetic system under test at ``stimulus``, in its unit, in the
        mean over what it can be shown.

        :param bearing: of the target, in degrees.
        :raises UsageError: if the world has no such system.
        """
        return self._curve(bearing).average(stimulus)

    def _curve(self, bearing: float) -> ResponseCurve:
        from hil_drivers.sim.devices.synthetic import SyntheticDevice
        from hil_drivers.sim.synthetic import curve

        readers = [device for device in self._world.file.devices.values() if isinstance(device, SyntheticDevice)]
        if not readers:
            raise UsageError(
                "its world has no system under test whose curve is known",
                where=self._bench,
                remedy="use a bench with the driver synthetic",
            )
        return curve(readers[0], bearing)

    def stops(self, arm: str, target: Sequence[float]) -> tuple[Sequence[float], Sequence[Sequence[float]]]:
        """Where the tool of an arm truly stops when it is told to go to ``target``: the mean of its position in m, and
        its covariance from stop to stop in m².

        :param target: position in m and rotation vector in rad.
        :raises UsageError: if the world has no such arm, its stops are only known by physics, or it cannot go there.
        """
        from hil_drivers.sim.arm import arms

        found = arms(self._world).get(arm)
        if found is None or self._world.file.scene == "robot-hall":
            raise UsageError(
                f"its world has no arm {arm!r} whose stops are known",
                where=self._bench,
                remedy="use a bench with the driver ur-rtde, without physics",
            )
        try:
            return found.stops(target)
        except ValueError as error:
            raise UsageError(str(error), where=self._bench, remedy="command another pose") from None

    @property
    def hall(self) -> TrueHall:
        """The truth of a robot hall.

        :raises UsageError: if the world is none.
        """
        from .hall import TrueHall

        return TrueHall(self._world, self._bench)

    @property
    def rail(self) -> TrueRail:
        """The truth of a target on a rail."""
        from .rail import TrueRail

        return TrueRail(self._world, self._bench)

    def scene_latency(self) -> float:
        """The mean time in s from a command to draw a scene to the picture of the first free-running camera that has
        seen it for half of its exposure, in the middle of the display: the mean over all phases.

        :raises UsageError: if the world has no display wall or no such camera.
        """
        refresh, pictures, fixed = self._scene_waits()
        return fixed + (refresh + pictures) / 2.0

    def scene_latency_within(self, share: float) -> float:
        """The time in s within which a ``share`` of the scenes is seen, over all phases, as for `scene_latency`.

        The two waits are uniform and independent, so that their sum falls off as a square towards its end.

        :param share: so near 1 that the rest lies within the shorter wait of the end.
        :raises UsageError: if the world has no display wall or no such camera.
        """
        refresh, pictures, fixed = self._scene_waits()
        rest = math.sqrt(2.0 * (1.0 - share) * refresh * pictures)
        if rest > min(refresh, pictures):
            raise UsageError(f"a share of {share:g} is not near enough to 1", where=self._bench)
        return fixed + refresh + pictures - rest

    def _scene_waits(self) -> tuple[float, float, float]:
        """The longest waits for the wall and for the camera, and what is the same for every scene, in s."""
        from hil_drivers.sim.devices.scene_server import SceneServerDevice
        from hil_drivers.sim.devices.video import VideoDevice

        devices = self._world.file.devices
        wall = next(((name, d) for name, d in devices.items() if isinstance(d, SceneServerDevice)), None)
        stream = next((d for d in devices.values() if isinstance(d, VideoDevice)), None)
        if wall is None or stream is None:
            raise UsageError("its world has no display wall with a camera before it", where=self._bench)
        name, display = wall
        refresh = (1.0 + self._world.truth.walls[name]["rate"]) / display.refresh
        shown = display.render + display.scan_out * refresh / 2.0 + display.response
        return refresh, 1.0 / stream.rate, shown + stream.exposure / 2.0 + stream.readout


Truth = Callable[[TrueWorld, Mapping[str, Any], Any], Answer]
"""From the world, what a run has under ``results`` in ``results.json``, and its parameters."""


def true_world(config: BenchConfig, seed: int) -> TrueWorld:
    """The world that a run on ``config`` has with ``seed``.

    :raises ConfigurationError: if the bench is not simulated, and makes no stimuli either.
    """
    from .draw import stimuli_of

    if config.sim is None and (device := stimuli_of(config)) is not None:
        from .stimuli import TrueStimuli

        return TrueWorld(None, str(config.path), TrueStimuli(config, device, seed))
    from hil_drivers.sim.world import World
    from hil_drivers.sim.world_file import WorldFile

    from ..bench.fit import fit_to_start
    from ..bench.world import compile_world

    records = fit_to_start(config, [name for name, channel in config.channels.items() if channel.calibration])
    file = WorldFile.model_validate(compile_world(config, records, seed=seed))
    return TrueWorld(World(file), str(config.path))
