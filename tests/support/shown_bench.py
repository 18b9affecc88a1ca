"""What the screens of the console are shown with: an interlock, an alarm, a lost sensor, questions."""

from __future__ import annotations

BENCH = """
[devices.io]
driver = "digital-io"
address = "sim:io"
inputs = { estop = 0 }
outputs = { lamp = 0 }
watchdog = { coil = 15 }

[channels."safety.estop"]
device = "io"
point = "estop"
unit = "1"

[watchdog]
device = "io"
every = "250 ms"

[interlocks.estop]
when = "safety.estop == 0"
period = "500 ms"
stale_after = "60 s"
guidance = "look at the rig, then close the chain"

[interlocks."too bright"]
when = "plane.illuminance > 600"
uncertainty = "ignored"
period = "1 s"
stale_after = "60 s"
guidance = "look for a second lamp that is lit; let nobody look into the light"

[interlocks."room warm"]
when = "room.temperature > 23"
then = "alarm"
priority = "high"
period = "5 s"
guidance = "open the door, and read the reference again"

[devices.pocket]
driver = "hmp"
address = "sim:pocket"

[channels."plane.illuminance"]
device = "reference"
point = "illuminance"
unit = "lx"

[channels."pocket.temperature"]
device = "pocket"
point = "temperature"
unit = "Cel"
period = "1 s"

[sim.devices.io]
estop = "estop"

[[sim.faults]]
device = "climate"
kind = "dropped"
from = 75.0
"""
"""A watchdog with its E-stop chain, an interlock that the last point trips, an alarm, a sensor that is lost."""

SCRIPT = '''"""Signs at rising illuminance, looked at by a camera and by a person."""

from hil import Design, Parameters, Record, Results, Trial, procedure
from hil_drivers.capability import Actuator, Camera, Scene, Sensor

LEVELS = (20.0, 50.0, 100.0, 200.0, 800.0)


class Signs(Parameters):
    """No parameters."""


ROLES = {"light": Actuator, "carriage": Actuator, "reference": Sensor, "scene": Scene, "camera": Camera}


@procedure("signs", version="1", roles=ROLES)
async def signs(trial: Trial, p: Signs) -> None:
    """Show a sign at each level; ask how bright it looks, and whether all of it is seen."""
    light, reference = trial.role("light", Actuator), trial.role("reference", Sensor)
    scene, camera = trial.role("scene", Scene), trial.role("camera", Camera)
    await trial.role("carriage", Actuator).set(1.0)
    async for point in trial.points():
        await light.set(point.level)
        await scene.show("HIL42")
        await point.settle(reference, within=0.1 * point.level, for_=5.0)
        async with point.valid(reference, point.level, tolerance=0.5 * point.level):
            frame = await camera.grab()
            point.observe(level=point.level, read=await trial.sample(reference, 20))
        if point.level == 50.0:
            await trial.ask("how bright does it look from the door?", "number", unit="lx", lower=0.0,
                            upper=1000.0)
        if point.level == 100.0:
            await trial.ask("is the sign wholly in sight?", "yes/no", picture=frame.image)


@signs.plan
def plan(p: Signs) -> Design:
    """Rising levels."""
    return Design({"level": "lx"}, [{"level": level} for level in LEVELS])


@signs.analysis
def analyse(record: Record, p: Signs) -> Results:
    """Nothing is computed."""
    return Results((), {})
'''
"""A trial that asks for a number and shows a picture; its last level trips the interlock."""
