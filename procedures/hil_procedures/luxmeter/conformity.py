"""Whether the errors of indication keep to a maximum permissible error, level by level, if one is given."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from hil.results import Verdict
from hil_calibration.certificate import model
from hil_calibration.certificate.model import Text
from hil_calibration.conformity import Decision, Rule, decide
from hil_calibration.reporting import ReportingPolicy

from .errors import Errors

FURTHER_DIGITS = 1
"""More digits of a limit than of the error beside it: the decision is on unrounded values."""


def decisions(errors: Errors, mpe: float | None, rule: Rule, policy: ReportingPolicy) -> list[Decision]:
    """The decision at each level (JCGM 106).

    :param mpe: maximum permissible error, a fraction of the reference value; without one nothing is decided.
    """
    if mpe is None:
        return []
    rows = zip(errors.error, errors.u, errors.dof, errors.reference, strict=True)
    return [
        decide(
            float(error),
            float(u),
            lower=-mpe * float(reference),
            upper=mpe * float(reference),
            rule=rule,
            dof=max(1.0, float(dof)),
            policy=policy,
        )
        for error, u, dof, reference in rows
    ]


def stated(
    made: Sequence[Decision], errors: Sequence[str], references: Sequence[float], mpe: float | None
) -> model.Conformity | None:
    """The statement of conformity beside the errors, ``None`` where nothing was decided.

    :param errors: as printed, whose decimal places give those of the limits.
    :param references: reference values in lx, unrounded.
    """
    if not made or mpe is None:
        return None
    places = [_places(error) + FURTHER_DIGITS for error in errors]
    tolerance = [f"{mpe * reference:.{n}f}" for reference, n in zip(references, places, strict=True)]
    acceptance = [_acceptance(one) for one in made]
    percent = f"{100.0 * mpe:g}"
    rule = f"{_capital(made[0].definitions['rule'])}; {made[0].definitions['w']}."
    french = next(told for name, told in _RULES.items() if made[0].definitions["rule"].startswith(name))
    too_wide = any(low == high for low, high in acceptance)
    return model.Conformity(
        verdicts=tuple("pass" if one.verdict == "pass" else "fail" for one in made),
        specification=Text(
            en=f"Maximum permissible error of indication: ±{percent} % of the reference value.",
            fr=f"Erreur maximale tolérée d'indication : ±{percent} % de la valeur de référence.",
        ),
        rule=Text(
            en=rule + (" Where w is wider than the tolerance, nothing is accepted." if too_wide else ""),
            fr=french + (" Là où w dépasse la tolérance, rien n'est accepté." if too_wide else ""),
        ),
        tolerance_lower=tuple(f"-{limit}" for limit in tolerance),
        tolerance_upper=tuple(tolerance),
        acceptance_lower=tuple(f"{low:.{n}f}" for (low, _), n in zip(acceptance, places, strict=True)),
        acceptance_upper=tuple(f"{high:.{n}f}" for (_, high), n in zip(acceptance, places, strict=True)),
    )


def verdict(made: Sequence[Decision], levels: Sequence[float], mpe: float | None) -> Verdict | None:
    """The verdict on all levels together, ``None`` where nothing was decided."""
    if not made or mpe is None:
        return None
    failed = [f"{level:g} lx" for level, one in zip(levels, made, strict=True) if one.verdict != "pass"]
    risk = max(one.consumer_risk for one in made)
    accepted = f"all {len(made)} errors are accepted; the largest specific consumer's risk is {100.0 * risk:.2g} %"
    return Verdict(
        "FAIL" if failed else "PASS",
        f"each error of indication is within ±{100.0 * mpe:g} % of the reference value",
        made[0].definitions["rule"],
        f"not accepted at {', '.join(failed)}" if failed else accepted,
    )


_RULES = {
    "simple acceptance": "Acceptation simple : conforme si la valeur mesurée est dans les limites de tolérance.",
    "guarded acceptance": "Acceptation avec bande de garde : conforme si la valeur mesurée est dans les limites de "
    "tolérance resserrées de la bande de garde w = U.",
}


def _places(number: str) -> int:
    exponent = Decimal(number).as_tuple().exponent
    return -exponent if isinstance(exponent, int) and exponent < 0 else 0


def _acceptance(made: Decision) -> tuple[float, float]:
    """The limits of acceptance; both 0 where the guard band leaves nothing between them."""
    low, high = made.acceptance_limits
    if low is None or high is None or low > high:
        return 0.0, 0.0
    return low, high


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
