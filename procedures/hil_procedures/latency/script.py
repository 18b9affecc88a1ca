"""How long does it take from a scene that is commanded to a picture in which the camera has seen it?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hil import Design, Point, Record, Results, Trial, procedure
from hil.comparing.results import Compared, dof_of, parts_of
from hil.coverage.truth import Answer, Stated, TrueWorld
from hil.errors import BenchFault
from hil.scripts import Command
from hil_drivers.capability import Actuator, Camera, Drawn, Frame, Sensor, StampedScene
from hil_drivers.wire.frame_tag import MODULUS

from .parameters import BRIGHT, DARK, SceneToSensorLatency

NANOSECONDS = 1_000_000_000
CONTRAST = 10.0
"""The least that dark and bright must differ by, in digital numbers of the picture."""

FARTHEST = 64
"""How many frames of the wall a picture may be ahead of the scene that it shows first."""


@procedure(
    "scene-to-sensor-latency",
    version="2",
    roles={"light": Actuator, "scene": StampedScene, "stream": Camera, "temperature": Sensor},
)
async def latency(trial: Trial, p: SceneToSensorLatency) -> None:
    """Measure the time from a command to draw a scene to the picture in which a camera has seen it."""
    scene, stream = trial.role("scene", StampedScene), trial.role("stream", Camera)
    room = trial.role("temperature", Sensor)
    await trial.role("light", Actuator).set(p.level)
    half = await _half(trial, p)
    async for point in trial.points():
        async with point.valid(room, p.temperature, tolerance=p.temperature_tolerance, period=p.timeout):
            await trial.sleep(p.dark)
            await scene.draw(DARK)
            frame, drawn = await trial.together(_seen(stream, half, p), _event(trial, p.dark + point.wait))
            _observe(point, frame, drawn)


async def _half(trial: Trial, p: SceneToSensorLatency) -> float:
    """The brightness half-way between dark and bright: a picture that is brighter has seen the scene for longer."""
    from .pictures import brightness

    scene, stream = trial.role("scene", StampedScene), trial.role("stream", Camera)
    seen = {}
    for content in (DARK, BRIGHT):
        await scene.draw(content)
        await trial.sleep(p.dark)
        seen[content] = brightness((await stream.grab()).image)
    trial.note("brightness of the picture", dark=seen[DARK], bright=seen[BRIGHT])
    if seen[BRIGHT] - seen[DARK] < CONTRAST:
        raise BenchFault(
            f"the picture is {seen[DARK]:.0f} when the wall is dark and {seen[BRIGHT]:.0f} when it is bright",
            where="stream",
            remedy="point the camera at the wall, and give it more light",
        )
    return (seen[DARK] + seen[BRIGHT]) / 2.0


async def _event(trial: Trial, wait: float) -> Drawn:
    await trial.sleep(wait)
    return await trial.role("scene", StampedScene).draw(BRIGHT)


async def _seen(stream: Camera, half: float, p: SceneToSensorLatency) -> Frame:
    """The first picture that is bright, after at least one that is not; none may be lost on the way.

    :raises BenchFault: if one is lost, or none comes in time.
    """
    from .pictures import brightness

    before = await stream.grab()
    if brightness(before.image) >= half:
        raise BenchFault("the picture is bright before the event", where="stream", remedy="keep other light away")
    begun = before.latest
    while before.latest - begun < (p.dark + p.spread + p.timeout) * NANOSECONDS:
        frame = await stream.grab()
        if frame.number != before.number + 1:
            raise BenchFault(
                f"picture {frame.number} came after picture {before.number}",
                where="stream",
                remedy="look at the load of the machine and of the link",
            )
        if brightness(frame.image) >= half:
            return frame
        before = frame
    raise BenchFault(f"has not shown the scene in {p.timeout:g} s", where="stream", remedy="look at wall and camera")


def _observe(point: Point, frame: Frame, drawn: Drawn) -> None:
    """Keep the event, if what the picture says of the wall's frame agrees with what the scene server says.

    :raises BenchFault: if the picture shows a frame before the one that the scene was drawn in.
    """
    from .pictures import frame_of

    told = frame_of(frame.image)
    ahead = None if told is None else (told - drawn.frame) % MODULUS
    if ahead is not None and ahead > FARTHEST:
        raise BenchFault(
            f"picture {frame.number} shows frame {told} of the wall, which is before frame {drawn.frame % MODULUS}",
            where="stream",
            remedy="look at the clock and the frames of the scene server",
        )
    point.observe(
        wait=point.wait,
        latency=(frame.latest - drawn.commanded) / NANOSECONDS,
        drawn=((drawn.earliest + drawn.latest) / 2.0 - drawn.commanded) / NANOSECONDS,
        stamped_within=(drawn.latest - drawn.earliest) / NANOSECONDS,
        frame=drawn.frame,
        ahead=ahead,
        picture=frame.number,
        left=frame.latest,
        began=(drawn.earliest + drawn.latest) // 2,
    )


@latency.plan
def plan(p: SceneToSensorLatency) -> Design:
    """The events in random order of their waits, which divide the spread evenly."""
    waits = [{"wait": (number + 0.5) / p.events * p.spread} for number in range(p.events)]
    return Design({"wait": "s"}, waits, order="random", duration=p.events * (p.dark + p.spread))


@latency.commands
def commands(p: SceneToSensorLatency) -> list[Command]:
    """The brightness of the wall."""
    return [("light", p.level)]


@latency.analysis
def analyse(record: Record, p: SceneToSensorLatency) -> Results:
    """Mean, 95th percentile and jitter with their uncertainty, and the verdict."""
    from .results import results

    return results(record, p)


@latency.conditions
def conditions(found: Mapping[str, Any], _p: SceneToSensorLatency) -> Mapping[str, Mapping[str, Compared]]:
    """Mean and 95th percentile over all events; no percentile where the run has no upper bound of it."""
    exact, budget, unit = found["unrounded"], found["budget"], found["unit"]
    mean = Compared(exact["mean"], exact["u_mean"], unit, parts_of(budget), dof_of(budget), of_size=True)
    told: dict[str, dict[str, Compared]] = {"mean": {"all events": mean}, "95th percentile": {}}
    if (u := exact["u_p95"]) is not None:
        parts = parts_of(found["budget_p95"])
        told["95th percentile"]["all events"] = Compared(exact["p95"], u, unit, parts, of_size=True)
    return told


@latency.truth(events="60", required="66.5 ms")
def truth(world: TrueWorld, found: Mapping[str, Any], p: SceneToSensorLatency) -> Answer:
    """The mean over all phases of the refresh and of the camera, which a run meets only some of; and whether 95 % of
    all scenes are truly seen within what is required.

    That is 66.9 ms on ``immersion-sim``: what is required by default here lies just below, where a wrong PASS is the
    most likely.
    """
    from .results import RISK
    from .statistics import SHARE

    stated = found["unrounded"]
    true, conforms = world.scene_latency(), world.scene_latency_within(SHARE) <= p.required
    mean = Stated(stated["mean"], stated["u_mean"], 1e3 * true, "ms")
    return Answer({"mean": mean}, conforms, RISK, acceptable=conforms, producer_risk=RISK)
