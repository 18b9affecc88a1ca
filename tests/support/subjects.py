"""Every shipped driver as a subject of the conformance kit: add yours to ``SUBJECTS``.

A driver with a simulated counterpart takes a line: its settings in the world file, its options, and what its values
may be. The peer is the simulator, in lockstep::

    "my-probe": simulated({"kind": "my-probe"}, reads={"temperature": near(23.4, 0.5)}),

``reads`` names points, each with what can be right (the narrower, the more a check sees); ``writes`` names points with
two or more setpoints; ``uses`` holds whatever else it does, as a coroutine that returns what it got; ``others`` are
further devices of its world; ``options`` those of the driver. A driver with another peer gives a function of a
context manager that yields a ``Subject``. One that has no peer to misbehave says where it is tested instead::

    "my-model": Elsewhere("tests/drivers/test_my_model.py", "it is a process, without a wire"),

``LACKS`` names the checks that a driver's peer has no means for, with the reason: one that is not named here fails.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from hil.bench.config import find_bench
from hil.clock import LockstepClock
from hil_drivers.capability import Drawn, Frame, PoseIndication, Response, Values
from hil_drivers.device import driver_class
from hil_drivers.instruments.audio_analyser import AudioAnalyser
from hil_drivers.instruments.scene_server import SceneServer
from hil_drivers.instruments.sign_panel import SignPanel
from hil_drivers.instruments.synthetic import Synthetic
from hil_drivers.instruments.ur_rtde import UrRtde
from hil_drivers.sim.client import Simulation
from hil_drivers.testing import ConformanceError, SimPeer, Subject

START_UTC = 1780300800000000000
STALL_AFTER = 60.0

MakeSubject = Callable[[], AbstractAsyncContextManager[Subject]]
Accept = Callable[[float], bool]


PATIENCE = 1.2
"""Seconds that drivers of a byte stream wait here for an answer, so that silence is no long wait."""


@dataclass(frozen=True)
class Elsewhere:
    """A driver that the kit cannot check: the test that does instead, and why."""

    test: str
    reason: str


def simulated(
    device: Mapping[str, Any],
    *,
    others: Mapping[str, Mapping[str, Any]] | None = None,
    lamp: Mapping[str, Any] | None = None,
    options: Mapping[str, Any] | None = None,
    reads: Mapping[str, Accept] | None = None,
    writes: Mapping[str, Sequence[float]] | None = None,
    uses: Mapping[str, Callable[[Any], Awaitable[object]]] | None = None,
    driver: str | None = None,
    scene: str = "light-room",
    unseen: Mapping[str, str] | None = None,
) -> MakeSubject:
    """A driver with the simulated device of the same name, or ``driver`` with that device."""
    world: dict[str, Any] = {
        "start_utc": START_UTC,
        "scene": scene,
        "room": {"temperature": 23.4, "temperature_swing": 0.0, "humidity": 45.0},
        "devices": {"device": device, **(others or {})},
    }
    if lamp is not None:
        world["lamp"] = lamp

    @asynccontextmanager
    async def made() -> AsyncIterator[Subject]:
        kind = driver or device["kind"]
        tested = driver_class(kind)
        peer = SimPeer(world, "device", clock=_lockstep)

        def make() -> Any:
            device = tested("device", peer.address, clock=peer.clock, **(options or {}))
            link = getattr(device, "_link", None)
            if link is not None and hasattr(link, "timeout"):
                link.timeout = peer.timeout = PATIENCE
            return device

        await peer.start()
        try:
            yield Subject(
                kind, make, peer, reads=reads, writes=writes or {}, uses=uses or {}, unseen={**UNSEEN, **(unseen or {})}
            )
        finally:
            await peer.end()

    return made


def _lockstep(simulation: Simulation) -> LockstepClock:
    return LockstepClock(simulation, START_UTC, stall_after=STALL_AFTER)


def near(value: float, within: float) -> Accept:
    """Whether a value is ``value`` give or take ``within``."""
    return lambda found: abs(found - value) <= within


UNSEEN = {"frozen": "a value that has stopped cannot be told from a steady one"}


async def show(panel: SignPanel) -> None:
    """Show a text; the driver itself reads it back."""
    await panel.show("CONFORM")


async def read_sign(reader: Synthetic) -> Response:
    """Let it answer once; it always reads something."""
    response = await reader.respond(Values({}))
    assert response.output
    return response


async def draw(wall: SceneServer) -> Drawn:
    """Draw a text, and look when that was."""
    drawn = await wall.draw("CONFORM")
    assert drawn.commanded <= drawn.latest
    return drawn


async def listen(analyser: AudioAnalyser) -> Values:
    """Say an utterance over faint noise, and look where it is in what the microphone heard."""
    await analyser.show("utterance 2")
    await analyser.write("snr.set", 1e4)
    heard = await analyser.take()
    sound, rate = heard.values["sound"], heard.values["rate"]
    assert isinstance(sound, np.ndarray)
    onset = (await analyser.read("onset")).value
    assert onset is not None
    first = round(onset * float(rate))
    assert np.std(sound[: first - 16]) < 0.1 * np.std(sound[first : first + 8000])
    return heard


async def grab(camera: Any) -> Frame:
    """Take one picture."""
    frame: Frame = await camera.grab()
    assert frame.image.size
    return frame


async def move_arm(arm: UrRtde) -> PoseIndication:
    """Move up or down by 5 cm, and look where it is."""
    here = await arm.pose()
    if here.pose is None:
        return here
    target = replace(here.pose, z=0.355 if here.pose.z > 0.38 else 0.405)
    await arm.move_to(target)
    reached = await arm.pose()
    if reached.pose is None or abs(reached.pose.z - target.z) > 1e-4:
        raise ConformanceError(f"the arm says {reached.pose} where it was commanded to {target}")
    return reached


_CLOCK_JUMP = {"clock-jump": "a clock that restarts is noticed and learnt anew: the values stay right"}


async def feed(io: Any) -> float:
    """Feed a watchdog."""
    await io.feed()
    timeout: float = io.timeout
    return timeout


WIRING = {
    "inputs": {"estop": 0, "door": 1},
    "outputs": {"light": 0, "fan": 1},
    "watchdog": {"coil": 8},
    "watchdog_timeout": 1e6,
}
MAP = Path(__file__).with_name("flow_meter.toml")
SUPPLY = Path(__file__).with_name("power_supply.toml")
SUPPLY_ANSWERS: dict[str, Any] = {
    "identity": "EXAMPLE INSTRUMENTS,EX-PSU 3,70001,1.2",
    "values": {"current": 12.5, "resistance": 100.0, "temperature": {"follows": "temperature"}},
    "answers": {"DIAG:TEMP?": "T={temperature}K"},
}


async def dock(robot: Any) -> object:
    """Let a robot carry out a task of two steps."""
    outcome = await robot.perform("dock", order=2)
    assert outcome.status == "succeeded", outcome.status
    assert list(outcome.result["sequence"]) == [0, 1, 1, 2]
    return outcome


_ROS_UNSEEN = {"burst": "what is left of a burst is right; what never came is counted as missed"}

_NO_ANSWER = "the protocol has no answers: nothing tells whether a datagram arrived"

CERTIFICATE = {"indication": [1.0, 2000.0], "value": [1.0, 2000.0], "covariance": [[1e-4, 0.0], [0.0, 1e-4]]}
LIGHT = {"kind": "artnet", "universe": 0, "channel": 1}

OUTPUTS = {"humidity.running": 3, "compressed_air": 7, "dryer": 8}

SUBJECTS: dict[str, MakeSubject | Elsewhere] = {
    "artnet": simulated(
        LIGHT,
        lamp={"device": "device"},
        options={"universe": 0, "channel": 1, "full_scale": 2000.0},
        writes={"illuminance": [500.0, 0.0, 1000.0]},
        unseen={"silent": _NO_ANSWER},
    ),
    "audio-analyser": simulated(
        {"kind": "audio-analyser", "tolerance": {"distribution": "normal", "u": 0.0}},
        options={
            "folder": str(find_bench("voice-sim").parent / "utterances"),
            "speech_full_scale": 2.0 / 1.5,
            "noise_full_scale": 1.0,
            "timeout": PATIENCE,
        },
        reads={"speech": near(0.0278, 0.0085)},
        writes={"snr.set": [1.0, 4.0], "speech.set": [0.02, 0.0356]},
        uses={"listen": listen},
    ),
    "camera": simulated({"kind": "camera"}, others={"panel": {"kind": "sign-panel"}}, uses={"grab": grab}),
    "carriage": simulated({"kind": "carriage"}, writes={"position": [1.0, 0.0]}),
    "digital-io": simulated(
        {"kind": "digital-io", "estop": "estop", "transport": "rtu", **WIRING},
        options=WIRING,
        reads={"estop": near(1.0, 0.0)},
        writes={"light": [1.0, 0.0]},
        uses={"feed": feed},
        unseen={"estop": "an open chain is a state, not a fault of the value"},
    ),
    "hmp": simulated(
        {"kind": "hmp", "device_id": 240, "transport": "rtu"},
        reads={"temperature": near(23.4, 0.5), "humidity": near(45.0, 2.0)},
        unseen={"word-order": "it is checked whenever the link is made"},
    ),
    "cl200a": simulated(
        {"kind": "cl200a", "certificates": {"illuminance": CERTIFICATE}, "low_light": 0.0},
        reads={
            "illuminance": near(0.02, 0.2),
            "cct": near(6500.0, 100.0),
            "x": near(0.31, 0.02),
            "y": near(0.33, 0.02),
        },
        unseen={"low-light": "the illuminance keeps its value: tests/drivers/test_instrument_cl200a.py"},
    ),
    "manual": simulated(
        {
            "kind": "manual",
            "reaction": 1.0,
            "displays": {"pressure": {"value": 1013.2}, "air": {"shows": "temperature"}},
        },
        options={"points": {"pressure": "hPa", "air": "Cel"}, "within": 3.0},
        reads={"pressure": near(1013.2, 0.01), "air": near(23.4, 0.11)},
        unseen={"typo": "what is no number is asked for again: tests/drivers/test_instrument_manual.py"},
    ),
    "pt100-scanner": simulated(
        {"kind": "pt100-scanner", "channels": {"air": 101, "wall": 102}},
        options={"channels": {"air": 101, "wall": 102}, "nplc": 1.0},
        reads={"air": near(109.1, 0.5), "wall": near(109.1, 0.5)},
    ),
    "modbus": simulated(
        {"kind": "modbus", "map": str(MAP), "values": {"flow": 12.5, "temperature": {"follows": "temperature"}}},
        options={"map": str(MAP)},
        reads={"temperature": near(23.4, 0.06)},
        writes={"setpoint": [12.34, 0.0]},
        unseen={"word-order": "it is checked whenever the link is made"},
    ),
    "mqtt-meter": simulated(
        {"kind": "mqtt-meter", "period": 0.1, "password": True},
        options={
            "points": {
                "power": {"topic": "~/sensor", "field": "power", "unit": "W"},
                "voltage": {"topic": "~/sensor", "field": "voltage", "unit": "V"},
            },
            "relay": {"command": "~/relay/set", "state": "~/relay"},
            "availability": {"topic": "~/status"},
            "time": "time",
            "sequence": "n",
            "period": 0.1,
        },
        reads={"power": near(0.0, 0.2), "voltage": near(230.0, 5.0)},
        writes={"relay": [0.0, 1.0]},
        unseen={"burst": "a thousand values at once are no fault of any of them"},
    ),
    "natnet": simulated(
        {"kind": "natnet", "bodies": {"tool": "arm"}},
        others={"arm": {"kind": "ur-rtde"}},
        options={"bodies": ["tool"], "rate": 240.0},
        reads={"tool.x": near(-0.474, 0.005), "tool.qw": near(0.0104, 0.005), "tool.marker_error": near(1e-4, 1e-4)},
        unseen={**_CLOCK_JUMP, "lossy": "what is lost is counted; what comes is right"},
    ),
    "pylon": Elsewhere("tests/drivers/test_instrument_pylon.py", "its peer is the maker's emulator, an optional job"),
    "dataset": Elsewhere("tests/drivers/test_data_set.py", "it reads files, without a wire"),
    "http": Elsewhere("tests/drivers/test_system_http.py", "it is a system under test, without points"),
    "mqtt-system": Elsewhere("tests/drivers/test_system_mqtt.py", "it is a system under test, without points"),
    "onnx": Elsewhere("tests/drivers/test_system_onnx.py", "it is a child process, without a wire"),
    "stimuli": Elsewhere("tests/drivers/test_virtual.py", "it makes stimuli, without a wire"),
    "virtual-instrument": Elsewhere("tests/drivers/test_virtual.py", "it is a system under test, without a wire"),
    "ros2-system": Elsewhere("tests/drivers/test_system_ros2.py", "it is a system under test, without points"),
    "cascade": Elsewhere("tests/drivers/test_system_cascade.py", "it is a child process, without a wire"),
    "voice": Elsewhere("tests/drivers/test_system_voice.py", "it is a child process, without a wire"),
    "process": Elsewhere("tests/drivers/test_system_process.py", "it is a child process, without a wire"),
    "recogniser": Elsewhere("tests/drivers/test_recogniser.py", "it is a child process, without a wire"),
    "scpi": simulated(
        {"kind": "scpi", "description": str(SUPPLY), **SUPPLY_ANSWERS},
        options={"description": str(SUPPLY)},
        reads={
            "current": near(12.5, 1e-6),
            "temperature": near(23.4, 0.05),
            "resistance": near(100.0, 1e-6),
            "setpoint": near(0.0, 30.0),
        },
        writes={"setpoint": [5.0, 12.5], "limit": [100.0, 250.0]},
    ),
    "ros2": simulated(
        {"kind": "ros2-robot"},
        driver="ros2",
        options={
            "type": "nav_msgs/msg/Odometry",
            "points": {"x": {"field": "pose.pose.position.x", "unit": "m"}},
            "stamp": "header.stamp",
            "period": 0.05,
            "age": 0.0,
            "timeout": 1.0,
        },
        reads={"x": near(0.0, 0.02)},
        unseen=_ROS_UNSEEN,
    ),
    "ros2-robot": simulated(
        {"kind": "ros2-robot"},
        options={"synchronised": 1e-3, "timeout": 1.0, "actions": {"dock": {"type": "test_msgs/action/Fibonacci"}}},
        reads={"x": near(0.0, 5.0), "heading": near(0.0, 3.2), "speed": near(0.0, 0.3)},
        writes={"linear": [0.1, 0.0], "angular": [0.2, 0.0]},
        uses={"dock": dock},
        unseen=_ROS_UNSEEN,
    ),
    "scene-server": simulated(
        {"kind": "scene-server"},
        scene="immersion-wall",
        options={"full_scale": 120.0, "timeout": PATIENCE},
        reads={"refresh": near(60.0, 0.01)},
        writes={"level": [12.0, 60.0]},
        uses={"draw": draw},
    ),
    "sign-panel": simulated({"kind": "sign-panel"}, uses={"show": show}),
    "simserv": simulated(
        {"kind": "simserv", "outputs": OUTPUTS},
        options={"outputs": OUTPUTS},
        reads={
            "temperature": near(23.4, 40.0),
            "humidity": near(50.0, 50.0),
            "status": lambda value: value in (1, 3, 9, 11),
        },
        writes={
            "temperature.setpoint": [-40.0, 25.5],
            "humidity.setpoint": [85.0, 50.5],
            "temperature.gradient.up": [3.0, 0.0],
            "dryer": [1.0, 0.0],
            "running": [1.0, 0.0],
        },
    ),
    "synthetic": simulated(
        {"kind": "synthetic", "false_rate": 1.0},
        others={"panel": {"kind": "sign-panel"}},
        options={"timeout": PATIENCE},
        uses={"read": read_sign},
    ),
    "t10a": simulated(
        {"kind": "t10a", "certificates": {"illuminance": CERTIFICATE}}, reads={"illuminance": near(0.02, 0.2)}
    ),
    "weiss-ascii2": simulated(
        {"kind": "weiss-ascii2"},
        options={"outputs": {"dryer": 11}},
        reads={"temperature": near(23.4, 40.0), "humidity": near(50.0, 50.0)},
        writes={
            "temperature.setpoint": [-40.0, 25.5],
            "temperature.gradient.up": [3.0, 0.0],
            "fan": [60.0, 100.0],
            "dryer": [1.0, 0.0],
            "running": [1.0, 0.0],
        },
        unseen={"alarm": "its protocol tells none; that it stops after it was started is seen, and tested by itself"},
    ),
    "ur-rtde": simulated(
        {"kind": "ur-rtde"},
        options={"commands": True},
        reads={"tcp.z": near(0.355, 0.06), "joint.3": near(1.8, 0.3), "robot_mode": near(7.0, 0.0)},
        uses={"move": move_arm},
        unseen=_CLOCK_JUMP,
    ),
    "video": simulated(
        {"kind": "video"},
        others={"panel": {"kind": "sign-panel"}},
        options={"rate": 25.0, "delay": 0.05, "number": "X-Frame"},
        uses={"grab": grab},
    ),
}

_NO_POINT = "it has no point of that kind"
_DATAGRAMS = "a datagram comes whole or not at all"
_NO_VALUE = "its simulator has no fault of the value"

_ONE_WAY = dict.fromkeys(
    ("unreachable", "late", "timeout", "silent", "overdue", "loss", "garbage", "split", "merged", "values"), _NO_ANSWER
)

_ROS_MESSAGES = dict.fromkeys(
    ("late", "overdue", "garbage", "split", "merged"), "ROS delivers whole messages of the right type, or none"
)

LACKS: dict[str, dict[str, str]] = {
    "natnet": {"write": _NO_POINT, "split": _DATAGRAMS, "merged": _DATAGRAMS},
    "ur-rtde": {"write": _NO_POINT},
    "artnet": {"read": _NO_POINT, "stream": _NO_POINT, **_ONE_WAY},
    "camera": {"read": _NO_POINT, "stream": _NO_POINT, "write": _NO_POINT},
    "hmp": {"write": _NO_POINT},
    "cl200a": {"write": _NO_POINT},
    "manual": {"write": _NO_POINT},
    "pt100-scanner": {"write": _NO_POINT},
    "mqtt-meter": dict.fromkeys(
        ("late", "overdue", "split", "merged"), "its broker is a peer of its own, which has none"
    ),
    "ros2": {"write": _NO_POINT, **_ROS_MESSAGES},
    "ros2-robot": _ROS_MESSAGES,
    "sign-panel": {"read": _NO_POINT, "stream": _NO_POINT, "write": _NO_POINT},
    "synthetic": {"read": _NO_POINT, "stream": _NO_POINT, "write": _NO_POINT, "values": _NO_VALUE},
    "t10a": {"write": _NO_POINT},
    "video": {"read": _NO_POINT, "stream": _NO_POINT, "write": _NO_POINT},
}

CHECKED = sorted(name for name, found in SUBJECTS.items() if not isinstance(found, Elsewhere))
"""The drivers that the kit checks."""

SLOW = ("ros2", "ros2-robot", "synthetic")
"""Their checks are for make soak: a process of ROS takes long to begin and to end, and the link of the synthetic system
is that of the sign panel."""


def made(driver: str) -> MakeSubject:
    """What makes the subject of a driver among `CHECKED`."""
    found = SUBJECTS[driver]
    assert not isinstance(found, Elsewhere)
    return found
