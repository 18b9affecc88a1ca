"""How numbers, units and tables are printed: each number by its own digits, aligned at the decimal point."""

from __future__ import annotations

import re
from collections.abc import Sequence
from io import BytesIO
from typing import Any

from ..unit import symbol
from . import grammar
from .words import Text, Words

SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_EXPONENT = re.compile(r"[Ee]\+?(-?)0*(\d+)$")


def printed(number: str) -> str:
    """A decimal string as printed: the true minus, a power of ten instead of an exponent."""
    exponent = _EXPONENT.search(number)
    if exponent:
        power = "".join(exponent.groups()).translate(SUPERSCRIPT)
        number = f"{number[: exponent.start()]} × 10{power}"
    return number.replace("-", "−")


def unit(ucum: str) -> str:
    """The symbol of a unit, `1` for none."""
    return symbol(ucum) or "1"


def texts(words: Words, languages: Sequence[str]) -> list[str]:
    """A text once in each language, the same text only once."""
    if isinstance(words, Text):
        return list(dict.fromkeys(getattr(words, language) for language in languages))
    return [words]


def aligned(numbers: Sequence[str]) -> dict[str, Any]:
    """Numbers split before their decimal point, and the longest of either part; an empty string stays empty."""
    cells = [_halves(printed(number)) for number in numbers]
    widest = [max(part, key=len, default="") for part in zip(*cells, strict=True)]
    uniform = len({len(rest) for _, rest in cells}) <= 1
    return {"numeric": True, "cells": cells, "widest": widest, "uniform": uniform}


def cells(column: Sequence[str]) -> dict[str, Any]:
    """A column of strings: aligned if it holds numbers only."""
    if all(grammar.is_number(cell) or cell in ("–", "") for cell in column):
        return aligned(column)
    return {"numeric": False, "cells": [printed(cell) if grammar.is_number(cell) else cell for cell in column]}


def qr(content: str) -> str:
    """A QR code as SVG."""
    import segno

    buffer = BytesIO()
    segno.make(content, error="m").save(buffer, kind="svg", xmldecl=False, border=0)
    return buffer.getvalue().decode()


def _halves(number: str) -> tuple[str, str]:
    whole, point, rest = number.partition(".")
    return whole, point + rest
