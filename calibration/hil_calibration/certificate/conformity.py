"""Conformity of results with a specification, value by value (ISO/IEC 17025:2017, 7.8.6.2)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle, islice
from typing import Literal

from ..errors import CertificateError
from . import grammar, words
from .words import Words

Verdict = Literal["pass", "fail", "conditionalPass", "conditionalFail", "noPass", "noFail"]
VERDICTS: tuple[Verdict, ...] = ("pass", "fail", "conditionalPass", "conditionalFail", "noPass", "noFail")
"""What the DCC has words for: `conditionalPass` is a pass with a probability of error that the rule allows."""


@dataclass(frozen=True)
class Conformity:
    """Which specification the values of a column meet, by which rule.

    Limits are in the column's unit: one for all its values or one for each, none where nothing limits that side.

    :param verdicts: one for each value.
    :param specification: what is required, and whose requirement it is.
    :param rule: the decision rule applied, with the risk that it takes.
    :param tolerance_lower: and :param tolerance_upper: what the specification permits.
    :param acceptance_lower: and :param acceptance_upper: what the rule accepts.
    :param norm: the standard that the rule is taken from.
    :raises CertificateError: no limit, limits in the wrong order, a limit of acceptance where none is of tolerance.
    """

    verdicts: tuple[Verdict, ...]
    specification: Words
    rule: Words
    tolerance_lower: tuple[str, ...] = ()
    tolerance_upper: tuple[str, ...] = ()
    acceptance_lower: tuple[str, ...] = ()
    acceptance_upper: tuple[str, ...] = ()
    norm: str = ""

    def __post_init__(self) -> None:
        for verdict in self.verdicts:
            if verdict not in VERDICTS:
                known = ", ".join(VERDICTS)
                raise CertificateError(f"an unknown verdict {verdict!r}", where="conformity", remedy=f"one of {known}")
        for text, what in ((self.specification, "specification"), (self.rule, "decision rule")):
            grammar.words(words.label(text), what)
        if self.norm:
            grammar.name(self.norm, "norm of a decision rule")
        if not self.tolerance_lower and not self.tolerance_upper:
            raise CertificateError("conformity without a tolerance limit", where=words.label(self.specification))
        for tolerance, acceptance in (
            (self.tolerance_lower, self.acceptance_lower),
            (self.tolerance_upper, self.acceptance_upper),
        ):
            if bool(tolerance) != bool(acceptance):
                raise CertificateError("a limit of tolerance or of acceptance alone", where="conformity")

    def limits(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """The limits that there are, each with its role by PTB's names, in the order of PTB's certificates."""
        for role, values in (
            ("basic_toleranceLimitLower", self.tolerance_lower),
            ("basic_acceptanceLimitLower", self.acceptance_lower),
            ("basic_acceptanceLimitUpper", self.acceptance_upper),
            ("basic_toleranceLimitUpper", self.tolerance_upper),
        ):
            if values:
                yield role, values

    def require_for(self, n: int, where: str) -> None:
        """Check that it fits a column of ``n`` values.

        :raises CertificateError: another number of verdicts or limits, or a lower limit above an upper one.
        """
        grammar.same_length(n, (len(self.verdicts), "verdicts"), where)
        for role, values in self.limits():
            grammar.numbers(values, f"{where}, {role}")
            if len(values) != 1:
                grammar.same_length(n, (len(values), f"limits of {role}"), where)
        sides = zip(spread(self.tolerance_lower, n), spread(self.tolerance_upper, n), strict=False)
        if any(float(lower) > float(upper) for lower, upper in sides):
            raise CertificateError("a lower limit of tolerance above the upper one", where=f"{where}, conformity")


def spread(values: tuple[str, ...], n: int) -> tuple[str, ...]:
    """As many limits as there are values: one for all of them is repeated; none stay none."""
    return tuple(islice(cycle(values), n))
