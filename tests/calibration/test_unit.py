"""Units: UCUM in, D-SI and symbols out, conversion, and refusal of everything else."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import permutations
from typing import Any

import pint
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil_calibration import unit
from hil_calibration.errors import UnitError
from hil_calibration.unit_definitions import DEFINITIONS

KNOWN = [
    # UCUM, D-SI, symbol
    ("lx", r"\lux", "lx"),
    ("Cel", r"\degreecelsius", "°C"),
    ("%", r"\percent", "%"),
    ("1", r"\one", ""),
    ("kg", r"\kilogram", "kg"),
    ("um", r"\micro\metre", "µm"),
    ("m/s2", r"\metre\second\tothe{-2}", "m·s⁻²"),
    ("cd.m-2", r"\candela\metre\tothe{-2}", "cd·m⁻²"),
    ("hPa", r"\hecto\pascal", "hPa"),
    ("1/s", r"\second\tothe{-1}", "s⁻¹"),
    ("mV/Cel", r"\milli\volt\degreecelsius\tothe{-1}", "mV·°C⁻¹"),
    ("deg", r"\degree", "°"),
    ("min", r"\minute", "min"),
]


@pytest.mark.parametrize(("ucum", "dsi", "symbol"), KNOWN)
def test_known_units_translate_both_ways(ucum: str, dsi: str, symbol: str) -> None:
    assert unit.check(ucum) == ucum
    assert unit.to_dsi(ucum) == dsi
    assert unit.same(unit.from_dsi(dsi), ucum)
    assert unit.symbol(ucum) == symbol


@pytest.mark.parametrize(
    ("dsi", "ucum"),
    [
        # spellings found in published certificates
        (r"\degreeCelsius", "Cel"),
        (r"\centi\metre\tothe{3}", "cm3"),
        (r"\kilogram\metre\tothe{2}\second\tothe{-3}\ampere\tothe{-2}", "Ohm"),
        (r"\kilogram\tothe{1}\metre\tothe{-3}\kilogram\tothe{-1}\metre\tothe{3}", "1"),
        (r"\metre\per\second", "m/s"),
        (r"\kilo\gram", "kg"),
    ],
)
def test_d_si_spellings_in_use_are_read(dsi: str, ucum: str) -> None:
    assert unit.same(unit.from_dsi(dsi), ucum)


@pytest.mark.parametrize(
    "bad", ["", " lx", "lux", "Lx", "m//s", "m.", ".", "/", "(m)", "10*3", "mCel", "k", "m^2", "m2x", "{a", "kkg"]
)
def test_what_is_no_unit_is_refused(bad: str) -> None:
    with pytest.raises(UnitError):
        unit.check(bad)


@pytest.mark.parametrize(
    "bad", ["", "lux", r"\lx", r"\kilo", r"\metre\tothe", r"\metre\tothe{x}", "|lumen", r"\milli\percent"]
)
def test_what_is_no_d_si_unit_is_refused(bad: str) -> None:
    with pytest.raises(UnitError):
        unit.from_dsi(bad)


def test_an_unknown_unit_names_the_nearest() -> None:
    with pytest.raises(UnitError, match="did you mean 'lx'"):
        unit.check("lux")


def test_conversion_moves_the_zero_of_temperatures_but_not_of_differences() -> None:
    assert unit.convert(20.0, "Cel", "K") == pytest.approx(293.15)
    assert unit.convert(300.0, "K", "Cel") == pytest.approx(26.85)
    assert unit.convert(0.0, "Cel", "mK") == pytest.approx(273150)
    assert unit.factor("K", "Cel") == 1.0
    assert unit.convert(1.0, "klx", "lm/m2") == pytest.approx(1000)
    assert unit.convert(180.0, "deg", "rad") == pytest.approx(math.pi)
    with pytest.raises(UnitError, match="cannot be converted"):
        unit.convert(1.0, "lx", "cd")


def test_decibels_are_converted_to_nothing_else() -> None:
    """Pint has them as logarithms of a ratio; of which quantity, and whether of powers, the unit does not say."""
    assert (unit.factor("dB", "dB"), unit.symbol("dB"), unit.difference("dB")) == (1.0, "dB", "dB")
    for other in ("1", "%", "m", "rad"):
        with pytest.raises(UnitError, match="cannot be converted"):
            unit.factor("dB", other)


def test_sameness_is_of_dimension_scale_and_zero() -> None:
    assert unit.same("lx", "lm/m2")
    assert unit.same("s-1", "1/s")
    assert unit.same("{pixel}", "1")
    assert not unit.same("K", "Cel")
    assert not unit.same("m", "mm")
    assert not unit.same("lx", "cd")


def test_typed_values_are_converted() -> None:
    assert unit.parse_value("200 lx", unit="lx") == 200.0
    assert unit.parse_value("0.2klx", unit="lx") == pytest.approx(200.0)
    assert unit.parse_value(" 23.5 °C ", unit="Cel") == 23.5
    assert unit.parse_value("10 min", unit="s") == pytest.approx(600.0)
    assert unit.parse_value("-1e-3", unit="lx") == -1e-3
    for bad in ["", "lx", "200 cd", "nan lx", "1e999 lx", "2 00 lx"]:
        with pytest.raises(UnitError):
            unit.parse_value(bad, unit="lx")


def test_products_merge_and_celsius_is_never_multiplied() -> None:
    assert unit.product("lx", "m2") == "lx.m2"
    assert unit.product("m/s", "s/m") == "1"
    assert unit.power("m/s", -2) == "m-2.s2"
    assert unit.difference("Cel") == "K"
    refusals: list[Callable[[], object]] = [lambda: unit.product("Cel", "1"), lambda: unit.power("Cel", 2)]
    for refused in refusals:
        with pytest.raises(UnitError, match="convert it to K"):
            refused()


@given(st.text(alphabet="mgsAKlxCedV%k./{}123-+\\ '[p]", max_size=12))
def test_any_text_is_a_unit_or_a_unit_error(text: str) -> None:
    try:
        unit.check(text)
    except UnitError:
        return
    assert unit.same(unit.from_dsi(unit.to_dsi(text)), text)
    unit.symbol(text)


@given(st.text(max_size=20))
def test_any_text_is_a_value_or_a_unit_error(text: str) -> None:
    readers: list[Callable[[], object]] = [lambda: unit.parse_value(text, unit="lx"), lambda: unit.from_dsi(text)]
    for read in readers:
        try:
            read()
        except UnitError:
            continue


def test_our_definitions_are_those_of_pint() -> None:
    whole: Any = pint.UnitRegistry()
    ours: Any = pint.UnitRegistry(DEFINITIONS)
    names = [unit._PINT.get(atom.name, atom.name) for atom in unit._ATOMS.values() if atom.name != "decibel"]
    names += [f"{prefix}metre" for prefix, _ in unit._PREFIXES.values()]

    def factor(registry: Any, source: str, target: str) -> float | None:
        try:
            return float(registry.convert(1.0, registry.Unit(source), registry.Unit(target)))
        except pint.DimensionalityError:
            return None

    for source, target in permutations(names, 2):
        expected = factor(whole, source, target)
        assert factor(ours, source, target) == (None if expected is None else pytest.approx(expected, rel=1e-14))
