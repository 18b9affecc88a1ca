"""The arithmetic of a characterisation, on readings whose answer is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from hil_calibration.stream import Measurements
from hil_procedures.climatic.figures import INHOMOGENEITY, INSTABILITY, REPEATABILITY, RESOLUTION, figures, saturation
from hil_procedures.climatic.parameters import LOCATIONS, ClimaticCharacterisation
from hil_procedures.climatic.session import Observation
from hil_procedures.readings import Series

Array = NDArray[np.float64]
N = 90
U_COMMON, U_OWN = 0.010, 0.005


def ripple(t: Array) -> Array:
    return np.asarray(0.1 * np.sin(2.0 * math.pi * t / 90.0))


def series(name: str, value: Array, t: Array) -> Series:
    columns = np.column_stack([np.full(N, U_COMMON), np.full(N, U_OWN)])
    measured = Measurements(value, np.zeros(N), columns, ("reference thermometer", f"certificate {name}/1"), "Cel")
    return Series(t, value, 0.0, measured)


def observation(humid: bool = False, noise: float = 0.0) -> Observation:
    random = np.random.default_rng(1)
    t = np.linspace(0.0, 20.0 * (N - 1), N)
    own = np.linspace(0.0, 20.0 * N - 5.0, 4 * N)
    locations = {}
    for i, name in enumerate(LOCATIONS):
        at = t + 0.1 * i
        locations[name] = series(name, 40.5 + 0.05 * i + ripple(at) + random.normal(0.0, noise or 1e-12, N), at)
    return Observation(
        40.0,
        60.0 if humid else None,
        Series(own, 40.0 + ripple(own), 0.1),
        locations,
        Series(own, np.full(len(own), 60.0), 0.1) if humid else None,
        series("humidity", np.full(N, 62.0), t) if humid else None,
    )


def test_the_error_is_indication_minus_reference_and_the_ripple_is_no_scatter() -> None:
    found = figures(observation(), {}).temperature
    assert found.error == pytest.approx(-0.5, abs=1e-3)
    lines = {part.name: part.u for part in found.budget.parts}
    assert lines["reference thermometer"] == pytest.approx(U_COMMON)
    assert lines["certificate certificate centre"] == pytest.approx(U_OWN)
    assert lines[REPEATABILITY] < 5e-4
    assert lines[RESOLUTION] == pytest.approx(0.1 / math.sqrt(12.0 * 360)), "the ripple spreads the rounding"


def test_an_indication_that_stands_still_keeps_its_rounding() -> None:
    found = figures(observation(humid=True), {}).humidity
    assert found is not None
    assert found.error == pytest.approx(-2.0)
    (part,) = [part for part in found.budget.parts if part.name == RESOLUTION]
    assert part.u == pytest.approx(0.1 / math.sqrt(12.0))
    assert part.distribution == "rectangular"


def test_what_the_thermometers_share_cancels_between_locations() -> None:
    found = figures(observation(noise=0.02), {})
    for i, name in enumerate(LOCATIONS[1:], 1):
        place = found.places[name]
        assert place.difference == pytest.approx(0.05 * i, abs=0.012)
        noise = 0.02 * math.sqrt(2.0 / N)
        assert place.budget.u == pytest.approx(math.hypot(U_OWN, U_OWN, noise), rel=0.1)
    assert found.places["centre"].difference == 0.0
    assert found.inhomogeneity[0] == "corner_8"


def test_the_working_space_has_inhomogeneity_and_instability_as_rectangles() -> None:
    found = figures(observation(), {})
    lines = {part.name: part for part in found.temperature.working.parts}
    assert lines[INHOMOGENEITY].u == pytest.approx(0.4 / math.sqrt(3.0), rel=1e-2)
    assert lines[INSTABILITY].u == pytest.approx(0.1 / math.sqrt(3.0), rel=0.05)
    assert found.temperature.working.u > found.temperature.budget.u


def test_warmer_places_are_drier_by_the_saturation_pressure() -> None:
    found = figures(observation(humid=True), {})
    warm = found.humidity_differences["corner_8"]
    assert warm == pytest.approx(62.0 * (saturation(40.5) / saturation(40.9) - 1.0), rel=1e-2)
    assert warm == pytest.approx(-1.3, abs=0.1)
    assert found.humidity_differences["centre"] == 0.0


def test_saturation_pressures_are_those_of_the_table() -> None:
    """WMO-No. 8: 6.112 hPa at 0 Cel; 23.37 hPa at 20 Cel and 73.8 hPa at 40 Cel by tables of water vapour."""
    assert [saturation(t) for t in (0.0, 20.0, 40.0)] == pytest.approx([6.112, 23.37, 73.8], rel=3e-3)


def test_settings_have_units() -> None:
    p = ClimaticCharacterisation.model_validate({"temperatures": ["313.15 K"], "window": "30 min", "interval": "20 s"})
    assert list(p.temperatures) == pytest.approx([40.0])
    assert p.sweeps == 90


@pytest.mark.parametrize("wrong", [{"temperatures": []}, {"humidities": [101.0]}, {"band": "0 K"}, {"dwell": "5 K"}])
def test_settings_that_cannot_be_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        ClimaticCharacterisation.model_validate(wrong)
