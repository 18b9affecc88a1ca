"""How a result is stated: coverage, rounding, and the laboratory's capability, as one rule that says itself in words.

``rounding`` has the names of the laboratory file's ``[reporting]``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from .coverage import ENOUGH_DOF, coverage_factor
from .errors import CalibrationError, UnknownUncertainty
from .measurement.gum import coverage_factor as t_factor
from .rounding import Rule, report

Coverage = Literal["k=2", "95.45 %", "95 %", "about 95 %"]

_COVERAGE = {
    "k=2": "the coverage factor is k = 2 whatever the degrees of freedom; the probability that it covers is told",
    "95.45 %": "the coverage factor is Student's t for 95.45 % and the effective degrees of freedom",
    "95 %": "the coverage factor is Student's t for 95 % and the effective degrees of freedom",
    "about 95 %": (
        f"the coverage factor is k = 2 from {ENOUGH_DOF:g} effective degrees of freedom on, "
        "and Student's t for 95.45 % below"
    ),
}
_ROUNDING = {
    "nearest": "to the nearest",
    "up": "always up",
    "ea5": "to the nearest, or up where that would lower it by more than 5 %",
}


@dataclass(frozen=True)
class Statement:
    """A result as it is printed.

    :param U: expanded uncertainty in ``unit``, as printed, as is ``value``.
    :param probability: that k covers, for the effective degrees of freedom ``dof``, between 0 and 1.
    :param raised: whether U is the laboratory's capability, because the evaluation gave less.
    :param remarks: what belongs beside it, one sentence each.
    """

    value: str
    U: str
    unit: str
    k: float
    probability: float
    dof: float
    raised: bool
    remarks: tuple[str, ...]


@dataclass(frozen=True)
class ReportingPolicy:
    """A rule by which results are stated.

    :param coverage: ``k=2``; ``95.45 %`` or ``95 %`` by Student's t (GUM G.3); ``about 95 %``, which is k = 2 from 50
        degrees of freedom on and t for 95.45 % below (EA-4/02 M:2022, annex E), and what certificates here use.
    :param digits: significant digits of U, 1 or 2 (GUM 7.2.6).
    :param rounding: of U, ``nearest``, ``up`` or ``ea5``; see :func:`~hil_calibration.rounding.report`.
    :raises CalibrationError: for another coverage, number of digits, or rounding.
    """

    coverage: Coverage = "about 95 %"
    digits: int = 2
    rounding: Rule = "nearest"

    def __post_init__(self) -> None:
        if self.coverage not in _COVERAGE:
            raise CalibrationError(f"coverage {self.coverage!r}", remedy=f"give one of {', '.join(_COVERAGE)}")
        report(1, 1, self.digits, self.rounding)

    @property
    def rule(self) -> str:
        """The rule in words."""
        digits = "one significant digit" if self.digits == 1 else "two significant digits"
        return (
            f"{_COVERAGE[self.coverage]}. U is rounded to {digits}, {_ROUNDING[self.rounding]}, and the value to the "
            "same decimal. A U below the laboratory's capability for the same coverage is raised to it, "
            "and then rounded up."
        ).replace("the", "The", 1)

    def factor(self, dof: float = math.inf) -> float:
        """The coverage factor for effective degrees of freedom, 1 or more.

        :raises UnknownUncertainty: ``dof`` is below 1 or not a number.
        """
        if not dof >= 1:
            raise UnknownUncertainty(f"{dof:g} effective degrees of freedom", remedy="give 1 or more")
        if self.coverage == "k=2":
            return 2.0
        if self.coverage == "about 95 %":
            return coverage_factor(dof)
        return t_factor(0.9545 if self.coverage == "95.45 %" else 0.95, dof)

    def state(
        self, value: float, u: float, unit: str, *, dof: float = math.inf, capability: float | None = None
    ) -> Statement:
        """The result as it is printed.

        A capability (CMC) is the smallest U that the laboratory may state (ILAC P14); U is compared with it unrounded.

        :param u: combined standard uncertainty in ``unit``, >= 0; the difference unit where that is ``Cel``.
        :param dof: effective degrees of freedom, 1 or more.
        :param capability: for the coverage of this policy, in ``unit``, > 0.
        :raises UnknownUncertainty: ``u`` or ``dof`` is none.
        :raises CalibrationError: the capability is not positive, or U is zero and there is no capability.
        """
        k = self.factor(dof)
        if not 0 <= u < math.inf:
            raise UnknownUncertainty(f"u = {u}", remedy="give a finite number >= 0")
        if capability is not None and not 0 < capability < math.inf:
            raise CalibrationError(f"a capability of {capability}", remedy="give a finite number > 0")
        raised = capability is not None and k * u < capability
        U = capability if capability is not None and raised else k * u  # noqa: N806 (the GUM's symbol)
        printed = report(value, U, self.digits, "up" if raised else self.rounding)
        probability = _covered(k, dof)
        remarks = [f"k = {k:.2f}, coverage probability {100 * probability:.2f} % for {_told(dof)}"]
        if raised:
            remarks.append(
                f"the evaluation gave U = {k * u:.3g} {unit}, below the capability of {capability:g} {unit}: "
                "the capability is stated"
            )
        return Statement(printed.value, printed.U, unit, k, probability, dof, raised, tuple(remarks))


def _covered(k: float, dof: float) -> float:
    """The probability within ± k, the degrees of freedom truncated as in the factor."""
    from scipy.special import ndtr, stdtr

    return float(2 * (ndtr(k) if math.isinf(dof) else stdtr(math.floor(dof), k)) - 1)


def _told(dof: float) -> str:
    return "infinite degrees of freedom" if math.isinf(dof) else f"{dof:.4g} effective degrees of freedom"
