"""The Callendar-Van Dusen coefficients that a certificate lists, and what its points say of their uncertainty."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..effect import Effect
from ..errors import CertificateError
from ..function import CalibrationFunction
from ..function_cvd import C, CallendarVanDusen
from .document import DccDocument

_COEFFICIENTS = {"R0": "Ohm", "A": "K-1", "B": "K-2", "C": "K-4"}
_NEEDED = {"R0", "A", "B"}
_EXACT = 1e-9
"""Cel below which a difference is rounding of the computation."""


@dataclass(frozen=True)
class Fitted:
    """A function with the covariance of its coefficients and what it misses of the points; ``assumption`` in words."""

    function: CalibrationFunction
    covariance: NDArray[np.float64]
    effects: tuple[Effect, ...] = ()
    assumption: str = ""


def callendar_van_dusen(document: DccDocument) -> CallendarVanDusen | None:
    """The function whose coefficients R0, A, B and perhaps C the certificate lists, ``None`` if it lists none.

    C is that of IEC 60751 where it is not listed.

    :raises CertificateError: a coefficient is listed twice.
    """
    found: dict[str, float] = {}
    for table in document.results:
        for quantity in table.quantities:
            unit = _COEFFICIENTS.get(quantity.name)
            form = quantity.form(unit) if unit else None
            if form is None:
                continue
            if quantity.name in found or len(form.values) != 1:
                raise CertificateError(f"the coefficient {quantity.name} is listed twice", where=document.identifier)
            found[quantity.name] = form.values[0]
    if not found.keys() >= _NEEDED:
        return None
    return CallendarVanDusen(found["R0"], found["A"], found["B"], found.get("C", C))


def fitted(
    function: CallendarVanDusen,
    resistance: NDArray[np.float64],
    temperature: NDArray[np.float64],
    covariance: NDArray[np.float64],
    *,
    where: str,
) -> Fitted:
    """The covariance of the coefficients as a least-squares fit through the points gives it (GUM 5.1.2).

    R is linear in R0, R0 A and R0 B. Where the points are not met exactly, the largest difference is the half-width of
    an effect of its own. C is taken as exact.

    :param resistance: in Ohm, shape (n,). :param temperature: in Cel, shape (n,).
    :param covariance: of the temperatures, all uncertainties of the points included, in Cel², shape (n, n).
    :raises CertificateError: fewer than three points, or the coefficients belong to other points.
    """
    if len(resistance) < 3:
        raise CertificateError("fewer than three points for its coefficients", where=where)
    residual = float(np.max(np.abs(function.value(resistance) - temperature)))
    if residual > 4.0 * float(np.sqrt(np.max(covariance.diagonal()))):
        raise CertificateError(
            f"its coefficients miss its points by up to {residual:.3g} Cel, more than their uncertainty allows",
            where=where,
            remedy="ask the laboratory which of them are right",
        )
    towards = np.zeros((4, len(resistance)))
    towards[:3] = np.linalg.pinv(function.jacobian(resistance)[:, :3])
    effects = () if residual < _EXACT else (_lack_of_fit(residual, where),)
    spread = towards @ covariance @ towards.T
    return Fitted(
        function, (spread + spread.T) / 2.0, effects, "the coefficients are a least-squares fit through the points"
    )


def _lack_of_fit(residual: float, where: str) -> Effect:
    return Effect(
        name=f"{where} fit of the coefficients",
        kind="absolute",
        distribution="rectangular",
        half_width=residual,
        source="the largest difference between the certificate's points and its coefficients",
    )
