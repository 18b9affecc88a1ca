"""Virtual instruments and the stimuli of known truth that they are calibrated with."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hil_drivers.capability import Frame, Values
from hil_drivers.clock import WallClock
from hil_drivers.errors import AddressError, DeviceUnreachable, DriverError, OptionError, SetpointRefused, UnitError
from hil_drivers.indication import Flag
from hil_drivers.instruments.stimuli import Stimuli, digest
from hil_drivers.instruments.virtual_instrument import VirtualInstrument
from hil_drivers.virtual.families import FAMILIES, MODELS
from hil_drivers.virtual.family import Given
from hil_drivers.virtual.heart_rate import HeartRate, signal_to_noise
from hil_drivers.virtual.micrograph import Particle, covered
from hil_drivers.virtual.particles import segment
from hil_drivers.virtual.pulse import RATE, pulse
from hil_drivers.virtual.slab import finite_differences, series


def instrument(**options: object) -> VirtualInstrument:
    return VirtualInstrument("one", "model:", clock=WallClock(), model="slab", **options)  # type: ignore[arg-type]


SLAB = {"diffusivity": 1e-5, "time": 60.0, "place": 0.5}


@pytest.mark.parametrize("name", FAMILIES)
def test_the_same_seed_gives_the_same_stimuli_and_another_number_another(name: str) -> None:
    family = FAMILIES[name]
    first, again, other = (family.make(family.contents[0], number, 3) for number in (0, 0, 1))
    assert digest(first.values) == digest(again.values) != digest(other.values)
    assert first.reference == again.reference
    assert family.span[0] <= first.reference <= family.span[1]


def test_the_rate_of_a_pulse_is_that_of_its_spectrum() -> None:
    light, rate = pulse(np.random.default_rng(1), 80.0, 0.25, 1.0, 40.0)
    power = np.abs(np.fft.rfft(light - light.mean(), 1 << 18)) ** 2
    f = np.fft.rfftfreq(1 << 18, 1 / RATE)
    inside = (f > 0.9) & (f < 2.0)
    assert 60.0 * f[inside][np.argmax(power[inside])] == pytest.approx(rate, abs=1.0)


@pytest.mark.parametrize("level", [-6.0, 0.0, 12.0])
def test_signal_to_noise_is_told_from_the_signal_alone(level: float) -> None:
    light, _ = pulse(np.random.default_rng(2), 90.0, 0.2, 1.0, level)
    assert 20.0 * np.log10(signal_to_noise(light, RATE)) == pytest.approx(level, abs=2.0)


def test_a_drawn_particle_has_the_area_of_its_ellipse() -> None:
    one = Particle(100.3, 90.7, 14.0, 11.0, 0.4, 0.8, "isolated")
    assert 2.0 * np.sqrt(covered(one).sum() / np.pi) == pytest.approx(one.diameter, abs=0.02)


def test_particles_that_touch_are_told_apart() -> None:
    pair = [Particle(x, 100.0, 14.0, 14.0, 0.0, 0.8, "touching") for x in (90.0, 115.0)]
    alone = Particle(200.0, 200.0, 10.0, 10.0, 0.0, 0.8, "isolated")
    found = segment(np.maximum.reduce([0.2 + 0.6 * covered(one) for one in (*pair, alone)]) + 0.0)
    assert sorted(found.touching.tolist()) == [False, True, True]
    assert found.diameters.max() == pytest.approx(28.0, abs=1.0)
    assert found.diameters.min() == pytest.approx(20.0, abs=0.5)


def test_sizes_are_told_by_kind_with_both_effects() -> None:
    pair = [Particle(x, 100.0, 14.0, 14.0, 0.0, 0.8, "touching") for x in (90.0, 115.0)]
    alone = Particle(200.0, 200.0, 10.0, 10.0, 0.0, 0.8, "isolated")
    picture = np.maximum.reduce([0.2 + 0.6 * covered(one) for one in (*pair, alone)])
    found = segment(picture)
    assert found.touching.tolist().count(True) == 2
    assert found.diameters[~found.touching] == pytest.approx([20.0], abs=0.5)


def test_the_solver_agrees_with_the_series() -> None:
    assert finite_differences(**SLAB) == pytest.approx(series(1e-5, 60.0, 0.5), abs=1e-3)


async def test_an_answer_inside_the_domain_is_good_and_one_outside_is_flagged() -> None:
    one = instrument()
    await one.open()
    assert (await one.read("value")).flags == Flag.NOT_AVAILABLE
    inside = await one.respond(Values(SLAB))
    assert inside.output == pytest.approx(series(1e-5, 60.0, 0.5), abs=0.03)
    assert inside.details is not None
    assert inside.details["in_domain"]
    assert (await one.read("value")).usable
    await one.respond(Values({**SLAB, "time": 5.0}))
    flagged = await one.read("value")
    assert flagged.flags == Flag.OUTSIDE_DOMAIN
    assert not flagged.usable


async def test_a_domain_of_the_bench_file_goes_before_that_of_the_model_and_changes_the_identity() -> None:
    wide, narrow = instrument(), instrument(domain={"time / s": (100.0, 200.0)})
    await wide.open()
    await narrow.open()
    await narrow.respond(Values(SLAB))
    assert (await narrow.read("value")).flags == Flag.OUTSIDE_DOMAIN
    assert wide.system.digests["settings"] != narrow.system.digests["settings"]
    with pytest.raises(OptionError, match="lower first"):
        instrument(domain={"time / s": (2.0, 1.0)})


async def test_an_input_that_the_model_cannot_take_is_a_fault_of_the_system() -> None:
    one = instrument()
    await one.open()
    assert (await one.respond(Values({"time": 3.0}))).fault == "crash"
    assert (await one.read("value")).flags == Flag.NOT_AVAILABLE
    with pytest.raises(DriverError, match="no picture"):
        await one.respond(Frame(np.zeros((2, 2), np.uint8), 1, 0, 0, "png"))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(allow_nan=True, allow_infinity=True, width=32), max_size=60), st.floats(-1e3, 1e3))
def test_no_input_makes_a_model_do_worse_than_refuse(series: list[float], width: float) -> None:
    values: Given = {
        "pixels": np.array(series),
        "light": np.array(series),
        "width": width,
        "rate": width,
        "pixel size": 1.0,
    }
    for name in ("heart-rate", "particle-size"):
        with suppress(ValueError, OverflowError):
            MODELS[name]().estimate(values)


async def test_stimuli_are_told_before_they_are_given_and_the_reference_belongs_to_them() -> None:
    source = Stimuli("s", "stimuli:", clock=WallClock(), family="slab", seed=4)
    with pytest.raises(DeviceUnreachable, match="is not open"):
        await source.take()
    await source.open()
    with pytest.raises(DeviceUnreachable, match="nothing yet"):
        await source.read("reference")
    told: list[str] = []
    source.on_use = lambda recording: told.append(recording.sha256)
    await source.show("outside")
    source.present(7)
    values = await source.take()
    assert told == [digest(values.values)]
    assert values.subject == "outside 8"
    assert FAMILIES["slab"].make("outside", 7, 4).reference != FAMILIES["slab"].make("outside", 8, 4).reference
    with pytest.raises(DeviceUnreachable, match="there is no content 'x'"):
        await source.show("x")
    assert source.lacking({"content": "x"}, 0)
    assert not source.lacking({"content": "inside"}, 0)


def test_addresses_and_seeds_that_cannot_be_are_refused() -> None:
    with pytest.raises(AddressError, match="use stimuli:"):
        Stimuli("s", "file:", clock=WallClock(), family="slab")
    with pytest.raises(OptionError, match="seed"):
        Stimuli("s", "stimuli:", clock=WallClock(), family="slab", seed=-1)
    with pytest.raises(AddressError, match="use model:"):
        VirtualInstrument("v", "process:", clock=WallClock(), model="slab")
    assert HeartRate().domain


async def test_conditions_can_be_stated_and_those_not_stated_are_nominal() -> None:
    source = Stimuli("s", "stimuli:", clock=WallClock(), family="slab")
    used: list[object] = []
    source.on_use = used.append
    await source.open()
    drawn = await source.take()
    await source.write("time.set", 100.0)
    stated = await source.take()
    assert {name: float(stated.values[name]) for name in ("diffusivity", "time", "place")} == {
        "diffusivity": pytest.approx(1.25e-5),
        "time": 100.0,
        "place": pytest.approx(0.5),
    }
    assert (await source.read("reference")).value == pytest.approx(series(1.25e-5, 100.0, 0.5), abs=2e-3)
    assert stated.subject == "stated: diffusivity 1.25e-05, time 100, place 0.5"
    assert len(used) == 1
    await source.show("inside")
    assert (await source.take()).values == drawn.values
    with pytest.raises(SetpointRefused, match=r"time\.set cannot be set to 1000 s"):
        await source.write("time.set", 1000.0)
    with pytest.raises(UnitError):
        await source.write("reference", 0.5)
    assert [name for name, point in Stimuli.declared({"family": "pulse"}).items() if point.writable] == []
