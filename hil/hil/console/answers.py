"""Whether an answer to a prompt is one, before it is sent: what the bench says of it counts."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .state import Prompt

PICTURE = "the path of a PNG or JPEG file, on the machine of the bench"
YES, NO = ("yes", "y", "true"), ("no", "n", "false")

_NUMBER = re.compile(r"([+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][+-]?\d+)?)\s*([^\d\s.,].*)?", re.DOTALL)


@dataclass(frozen=True)
class Checked:
    """What is sent, and what a person is told of it; ``fault`` where it is no answer."""

    value: str = ""
    words: str = ""
    fault: str = ""


def check(prompt: Prompt, given: str, symbol: str) -> Checked:
    """``given`` as an answer to ``prompt``; its unit is shown as ``symbol``."""
    text = given.strip()
    if not text:
        return Checked(fault=wanted(prompt, symbol))
    if prompt.wants == "number":
        return _number(prompt, text, symbol)
    if prompt.wants == "choice":
        return Checked(text, text) if text in prompt.choices else Checked(fault="choose one of the list")
    if prompt.wants == "yes/no":
        return _yes_or_no(text)
    if prompt.wants == "picture":
        fits = text.lower().endswith((".png", ".jpg", ".jpeg"))
        return Checked(text, "a file on the machine of the bench") if fits else Checked(fault=PICTURE)
    return Checked(text, f"{len(text)} characters")


def wanted(prompt: Prompt, symbol: str) -> str:
    """What kind of answer is wanted."""
    kinds = {
        "number": f"a number{_bounds(prompt, symbol)}",
        "choice": "choose one of the list",
        "yes/no": "yes or no",
        "picture": PICTURE,
    }
    return kinds.get(prompt.wants, "some words")


def _bounds(prompt: Prompt, symbol: str) -> str:
    unit = f" {symbol}" if symbol else ""
    if prompt.lower is not None and prompt.upper is not None:
        return f" from {prompt.lower:g} to {prompt.upper:g}{unit}"
    if prompt.lower is not None:
        return f" from {prompt.lower:g}{unit} on"
    return f" up to {prompt.upper:g}{unit}" if prompt.upper is not None else f" in{unit}" if unit else ""


def _number(prompt: Prompt, text: str, symbol: str) -> Checked:
    found = _NUMBER.fullmatch(text)
    if found is None:
        return Checked(fault=f"{text} is no number")
    plain, unit = found[1].replace(",", "."), (found[2] or "").strip()
    value = float(plain)
    if unit and unit not in (symbol, prompt.unit):
        return Checked(f"{plain} {unit}", f"{plain} {unit}: the bench looks at the unit")
    low, high = prompt.lower, prompt.upper
    if (low is not None and value < low) or (high is not None and value > high):
        far = "small" if low is not None and value < low else "large"
        return Checked(fault=f"{value:g} is too {far}: {wanted(prompt, symbol)}")
    return Checked(plain, f"{value:g} {symbol}".rstrip())


def _yes_or_no(text: str) -> Checked:
    if text.lower() in YES:
        return Checked("yes", "yes")
    return Checked("no", "no") if text.lower() in NO else Checked(fault="yes or no")
