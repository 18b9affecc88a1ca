"""The units of `unit` as pint defines them, and no others: its whole registry takes half a second to read.

Sources of the numbers: SI brochure (BIPM, 9th edition), tables 1 to 4, 7 and 8.
"""

from __future__ import annotations

_PREFIXES = (
    *("yocto- = 1e-24", "zepto- = 1e-21", "atto- = 1e-18", "femto- = 1e-15", "pico- = 1e-12", "nano- = 1e-9"),
    *("micro- = 1e-6", "milli- = 1e-3", "centi- = 1e-2", "deci- = 1e-1", "deca- = 1e1", "hecto- = 1e2"),
    *("kilo- = 1e3", "mega- = 1e6", "giga- = 1e9", "tera- = 1e12", "peta- = 1e15", "exa- = 1e18"),
    *("zetta- = 1e21", "yotta- = 1e24"),
)
_BASE = (
    *("metre = [length]", "gram = [mass]", "second = [time]", "ampere = [current]", "kelvin = [temperature]"),
    *("mole = [substance]", "candela = [luminosity]", "bit = []", "radian = []", "decibel = [level]"),
)
_DERIVED = (
    *("steradian = radian ** 2", "hertz = 1 / second", "newton = kilogram * metre / second ** 2"),
    *("pascal = newton / metre ** 2", "joule = newton * metre", "watt = joule / second", "coulomb = ampere * second"),
    *("volt = joule / coulomb", "farad = coulomb / volt", "ohm = volt / ampere", "siemens = ampere / volt"),
    *("weber = volt * second", "tesla = weber / metre ** 2", "henry = weber / ampere", "lumen = candela * steradian"),
    *("lux = lumen / metre ** 2", "becquerel = 1 / second", "gray = joule / kilogram", "sievert = joule / kilogram"),
    *("delta_degree_Celsius = kelvin", "percent = 0.01", "ppm = 1e-6", "degree = 3.141592653589793 / 180 * radian"),
    *("arcminute = degree / 60", "arcsecond = arcminute / 60", "minute = 60 * second", "hour = 60 * minute"),
    *("day = 24 * hour", "litre = 1e-3 * metre ** 3", "bar = 1e5 * pascal", "tonne = 1e3 * kilogram"),
    *("electron_volt = 1.602176634e-19 * joule", "byte = 8 * bit"),
)

DEFINITIONS = _PREFIXES + _BASE + _DERIVED
"""One definition in pint's language each."""
