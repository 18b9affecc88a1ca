"""How a calibration function is printed: its formula, its coefficients by their names, and what is known of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..function_cvd import KIND as CALLENDAR_VAN_DUSEN
from . import model
from .labels import FORMULAS
from .printing import SUPERSCRIPT, printed, unit
from .view import View

_LETTERS = "abcdefgh"
_WIDEST_COVARIANCE = 5
"""Coefficients whose covariance a page has room for."""


def printed_function(view: View, function: model.Function) -> dict[str, Any]:
    """The function of a certificate; the covariance is left to the XML where it is too large for a page."""
    symbol = unit(function.indication_unit)
    variables = {"x": symbol, "y": unit(function.unit)}
    shown = len(function.coefficients) <= _WIDEST_COVARIANCE
    return {
        "formula": _formula(view, function),
        "meaning": [words.format(**variables) for words in view.label("function_variables")],
        "range": [f"{printed(limit)} {symbol}" for limit in (function.minimum, function.maximum)],
        "names": _names(function),
        "coefficients": [printed(coefficient) for coefficient in function.coefficients],
        "covariance": [[printed(element) for element in row] for row in function.covariance] if shown else [],
        "effects": [
            {
                "name": effect.name,
                "kind": effect.kind,
                "distribution": effect.distribution,
                "u": f"± {printed(effect.half_width)}" if effect.half_width else f"u = {printed(effect.u)}",
                "source": effect.source,
            }
            for effect in function.effects
        ],
    }


def _names(function: model.Function) -> list[str]:
    n = len(function.coefficients)
    if function.kind == CALLENDAR_VAN_DUSEN and n == 4:
        return ["R₀", "A", "B", "C"]
    if function.kind == "table" or n > len(_LETTERS):
        return [f"y{_subscript(i)}" for i in range(1, n + 1)]
    return list(_LETTERS[:n])


def _formula(view: View, function: model.Function) -> str:
    if function.kind in FORMULAS:
        return view.text(FORMULAS[function.kind])[0]
    return "y = " + " + ".join(
        f"{name}{power}" for name, power in zip(_names(function), _powers(function), strict=True)
    )


def _powers(function: model.Function) -> Sequence[str]:
    powers = ["", " · x", *(f" · x{str(n).translate(SUPERSCRIPT)}" for n in range(2, len(function.coefficients)))]
    return powers[: len(function.coefficients)]


def _subscript(number: int) -> str:
    return str(number).translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉"))
