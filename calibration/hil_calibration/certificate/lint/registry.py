"""The rules, one function each, by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from .finding import Fault, Severity
from .subject import Subject

Check = Callable[[Subject], Iterator[Fault]]


@dataclass(frozen=True)
class Rule:
    """A rule: its name, the severity of what it finds unless it says otherwise, and the clause behind it.

    :param about: what it demands, one sentence.
    """

    name: str
    severity: Severity
    clause: str
    about: str
    check: Check


RULES: dict[str, Rule] = {}


def rule(name: str, severity: Severity = "error", clause: str = "") -> Callable[[Check], Check]:
    """Enter a function as a rule; the first line of its docstring says what it demands."""

    def enter(check: Check) -> Check:
        about = (check.__doc__ or "").partition("\n")[0]
        RULES[name] = Rule(name, severity, clause, about, check)
        return check

    return enter
