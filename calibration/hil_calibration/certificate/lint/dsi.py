r"""D-SI units: whether a text is one, and its scale in base units, exact where the definition is.

The reader converts through :mod:`hil_calibration.unit`, which knows the units of a bench. A check reads certificates of
any laboratory and needs the whole list: the units of the SI brochure with D-SI's names.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from functools import lru_cache

from ...errors import UnitError
from .numbers import EXACT

_PI = Decimal("3.14159265358979323846264338327950288419716939937510")
_DEGREE = EXACT.divide(_PI, Decimal(180))

_UNITS: dict[str, tuple[str | Decimal, str]] = {
    "one": ("1", ""),
    "metre": ("1", "m"),
    "kilogram": ("1", "kg"),
    "gram": ("0.001", "kg"),
    "second": ("1", "s"),
    "ampere": ("1", "A"),
    "kelvin": ("1", "K"),
    "mole": ("1", "mol"),
    "candela": ("1", "cd"),
    "radian": ("1", ""),
    "steradian": ("1", ""),
    "hertz": ("1", "s-1"),
    "newton": ("1", "kg m s-2"),
    "pascal": ("1", "kg m-1 s-2"),
    "joule": ("1", "kg m2 s-2"),
    "watt": ("1", "kg m2 s-3"),
    "coulomb": ("1", "A s"),
    "volt": ("1", "kg m2 s-3 A-1"),
    "farad": ("1", "kg-1 m-2 s4 A2"),
    "ohm": ("1", "kg m2 s-3 A-2"),
    "siemens": ("1", "kg-1 m-2 s3 A2"),
    "weber": ("1", "kg m2 s-2 A-1"),
    "tesla": ("1", "kg s-2 A-1"),
    "henry": ("1", "kg m2 s-2 A-2"),
    "degreecelsius": ("1", "K"),
    "lumen": ("1", "cd"),
    "lux": ("1", "cd m-2"),
    "becquerel": ("1", "s-1"),
    "gray": ("1", "m2 s-2"),
    "sievert": ("1", "m2 s-2"),
    "katal": ("1", "mol s-1"),
    "percent": ("0.01", ""),
    "ppm": ("0.000001", ""),
    "minute": ("60", "s"),
    "hour": ("3600", "s"),
    "day": ("86400", "s"),
    "degree": (_DEGREE, ""),
    "arcminute": (EXACT.divide(_DEGREE, Decimal(60)), ""),
    "arcsecond": (EXACT.divide(_DEGREE, Decimal(3600)), ""),
    "hectare": ("10000", "m2"),
    "litre": ("0.001", "m3"),
    "tonne": ("1000", "kg"),
    "bar": ("100000", "kg m-1 s-2"),
    "mmHg": ("133.322387415", "kg m-1 s-2"),
    "angstrom": ("1E-10", "m"),
    "nauticalmile": ("1852", "m"),
    "knot": (EXACT.divide(Decimal(1852), Decimal(3600)), "m s-1"),
    "barn": ("1E-28", "m2"),
    "electronvolt": ("1.602176634E-19", "kg m2 s-2"),
    "dalton": ("1.66053906892E-27", "kg"),
    "astronomicalunit": ("149597870700", "m"),
    "neper": ("1", "Np"),
    "bel": ("1", "B"),
    "decibel": ("0.1", "B"),
    "bit": ("1", "bit"),
    "byte": ("8", "bit"),
    "erg": ("1E-7", "kg m2 s-2"),
    "dyne": ("0.00001", "kg m s-2"),
    "poise": ("0.1", "kg m-1 s-1"),
    "stokes": ("0.0001", "m2 s-1"),
    "stilb": ("10000", "cd m-2"),
    "phot": ("10000", "cd m-2"),
    "gal": ("0.01", "m s-2"),
    "maxwell": ("1E-8", "kg m2 s-2 A-1"),
    "gauss": ("0.0001", "kg s-2 A-1"),
    "oersted": (EXACT.divide(Decimal(250), _PI), "A m-1"),
    "clight": ("299792458", "m s-1"),
    "planckbar": ("1.054571817E-34", "kg m2 s-1"),
    "electronmass": ("9.1093837139E-31", "kg"),
    "elementarycharge": ("1.602176634E-19", "A s"),
    "bohr": ("5.29177210544E-11", "m"),
    "hartree": ("4.3597447222060E-18", "kg m2 s-2"),
    "naturalunittime": ("1.28808866644E-21", "s"),
    "atomicunittime": ("2.4188843265864E-17", "s"),
}
"""Name: its factor and its base units."""

_PREFIXES = {
    name: Decimal(f"1E{exponent}")
    for name, exponent in {
        "quecto": -30,
        "ronto": -27,
        "yocto": -24,
        "zepto": -21,
        "atto": -18,
        "femto": -15,
        "pico": -12,
        "nano": -9,
        "micro": -6,
        "milli": -3,
        "centi": -2,
        "deci": -1,
        "deca": 1,
        "hecto": 2,
        "kilo": 3,
        "mega": 6,
        "giga": 9,
        "tera": 12,
        "peta": 15,
        "exa": 18,
        "zetta": 21,
        "yotta": 24,
        "ronna": 27,
        "quetta": 30,
    }.items()
} | {name: Decimal(1024**power) for power, name in enumerate(("kibi", "mebi", "gibi", "tebi", "pebi", "exbi"), start=1)}
_UNPREFIXED = ("one", "kilogram", "percent", "ppm", "decibel")
_TOKEN = re.compile(r"\\([A-Za-z]+)(?:\{([+-]?[0-9]{1,2}(?:\.[0-9]{1,3})?)\})?")
_BASE = re.compile(r"([A-Za-z]+)(-?\d+)?")
_LONGEST = 500


@dataclass(frozen=True)
class Scale:
    """A unit in base units: value in base units = value × factor + offset.

    :param dimension: exponents of the base units, sorted by name.
    """

    factor: Decimal
    offset: Decimal
    dimension: tuple[tuple[str, Decimal], ...]

    def to_base(self, value: Decimal) -> Decimal:
        """A value in base units."""
        return EXACT.fma(value, self.factor, self.offset)

    def width(self, amount: Decimal) -> Decimal:
        """An uncertainty or a difference in base units: no zero moves."""
        return EXACT.multiply(amount, self.factor)


@lru_cache(maxsize=512)
def scale(dsi: str) -> Scale:
    r"""The scale of a D-SI unit; letters in the wrong case are read as meant.

    >>> scale(r"\hecto\pascal").factor
    Decimal('100')

    :raises UnitError: no D-SI unit, or (written `|...`) one outside the SI.
    """
    factor, dimension = Decimal(1), dict[str, Decimal]()
    parts = _parts(dsi)
    for prefix, name, exponent in parts:
        own, base = _UNITS[name]
        each = EXACT.multiply(_PREFIXES[prefix] if prefix else Decimal(1), Decimal(own))
        factor = EXACT.multiply(factor, EXACT.power(each, exponent))
        for symbol, power in _BASE.findall(base):
            dimension[symbol] = dimension.get(symbol, Decimal(0)) + exponent * int(power or 1)
    celsius = len(parts) == 1 and parts[0][1:] == ("degreecelsius", Decimal(1))
    exponents = tuple(sorted((symbol, power) for symbol, power in dimension.items() if power))
    return Scale(factor, Decimal("273.15") if celsius else Decimal(0), exponents)


def misspelt_case(dsi: str) -> bool:
    r"""Whether a unit is one but for its letters' case, as `\degreeCelsius`."""
    return any(name not in (*_UNITS, *_PREFIXES, "per", "tothe") for name, _ in _TOKEN.findall(dsi))


def _parts(dsi: str) -> list[tuple[str, str, Decimal]]:
    """Prefix, name and exponent of each factor."""
    if dsi.startswith("|"):
        raise UnitError(f"{_short(dsi)} is no unit of the SI")
    tokens = _tokens(dsi)
    parts: list[tuple[str, str, Decimal]] = []
    prefix, sign = "", 1
    while tokens:
        name, argument = tokens.pop(0)
        if argument:
            raise UnitError(f"{_short(dsi)} has an exponent without \\tothe")
        if name == "per" and not prefix and sign == 1:
            sign = -1
        elif name in _PREFIXES and not prefix:
            prefix = name
        elif name in _UNITS and not (prefix and name in _UNPREFIXED):
            parts.append((prefix, name, sign * _exponent(tokens)))
            prefix, sign = "", 1
        else:
            raise UnitError(f"{_short(dsi)} has \\{name} where no such thing may stand")
    if prefix or sign != 1 or not parts:
        raise UnitError(f"{_short(dsi)} ends where a unit is expected")
    return parts


def _tokens(dsi: str) -> list[tuple[str, str]]:
    found = _TOKEN.findall(dsi) if len(dsi) <= _LONGEST else []
    if not found or _TOKEN.sub("", dsi):
        raise UnitError(f"{_short(dsi)} is not written as a D-SI unit", remedy=r"write it like \metre\second\tothe{-1}")
    return [(_known(name, dsi), argument) for name, argument in found]


def _known(name: str, dsi: str) -> str:
    for candidate in (name, name.lower()):
        if candidate in _UNITS or candidate in _PREFIXES or candidate in ("per", "tothe"):
            return candidate
    near = get_close_matches(name.lower(), [*_UNITS, *_PREFIXES], n=1, cutoff=0.7)
    hint = rf"did you mean \{near[0]}?" if near else ""
    raise UnitError(rf"\{name} in {_short(dsi)} is not known to D-SI", remedy=hint)


def _exponent(tokens: list[tuple[str, str]]) -> Decimal:
    if not tokens or tokens[0][0] != "tothe":
        return Decimal(1)
    argument = tokens.pop(0)[1]
    if not argument:
        raise UnitError("an exponent is missing after \\tothe")
    return Decimal(argument)


def _short(dsi: str) -> str:
    return dsi if len(dsi) <= 60 else f"{dsi[:60]}…"
