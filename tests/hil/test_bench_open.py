"""An open bench: real drivers against the real simulator."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from hil.bench import BenchConfig, find_bench, load_bench, open_bench
from hil.bench.drivers import check_drivers
from hil.bench.world import start_utc
from hil.errors import BenchFault, ConfigurationError, NotFit, UsageError
from hil.safety.safe_state import SafeState
from hil_drivers.capability import Actuator, Camera, Scene, Sensor
from hil_drivers.clock import NANOSECONDS
from hil_drivers.device import make_device
from hil_drivers.errors import OptionError

ROLES = ["light", "reference", "luxmeter", "carriage", "temperature"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(find_bench("action-sim").parent, tmp_path / "benches"))


def changed(folder: Path, *changes: tuple[str, str], file: str = "action-sim.toml") -> BenchConfig:
    path = folder / file
    text = path.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    path.write_text(text, encoding="utf-8")
    return load_bench(folder / "action-sim.toml")


async def test_roles_are_channels_with_their_calibration() -> None:
    async with open_bench(load_bench("action-sim"), seed=3, roles=ROLES, calibrated=["reference"]) as bench:
        assert bench.provenance == "simulated"
        light, reference = bench.role("light"), bench.role("reference")
        assert isinstance(light, Actuator)
        assert not isinstance(light, Sensor)
        assert isinstance(reference, Sensor)
        assert not isinstance(reference, Actuator)
        assert isinstance(bench.role("carriage"), Sensor)
        assert bench.channel("reference.illuminance").record is not None
        assert bench.channel("luxmeter.illuminance").record is None
        assert len(bench.channel("luxmeter.illuminance").placement) == 2
        await bench.actuator("carriage.position").set(1.0)
        await light.set(200.0)
        await bench.clock.sleep(5.0)
        indication = await bench.sensor("reference.illuminance").read()
        assert indication.unit == "lx"
        assert indication.value == pytest.approx(200.0, rel=0.2)


async def test_the_same_seed_gives_the_same_numbers() -> None:
    async def once(seed: int) -> list[float | None]:
        async with open_bench(load_bench("action-sim"), seed=seed, roles=["light", "luxmeter"]) as bench:
            await bench.actuator("light.illuminance").set(100.0)
            return [(await bench.sensor("luxmeter.illuminance").read()).value for _ in range(3)]

    assert await once(5) == await once(5) != await once(6)


async def test_only_what_is_needed_opens() -> None:
    async with open_bench(load_bench("action-sim"), roles=["scene", "camera"]) as bench:
        assert list(bench.devices) == ["lights", "carriage", "panel", "camera"]
        assert isinstance(bench.role("scene"), Scene)
        assert isinstance(bench.role("camera"), Camera)
        with pytest.raises(UsageError, match="uses no channel"):
            bench.role("luxmeter")
        with pytest.raises(UsageError, match="did you mean 'camera'"):
            bench.role("kamera")
        with pytest.raises(UsageError, match="cannot be read"):
            bench.sensor("light.illuminance")


async def test_the_safe_state_goes_on_past_a_failure(folder: Path) -> None:
    safe = 'actions = [{ channel = "light.illuminance", set = 9e9 }, { channel = "carriage.position", set = 0.0 }]'
    text = (folder / "action-sim.toml").read_text(encoding="utf-8")
    (actions,) = [line for line in text.splitlines() if line.startswith("actions = ")]
    config = changed(folder, (actions, safe))
    async with open_bench(config, roles=["carriage"]) as bench:
        await bench.actuator("carriage.position").set(1.0)
        refused, moved = await SafeState(bench).reach()
        assert not refused.ok
        assert "9e+09" in refused.error or "9000000000" in refused.error
        assert moved.ok
        assert (await bench.sensor("carriage.position").read()).value == 0.0


async def test_a_slow_action_of_the_safe_state_is_cut_off(folder: Path) -> None:
    fault = '[sim]\nfaults = [{ device = "carriage", kind = "silent", from = 0.5 }]'
    config = changed(folder, ('deadline = "5 s"', 'deadline = "100 ms"'), ("[sim]", fault))
    async with open_bench(config, roles=["light"]) as bench:
        await bench.clock.sleep(1.0)
        light, carriage = await SafeState(bench).reach()
        assert light.ok
        assert "not done within 0.1 s" in carriage.error


async def test_all_devices_that_do_not_open_are_named(folder: Path) -> None:
    fault = '[sim]\nfaults = [{ device = "climate", kind = "silent" }, { device = "luxmeter", kind = "silent" }]'
    config = changed(folder, ("[sim]", fault))
    with pytest.raises(BenchFault) as caught:
        async with open_bench(config, roles=ROLES):
            pass
    told = str(caught.value).splitlines()
    assert len(told) == 2
    assert told[0].startswith("climate: ")
    assert told[1].startswith("luxmeter: ")


async def test_what_a_program_forgot_to_say_is_named(folder: Path) -> None:
    (folder / "silent.py").write_text("import sys\n\nsys.stdin.read()\n", encoding="utf-8")
    path = folder / "dataset.toml"
    text = path.read_text(encoding="utf-8").replace("lanes = 2", "lanes = 1")
    silent = 'driver = "process"\nprogram = "silent.py"\nopen_within = "0.2 s"'
    path.write_text(text.replace('driver = "recogniser"', silent), encoding="utf-8")
    with pytest.raises(BenchFault, match=r"did not open within 0\.2 s: the first line of its program, .* did not come"):
        async with open_bench(load_bench(path), roles=["reader"]):
            pass


async def test_a_unit_that_is_not_the_points_is_refused(folder: Path) -> None:
    config = changed(folder, ('point = "temperature"\nunit = "Cel"', 'point = "temperature"\nunit = "K"'))
    with pytest.raises(ConfigurationError, match='is in "Cel", not in "K"; write unit = "Cel"'):
        async with open_bench(config, roles=["temperature"]):
            pass


async def test_a_point_made_from_options_is_checked_when_the_bench_opens(folder: Path) -> None:
    config = changed(folder, ('device = "lights"\npoint = "illuminance"', 'device = "lights"\npoint = "iluminance"'))
    with pytest.raises(ConfigurationError, match="did you mean 'illuminance'"):
        async with open_bench(config, roles=["light"]):
            pass


async def test_options_and_drivers_are_checked_before_anything_opens(folder: Path) -> None:
    config = changed(folder, ("universe = 0", "univers = 0"), ('driver = "hmp"', 'driver = "hpm"'))
    with pytest.raises(ConfigurationError) as caught:
        async with open_bench(config):
            pass
    told = str(caught.value).splitlines()
    assert len(told) == 3
    assert "devices.lights: the driver needs the key universe" in told[0]
    assert "devices.lights.univers: unknown key; did you mean 'universe'?" in told[1]
    assert "did you mean 'hmp'?" in told[2]


WRONG = {
    "scheme": ('address = "sim:climate"', 'address = "tpc://10.0.0.7:502"', "address", "begin with tcp"),
    "transport": (
        'address = "sim:climate"',
        'address = "tcp://10.0.0.7:502"',
        "address",
        "use modbus+tcp or modbus+rtu",
    ),
    "address option": (
        'address = "sim:climate"',
        'address = "modbus+rtu:///dev/x?baudrat=9600"',
        "address",
        "use baudrate",
    ),
    "line setting": (
        'address = "sim:climate"',
        'address = "modbus+rtu:///dev/x?parity=Q"',
        "address",
        "parity=Q is none of N, E, O",
    ),
    "value": ("universe = 0", "universe = -1", "universe", "use 0 to 32767"),
    "type": ("universe = 0", 'universe = "0"', "universe", "expected an integer, found '0'"),
    "truth": ("universe = 0", "universe = true", "universe", "expected an integer, found True"),
}


@pytest.mark.parametrize(("old", "new", "key", "told"), WRONG.values(), ids=WRONG)
async def test_each_device_is_made_before_anything_opens(folder: Path, old: str, new: str, key: str, told: str) -> None:
    config = changed(folder, (old, new))
    line = config.path.read_text(encoding="utf-8").splitlines().index(new) + 1
    device = "climate" if "climate" in old else "lights"
    with pytest.raises(ConfigurationError) as caught:
        check_drivers(config, config.needed_devices(), [])
    (sentence,) = str(caught.value).splitlines()
    assert sentence.startswith(f"{config.path}:{line}: devices.{device}.{key}: ")
    assert told in sentence
    assert "__init__" not in sentence
    assert "argument" not in sentence
    with pytest.raises(ConfigurationError, match=re.escape(sentence)):
        async with open_bench(config):
            pass


@pytest.mark.parametrize("kind", ["Making", "Opening", "Declaring"])
async def test_a_driver_that_raises_errors_of_its_own_is_named(folder: Path, kind: str) -> None:
    config = changed(
        folder, ('driver = "hmp"\naddress = "sim:climate"', f'driver = "broken_drivers:{kind}"\naddress = "x"')
    )
    with pytest.raises(BenchFault if kind == "Opening" else ConfigurationError) as caught:
        async with open_bench(config, roles=["temperature"]):
            pass
    assert f"the driver broken_drivers:{kind} raised " in str(caught.value)
    assert "; correct the driver" in str(caught.value)


def test_an_option_that_the_api_is_given_is_told_without_python() -> None:
    with pytest.raises(OptionError, match=r"climate: scan_perod: unknown key; did you mean 'scan_period'\?"):
        make_device("modbus+tcp://127.0.0.1", "hmp", name="climate", scan_perod=2.0)
    with pytest.raises(OptionError, match="climate: scan_period: expected a number, found 'slow'"):
        make_device("modbus+tcp://127.0.0.1", "hmp", name="climate", scan_period="slow")
    with pytest.raises(OptionError, match="lights: the driver needs the key universe"):
        make_device("udp://127.0.0.1:1", "artnet", name="lights")


async def test_a_bench_that_is_not_fit_does_not_open(folder: Path) -> None:
    config = changed(folder, ("due = 2027-03-31", "due = 2020-03-31"), file="equipment.toml")
    with pytest.raises(NotFit, match="was due on 2020-03-31"):
        async with open_bench(config, roles=["reference"]):
            pass
    async with open_bench(config, roles=["reference"], items=["reference"]) as bench:
        assert bench.channel("reference.illuminance").record is None


async def test_a_role_that_must_be_calibrated() -> None:
    with pytest.raises(NotFit, match="its uncertainty is unknown"):
        async with open_bench(load_bench("action-sim"), roles=["luxmeter"], calibrated=["luxmeter"]):
            pass


async def test_seed_and_speed_belong_to_a_simulated_bench(folder: Path) -> None:
    path = folder / "action-sim.toml"
    text = path.read_text(encoding="utf-8")
    real = text[: text.index("[sim]")].replace('"sim:lights"', '"udp://127.0.0.1:1"')
    path.write_text(re.sub('"sim:[a-z]+"', '"tcp://127.0.0.1:1"', real), encoding="utf-8")
    with pytest.raises(UsageError, match="belong to a simulated bench"):
        async with open_bench(load_bench(path), roles=["scene"], seed=1):
            pass


async def test_a_paced_bench_runs_at_its_speed() -> None:
    async with open_bench(load_bench("action-sim"), speed=10.0, roles=["carriage"]) as bench:
        assert bench.world is not None
        before = bench.clock.now()
        await bench.clock.sleep(2.0)
        assert bench.clock.now() - before >= 2.0e9
        earliest = bench.clock.now()
        world = (await bench.world.state())["now"]
        assert earliest - 1e9 <= world <= bench.clock.now() + 1e9, "apart by what a question takes, 0.1 s at most"


async def test_a_paced_bench_of_a_run_that_is_resumed_goes_on_with_its_world() -> None:
    since = 100 * NANOSECONDS
    config = load_bench("action-sim")
    async with open_bench(config, speed=10.0, roles=["carriage"], since=since) as bench:
        assert bench.world is not None
        earliest = bench.clock.now()
        world = (await bench.world.state())["now"]
        assert since <= earliest <= world <= bench.clock.now()
        assert config.sim is not None
        assert bench.clock.utc(since) == start_utc(config.sim) + since
