"""Contrast of two colours (WCAG 2), and how different they look to people who see colours differently.

Dichromats are simulated by the matrices of Machado, Oliveira and Fernandes (2009), severity 1, in linear RGB; the
difference is the Euclidean one in CIE L*a*b* under D65 (dE76).
"""

from __future__ import annotations

from collections.abc import Mapping
from math import dist
from types import MappingProxyType

Triple = tuple[float, float, float]
_Matrix = tuple[Triple, Triple, Triple]

VISIONS: Mapping[str, _Matrix] = MappingProxyType(
    {
        "normal": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
        "protan": (
            (0.152286, 1.052583, -0.204868),
            (0.114503, 0.786281, 0.099216),
            (-0.003882, -0.048116, 1.051998),
        ),
        "deutan": (
            (0.367322, 0.860646, -0.227968),
            (0.280085, 0.672501, 0.047413),
            (-0.011820, 0.042940, 0.968881),
        ),
        "tritan": (
            (1.255528, -0.076749, -0.178779),
            (-0.078411, 0.930809, 0.147602),
            (0.004733, 0.691367, 0.303900),
        ),
    }
)
"""What each kind of vision makes of a colour in linear RGB."""

_XYZ: _Matrix = (
    (0.4124564, 0.3575761, 0.1804375),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339, 0.1191920, 0.9503041),
)
_WHITE = (0.95047, 1.0, 1.08883)


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours ``#rrggbb``, 1 to 21; text needs 4.5 (WCAG 2, level AA)."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def difference(one: str, other: str, vision: str = "normal") -> float:
    """dE76 between two colours ``#rrggbb`` as seen with ``vision`` (a key of `VISIONS`)."""
    return dist(_lab(_seen(one, vision)), _lab(_seen(other, vision)))


def _linear(colour: str) -> Triple:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return _expanded(red), _expanded(green), _expanded(blue)


def _expanded(level: float) -> float:
    return level / 12.92 if level <= 0.04045 else float(((level + 0.055) / 1.055) ** 2.4)


def _luminance(colour: str) -> float:
    luminance: float = _applied(_XYZ, _linear(colour))[1]
    return luminance


def _seen(colour: str, vision: str) -> Triple:
    red, green, blue = _applied(VISIONS[vision], _linear(colour))
    return min(max(red, 0.0), 1.0), min(max(green, 0.0), 1.0), min(max(blue, 0.0), 1.0)


def _applied(matrix: _Matrix, vector: Triple) -> Triple:
    first, second, third = (sum(m * v for m, v in zip(row, vector, strict=True)) for row in matrix)
    return first, second, third


def _lab(linear: Triple) -> Triple:
    x, y, z = (_cubed(value / white) for value, white in zip(_applied(_XYZ, linear), _WHITE, strict=True))
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def _cubed(ratio: float) -> float:
    return float(ratio ** (1 / 3)) if ratio > (6 / 29) ** 3 else ratio / (3 * (6 / 29) ** 2) + 4 / 29
