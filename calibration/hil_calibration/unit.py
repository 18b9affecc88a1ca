"""Units as UCUM strings: the one place that parses them.

The subset of UCUM (case sensitive) that a bench meets: products with ``.``, quotients with ``/``, integer
exponents (``m2``, ``s-1``), SI prefixes, ``%``, ``Cel`` and annotations in braces, which count as 1.
No parentheses and no numeric factors other than a leading ``1``. ``Cel`` alone is a temperature; within a
product (``mV/Cel``) or as a difference it is a kelvin.
"""

from __future__ import annotations

import math
import re
from functools import lru_cache
from typing import Any, NamedTuple

from .errors import UnitError


class _Atom(NamedTuple):
    name: str
    symbol: str
    prefixed: bool


# UCUM atom -> name (D-SI's and pint's, save for _PINT), symbol as printed, whether it takes a prefix.
_ATOMS = {
    "m": _Atom("metre", "m", True),
    "g": _Atom("gram", "g", True),
    "s": _Atom("second", "s", True),
    "A": _Atom("ampere", "A", True),
    "K": _Atom("kelvin", "K", True),
    "mol": _Atom("mole", "mol", True),
    "cd": _Atom("candela", "cd", True),
    "rad": _Atom("radian", "rad", True),
    "sr": _Atom("steradian", "sr", True),
    "Hz": _Atom("hertz", "Hz", True),
    "N": _Atom("newton", "N", True),
    "Pa": _Atom("pascal", "Pa", True),
    "J": _Atom("joule", "J", True),
    "W": _Atom("watt", "W", True),
    "C": _Atom("coulomb", "C", True),
    "V": _Atom("volt", "V", True),
    "F": _Atom("farad", "F", True),
    "Ohm": _Atom("ohm", "Ω", True),
    "S": _Atom("siemens", "S", True),
    "Wb": _Atom("weber", "Wb", True),
    "T": _Atom("tesla", "T", True),
    "H": _Atom("henry", "H", True),
    "lm": _Atom("lumen", "lm", True),
    "lx": _Atom("lux", "lx", True),
    "Bq": _Atom("becquerel", "Bq", True),
    "Gy": _Atom("gray", "Gy", True),
    "Sv": _Atom("sievert", "Sv", True),
    "Cel": _Atom("degreecelsius", "°C", False),
    "%": _Atom("percent", "%", False),
    "[ppm]": _Atom("ppm", "ppm", False),
    "deg": _Atom("degree", "°", False),
    "dB": _Atom("decibel", "dB", False),
    "'": _Atom("arcminute", "′", False),
    "''": _Atom("arcsecond", "″", False),
    "min": _Atom("minute", "min", False),
    "h": _Atom("hour", "h", False),
    "d": _Atom("day", "d", False),
    "L": _Atom("litre", "L", True),
    "bar": _Atom("bar", "bar", True),
    "t": _Atom("tonne", "t", False),
    "eV": _Atom("electronvolt", "eV", True),
    "bit": _Atom("bit", "bit", True),
    "By": _Atom("byte", "B", True),
}

# UCUM prefix -> name (D-SI's and pint's) and symbol as printed.
_PREFIXES = {
    "Y": ("yotta", "Y"),
    "Z": ("zetta", "Z"),
    "E": ("exa", "E"),
    "P": ("peta", "P"),
    "T": ("tera", "T"),
    "G": ("giga", "G"),
    "M": ("mega", "M"),
    "k": ("kilo", "k"),
    "h": ("hecto", "h"),
    "da": ("deca", "da"),
    "d": ("deci", "d"),
    "c": ("centi", "c"),
    "m": ("milli", "m"),
    "u": ("micro", "µ"),
    "n": ("nano", "n"),
    "p": ("pico", "p"),
    "f": ("femto", "f"),
    "a": ("atto", "a"),
    "z": ("zepto", "z"),
    "y": ("yocto", "y"),
}

_PINT = {"degreecelsius": "delta_degree_Celsius", "electronvolt": "electron_volt"}
_ATOM_OF_NAME = {atom.name: ucum for ucum, atom in _ATOMS.items()}
_PREFIX_OF_NAME = {name: ucum for ucum, (name, _) in _PREFIXES.items()}
_TYPED = {"°C": "Cel", "°": "deg", "Ω": "Ohm", "µ": "u", "μ": "u", "²": "2", "³": "3"}

_PART = re.compile(r"(?P<unit>\[[^\]\s]*\]|[A-Za-z%']+)(?P<power>[+-]?\d{1,2})?")
_ANNOTATION = re.compile(r"\{[^{}]*\}")
_VALUE = re.compile(r"\s*(?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(?P<unit>\S*)\s*")
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

# A unit in parts: ((prefix, atom), exponent), in the order written, each pair once, no exponent 0.
_Parts = tuple[tuple[tuple[str, str], int], ...]


def check(ucum: str) -> str:
    """Return ``ucum`` unchanged if it is a unit of the subset.

    :raises UnitError: it is not.
    """
    _parse(ucum)
    return ucum


def same(a: str, b: str) -> bool:
    """Whether two units have the same dimension, scale and zero: ``lx`` and ``lm/m2``, not ``K`` and ``Cel``.

    :raises UnitError: one of them is unknown.
    """
    left, right = _parse(a), _parse(b)
    if dict(left) == dict(right):
        return True
    if _is_celsius(left) != _is_celsius(right):
        return False
    try:
        return math.isclose(factor(a, b), 1.0, rel_tol=1e-12)
    except UnitError:
        return False


def convert(value: float, source: str, target: str) -> float:
    """``value`` in ``source`` as a value in ``target``; between ``Cel`` and ``K`` the zero moves.

    :raises UnitError: a unit is unknown, or the dimensions differ.
    """
    scale = factor(source, target)
    kelvin = value + 273.15 if _is_celsius(_parse(source)) and not _is_celsius(_parse(target)) else value
    if _is_celsius(_parse(target)) and not _is_celsius(_parse(source)):
        return kelvin * scale - 273.15
    return kelvin * scale


@lru_cache(maxsize=256)
def factor(source: str, target: str) -> float:
    """The factor from ``source`` to ``target`` for uncertainties, differences and slopes: no zero moves.

    :raises UnitError: a unit is unknown, or the dimensions differ.
    """
    left, right = _parse(source), _parse(target)
    if dict(left) == dict(right):
        return 1.0
    registry, dimension_error = _pint()
    try:
        return float(registry.convert(1.0, _pint_unit(left, registry), _pint_unit(right, registry)))
    except dimension_error:
        raise UnitError(
            f"{source!r} cannot be converted to {target!r}", remedy="give a unit of the same quantity"
        ) from None


def parse_value(text: str, unit: str) -> float:
    """The number in ``"200 lx"`` or ``"23 °C"``, converted to ``unit``; a bare number is already in ``unit``.

    :raises UnitError: no finite number, an unknown unit, or one of another quantity.
    """
    match = _VALUE.fullmatch(text)
    if match is None:
        raise UnitError(f"{text!r} is not a number with a unit", remedy=f'write it like "1.5 {unit}"')
    number, typed = float(match["number"]), match["unit"]
    if not math.isfinite(number):
        raise UnitError(f"{text!r} is not finite")
    if not typed:
        check(unit)
        return number
    for written, ucum in _TYPED.items():
        typed = typed.replace(written, ucum)
    return convert(number, typed, unit)


def to_dsi(ucum: str) -> str:
    r"""The unit in D-SI: ``lx`` is ``\lux``, ``m/s2`` is ``\metre\second\tothe{-2}``, ``1`` is ``\one``.

    :raises UnitError: the unit is unknown.
    """
    parts = _parse(ucum)
    return "".join(_dsi_part(prefix, atom, power) for (prefix, atom), power in parts) or r"\one"


def from_dsi(dsi: str) -> str:
    r"""The UCUM string of a D-SI unit: ``\metre\second\tothe{-2}`` is ``m.s-2``. ``\per`` is read too.

    :raises UnitError: the text is no D-SI unit, or (written ``|...``) declared outside the SI.
    """
    tokens = re.findall(r"\\[A-Za-z]+|\{[+-]?\d{1,2}\}", dsi)
    if not tokens or "".join(tokens) != dsi.strip():
        raise UnitError(f"{dsi!r} is not a D-SI unit", remedy=r"write it like \metre\second\tothe{-1}")
    parts: list[tuple[tuple[str, str], int]] = []
    prefix, sign, position = "", 1, 0
    while position < len(tokens):
        name = tokens[position][1:]
        position += 1
        if name == "per":
            sign = -1
        elif name in _PREFIX_OF_NAME:
            prefix = _PREFIX_OF_NAME[name]
        elif name != "one":
            power = 1
            if tokens[position : position + 1] == [r"\tothe"]:
                power = _dsi_power(dsi, tokens[position + 1 : position + 2])
                position += 2
            parts.append((_dsi_unit(dsi, prefix, name), sign * power))
            prefix, sign = "", 1
    if prefix:
        raise UnitError(f"{dsi!r} ends with a prefix")
    return _to_ucum(_merge(parts))


def symbol(ucum: str) -> str:
    """The unit as people read it: ``°C``, ``lx``, ``µm``, ``m·s⁻²``; the unit one is the empty string.

    :raises UnitError: the unit is unknown.
    """
    return "·".join(
        (_PREFIXES[prefix][1] if prefix else "") + _ATOMS[atom].symbol + _superscript(power)
        for (prefix, atom), power in _parse(ucum)
    )


def product(a: str, b: str) -> str:
    """The unit of a product.

    :raises UnitError: a unit is unknown, or ``Cel`` alone, whose zero is arbitrary, would be multiplied, even by 2.
    """
    left, right = _parse(a), _parse(b)
    if _is_celsius(left) or _is_celsius(right):
        raise UnitError("a temperature in Cel cannot be multiplied", remedy="convert it to K")
    return _to_ucum(_merge([*left, *right]))


def power(ucum: str, exponent: int) -> str:
    """The unit of an integer power.

    :raises UnitError: the unit is unknown, or it is ``Cel`` alone.
    """
    parts = _parse(ucum)
    if _is_celsius(parts) and exponent != 1:
        raise UnitError("a temperature in Cel cannot be multiplied", remedy="convert it to K")
    return _to_ucum(_merge([(part, n * exponent) for part, n in parts]))


def root(ucum: str, degree: int) -> str | None:
    """The unit whose power ``degree`` (1 or more) is this unit, or ``None`` if no unit of whole exponents is.

    >>> root("m2.s-4", 2)
    'm.s-2'

    :raises UnitError: the unit is unknown.
    """
    parts = _parse(ucum)
    if any(n % degree for _, n in parts):
        return None
    return _to_ucum(tuple((part, n // degree) for part, n in parts))


def difference(ucum: str) -> str:
    """The unit of a difference of two values: ``K`` for ``Cel``, otherwise the unit itself."""
    return "K" if _is_celsius(_parse(ucum)) else ucum


@lru_cache(maxsize=512)
def _parse(ucum: str) -> _Parts:
    text = _ANNOTATION.sub("", ucum)
    if not ucum or ucum != ucum.strip():
        raise UnitError(f"{ucum!r} is not a unit", remedy='write a UCUM unit such as "lx" or "m/s2", or "1"')
    if not text:
        return ()
    parts: list[tuple[tuple[str, str], int]] = []
    for sign, term in _terms(ucum, text):
        if term in {"1", ""}:
            continue
        match = _PART.fullmatch(term)
        if match is None:
            raise UnitError(f"{term!r} in {ucum!r} is not a unit", remedy="write it in UCUM")
        parts.append((_unit(match["unit"], ucum), sign * int(match["power"] or 1)))
    return _merge(parts)


def _terms(ucum: str, text: str) -> list[tuple[int, str]]:
    """The factors of a unit with their signs; only before ``/`` or as an annotation one may be missing."""
    tokens = re.split(r"([./])", text)
    signs = [1] + [-1 if token == "/" else 1 for token in tokens[1::2]]
    terms = tokens[::2]
    bare = [not term for term in re.split(r"[./]", _ANNOTATION.sub("1", ucum))]
    if any(bare[1:]) or (bare[0] and not text.startswith("/")):
        raise UnitError(f"{ucum!r} is not a unit", remedy="a factor is missing beside a point or a stroke")
    return list(zip(signs, terms, strict=True))


def _unit(text: str, ucum: str) -> tuple[str, str]:
    if text in _ATOMS:
        return ("", text)
    for length in (1, 2):
        prefix, atom = text[:length], text[length:]
        if prefix in _PREFIXES and atom in _ATOMS and _ATOMS[atom].prefixed:
            return (prefix, atom)
    from difflib import get_close_matches

    near = get_close_matches(text, _ATOMS, n=1, cutoff=0.5)
    where = "" if text == ucum else f" in {ucum!r}"
    raise UnitError(
        f"unknown unit {text!r}{where}",
        remedy=f"did you mean {near[0]!r}?" if near else "write it in UCUM (case sensitive)",
    )


def _merge(parts: list[tuple[tuple[str, str], int]]) -> _Parts:
    total: dict[tuple[str, str], int] = {}
    for part, exponent in parts:
        total[part] = total.get(part, 0) + exponent
    return tuple((part, exponent) for part, exponent in total.items() if exponent)


def _to_ucum(parts: _Parts) -> str:
    return ".".join(f"{prefix}{atom}{n if n != 1 else ''}" for (prefix, atom), n in parts) or "1"


def _is_celsius(parts: _Parts) -> bool:
    return parts == ((("", "Cel"), 1),)


def _superscript(exponent: int) -> str:
    return "" if exponent == 1 else str(exponent).translate(_SUPERSCRIPT)


def _dsi_part(prefix: str, atom: str, exponent: int) -> str:
    joined = (prefix, atom) == ("k", "g")
    name = r"\kilogram" if joined else (f"\\{_PREFIXES[prefix][0]}" if prefix else "") + f"\\{_ATOMS[atom].name}"
    return name + (f"\\tothe{{{exponent}}}" if exponent != 1 else "")


def _dsi_power(dsi: str, token: list[str]) -> int:
    if not token or not token[0].startswith("{"):
        raise UnitError(f"{dsi!r} lacks the exponent after \\tothe")
    return int(token[0][1:-1])


def _dsi_unit(dsi: str, prefix: str, name: str) -> tuple[str, str]:
    known = name.lower() if name.lower() == "degreecelsius" else name
    if known == "kilogram" and not prefix:
        return ("k", "g")
    atom = _ATOM_OF_NAME.get(known)
    if atom is None or (prefix and not _ATOMS[atom].prefixed):
        raise UnitError(f"unknown unit \\{name} in {dsi!r}")
    return (prefix, atom)


def _pint_unit(parts: _Parts, registry: Any) -> Any:
    unit = registry.Unit("dimensionless")
    for (prefix, atom), exponent in parts:
        name = _ATOMS[atom].name
        unit *= registry.Unit((_PREFIXES[prefix][0] if prefix else "") + _PINT.get(name, name)) ** exponent
    return unit


@lru_cache(maxsize=1)
def _pint() -> tuple[Any, type[Exception]]:
    import pint

    from .unit_definitions import DEFINITIONS

    return pint.UnitRegistry(DEFINITIONS), pint.DimensionalityError
