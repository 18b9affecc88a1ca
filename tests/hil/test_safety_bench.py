"""Interlocks, watchdog and safe state of a bench file: what is refused before anything moves, with its line."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from bench_copy import copy_bench
from hil.bench.config import BenchConfig, load_bench
from hil.bench.drivers import check_drivers
from hil.bench.opened import open_bench
from hil.binding import Binding
from hil.errors import ConfigurationError
from hil.record import RecordWriter
from hil.safety.rules import rules
from hil.scripts import Procedure
from hil_drivers.capability import Watchdog
from hil_drivers.errors import SetpointRefused
from safe_bench import WATCHDOG, write_bench

GOOD = """
[devices.io]
driver = "digital-io"
address = "sim:io"
inputs = { estop = 0 }
outputs = { lamp = 0 }
watchdog = { coil = 15 }

[channels."io.estop"]
device = "io"
point = "estop"
unit = "1"

[channels."io.lamp"]
device = "io"
point = "lamp"
unit = "1"

[interlocks.hot]
when = "room.temperature > 35"
hysteresis = 1.0
delay = "2 s"

[interlocks.estop]
when = "io.estop == 0"

[interlocks.late]
when = "interlock(hot) or stale(room.humidity)"
then = "alarm"

[watchdog]
device = "io"
"""


def bench(folder: Path, *changes: tuple[str, str]) -> Path:
    return copy_bench(folder, *changes, add=GOOD)


def checked(path: Path) -> BenchConfig:
    config = load_bench(path)
    check_drivers(config, config.needed_devices(), config.needed_channels())
    return config


def faults(path: Path) -> list[str]:
    with pytest.raises(ConfigurationError) as refused:
        checked(path)
    return str(refused.value).splitlines()


def spoiled(folder: Path, old: str, new: str) -> Path:
    path = bench(folder)
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    return path


def test_a_good_bench_is_taken_with_its_interlocks_in_order(tmp_path: Path) -> None:
    config = checked(bench(tmp_path))
    made = rules(config.interlocks)
    assert list(made).index("hot") < list(made).index("late")
    assert (made["hot"].delay, made["hot"].hysteresis, made["hot"].confidence) == (2.0, 1.0, 0.95)
    assert config.interlocks["hot"].oldest == 2.0
    assert config.interlocks["hot"].urgency == "safety"
    assert config.interlocks["late"].urgency == "medium"


def test_what_safety_needs_is_opened_in_every_run(tmp_path: Path) -> None:
    config = load_bench(bench(tmp_path))
    needed = config.needed_channels(["scene"])
    assert {"room.temperature", "room.humidity", "io.estop", "light.illuminance"} <= set(needed)
    assert "io" in config.needed_devices(["scene"])


INTERLOCK = 'when = "room.temperature > 35"'


@pytest.mark.parametrize(
    ("old", "new", "key", "said"),
    [
        (INTERLOCK, 'when = "room.temperatur > 35"', "interlocks.hot.when", "did you mean 'room.temperature'?"),
        (INTERLOCK, 'when = "room.temperature > "', "interlocks.hot.when", "found the end"),
        (INTERLOCK, 'when = "lost(climat)"', "interlocks.hot.when", "no device \"climat\"; did you mean 'climate'?"),
        (INTERLOCK, 'when = "interlock(hott)"', "interlocks.hot.when", "no interlock \"hott\"; did you mean 'hot'?"),
        (INTERLOCK, 'when = "room.temperature > 5 or room.temperature < 10"', "hot.when", "always holds"),
        (INTERLOCK, 'when = "room.temperature > 5 and room.temperature < 3"', "hot.when", "can never hold"),
        (INTERLOCK, 'when = "interlock(late)"', "when", "waits for itself: "),
        (INTERLOCK, 'when = "interlock(hot)"', "interlocks.hot.when", "waits for itself: hot -> hot"),
        (INTERLOCK, 'when = "room.temperature > room.humidity"', "hot.when", 'is in "Cel" and room.humidity in "%"'),
        (INTERLOCK, 'when = "io.estop < 1"', "hot.when", 'uncertainty of "io.estop" is unknown'),
        (INTERLOCK, 'when = "rate(room.temperature, 3 s) > 1"', "hot.when", "fewer than 5 readings"),
        (
            f"{INTERLOCK}\nhysteresis = 1.0",
            'when = "light.illuminance == 5"',
            "hot.when",
            "takes setpoints and cannot be read",
        ),
        (INTERLOCK, 'when = "lost(climate)"', "hot.hysteresis", "none is compared; leave it out"),
        (INTERLOCK, 'when = "room.temperature > 3 or room.humidity > 9"', "hysteresis", "%, Cel are compared"),
        (INTERLOCK, "wen = 3", "interlocks.hot.wen", "did you mean 'when'?"),
        ('delay = "2 s"', 'stale_after = "500 ms"', "interlocks.hot", "stale_after is not above period"),
        ('delay = "2 s"', "confidence = 0.4", "interlocks.hot.confidence", "found 0.4"),
        ('delay = "2 s"', 'priority = "urgent"', "interlocks.hot.priority", '"low", "medium", "high" or "safety"'),
        (
            '[watchdog]\ndevice = "io"',
            '[watchdog]\ndevice = "ligths"',
            "watchdog.device",
            "did you mean 'lights'?",
        ),
        ('[watchdog]\ndevice = "io"', '[watchdog]\ndevice = "climate"', "watchdog.device", "has no watchdog to feed"),
        ("watchdog = { coil = 15 }", "", "watchdog.device", "is told of no watchdog"),
        ("limits = [1.0, 1000.0]", "range = [1.0, 1000.0]", "range", "this channel senses; use limits"),
        ("set = 0.0 }", "set = 0.0, within = 1.0 }", "actions[0]", "readback and within belong together"),
        ("set = 0.0 }", 'set = 0.0, readback = "io.lamp" }', "actions[0]", "readback and within belong together"),
        ("set = 0.0 }", 'set = 0.0, readback = "ligt", within = 1.0 }', "actions[0].readback", 'no channel "ligt"'),
        (
            "set = 0.0 }",
            'set = 0.0, readback = "io.lamp", within = 1.0 }',
            "actions[0].readback",
            'in "1", not in "lx"',
        ),
        (
            'illuminance", set = 0.0 }',
            'illuminance", set = 0.0, readback = "light.illuminance", within = 1.0 }',
            "actions[0].readback",
            "cannot be read",
        ),
        (
            'illuminance", set = 0.0 }',
            'illuminance", set = 0.0, after = ["io.lamp"] }',
            "actions[0].after",
            'no earlier action commands "io.lamp"',
        ),
        ('channel = "light.illuminance", set', 'channel = "io.estop", set', "actions[0].channel", "takes no setpoint"),
        ('channel = "light.illuminance", set', 'channel = "lamp", set', "actions[0].channel", 'no channel "lamp"'),
        (
            "[interlocks.hot]",
            '[gates.lit]\nchannel = "light.illuminance"\nlower = 1.0\n\n[interlocks.hot]',
            "gates.lit.channel",
            'nobody reads the channel "light.illuminance" in the background; give it a period',
        ),
        (
            '[channels."light.illuminance"]',
            '[gates.lit]\nchannel = "light.illuminance"\nlower = 1.0\n\n[channels."light.illuminance"]\nperiod = "1 s"',
            "gates.lit.channel",
            "it takes setpoints; name a channel that senses",
        ),
    ],
)
def test_what_is_refused(tmp_path: Path, old: str, new: str, key: str, said: str) -> None:
    path = spoiled(tmp_path, old, new)
    told = [fault for fault in faults(path) if said in fault]
    assert told, faults(path)
    place = told[0].split(": ")
    assert key in place[1]
    line = int(place[0].rpartition(":")[2])
    assert path.read_text(encoding="utf-8").splitlines()[line - 1].strip() != "", "the line to mend"


def test_interlocks_of_which_one_always_holds_are_refused(tmp_path: Path) -> None:
    path = bench(tmp_path)
    text = path.read_text(encoding="utf-8")
    cold = '[interlocks.cold]\nwhen = "room.temperature < 40"\n'
    path.write_text(text + cold, encoding="utf-8")
    (told,) = faults(path)
    assert told.endswith(
        "interlocks.cold.when: this or hot always holds, whatever is measured: no run could start; look at their limits"
    )
    path.write_text(text + cold.replace("40", "-40"), encoding="utf-8")
    assert load_bench(path).interlocks["cold"].when == "room.temperature < -40"


def test_three_interlocks_together_are_looked_at_too(tmp_path: Path) -> None:
    path = bench(tmp_path)
    more = '[interlocks.{}]\nwhen = "{}"\n'
    path.write_text(
        path.read_text(encoding="utf-8")
        + more.format("cold", "room.temperature < 10")
        + more.format("mild", "room.temperature > 9 and room.temperature < 36"),
        encoding="utf-8",
    )
    assert any("mild.when: this or hot and estop and cold always holds" in told for told in faults(path))


async def test_the_range_of_a_channel_holds_for_its_point_whatever_way_a_setpoint_comes(tmp_path: Path) -> None:
    """By a channel without a range, and by the driver itself."""
    second = '\n[channels."light.raw"]\ndevice = "lights"\npoint = "illuminance"\nunit = "lx"\n'
    path = write_bench(tmp_path, second, changes=(('light = "light.illuminance"', 'light = "light.raw"'),))
    async with open_bench(load_bench(path), roles=["light"]) as opened:
        for command in (opened.actuator("light.raw").set, partial(opened.device("lights").write, "illuminance")):
            with pytest.raises(SetpointRefused, match="command a value from 0 to 1500 lx"):
                await command(1600.0)
            await command(1400.0)


async def test_no_procedure_feeds_the_watchdog(tmp_path: Path) -> None:
    path = write_bench(tmp_path / "bench", WATCHDOG, changes=(('lamp = "io.lamp"', 'lamp = "io"'),))
    feeding = Procedure("feeding", "1", {"lamp": Watchdog}, frozenset(), never, "")
    record = RecordWriter.create(tmp_path / "run", {})
    async with open_bench(load_bench(path), roles=["lamp"]) as opened:
        with pytest.raises(ConfigurationError, match="asks for a Watchdog, which no procedure is given"):
            Binding(feeding, opened, record)
    await record.close("complete")


async def never(trial: object, p: object) -> None:
    raise AssertionError


def test_an_unknown_uncertainty_can_be_ignored_in_so_many_words(tmp_path: Path) -> None:
    path = spoiled(tmp_path, INTERLOCK, 'when = "luxmeter.illuminance > 900"\nuncertainty = "ignored"')
    assert load_bench(path).interlocks["hot"].uncertainty == "ignored"
    assert "uncertainty" in faults(spoiled(tmp_path, INTERLOCK, 'when = "luxmeter.illuminance > 900"'))[0]


def test_an_interlock_that_leads_to_a_safe_state_needs_one(tmp_path: Path) -> None:
    text = copy_bench(tmp_path / "plain").read_text(encoding="utf-8")
    line = next(line for line in text.splitlines() if line.startswith("actions = "))
    path = bench(tmp_path, (line, ""))
    assert any("interlocks.hot.then: leads to a safe state, and [safe_state] has no actions" in f for f in faults(path))


def test_an_action_outside_the_range_of_its_own_channel_is_refused(tmp_path: Path) -> None:
    path = bench(
        tmp_path, ('point = "illuminance"\nunit = "lx"\n', 'point = "illuminance"\nunit = "lx"\nrange = [5, 9]\n')
    )
    assert any("actions[0].set: 0 lies outside the range [5.0, 9.0]" in fault for fault in faults(path))
