"""Space-filling designs: Latin hypercubes and Sobol sequences, scaled to the ranges of the factors."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Unpack

from ..errors import ProcedureFault
from .design import Arrangement, Design
from .factors import Range, units_of


def latin_hypercube(*factors: Range, n: int, seed: int, **arrangement: Unpack[Arrangement]) -> Design:
    """``n`` points of which each factor's range holds exactly one in each of its n equal parts.

    :param n: at least 1.
    :param seed: chooses the points; the order is that of the run's seed. The same seed gives the same points.
    :param arrangement: as for `Design`.
    :raises ProcedureFault: for no factor, a name that is there twice, or no point.

    Source: M. D. McKay, R. J. Beckman, W. J. Conover, Technometrics 21 (1979) 239; scipy.stats.qmc.LatinHypercube.
    """
    from scipy.stats import qmc

    units = units_of(factors)
    if n < 1:
        raise ProcedureFault(f"a Latin hypercube of {n} points", where="Design", remedy="give 1 or more")
    shares = qmc.LatinHypercube(len(units), rng=seed).random(n)
    return _scaled(factors, shares.tolist(), {"design": "Latin hypercube", "seed": seed}, arrangement)


def sobol(*factors: Range, n: int, seed: int, **arrangement: Unpack[Arrangement]) -> Design:
    """``n`` points of a scrambled Sobol sequence, which fill the space more evenly than random ones.

    :param n: a power of two: the sequence is balanced only then.
    :param seed: of the scrambling (Owen); the same seed gives the same points.
    :param arrangement: as for `Design`.
    :raises ProcedureFault: for no factor, a name that is there twice, or a number that is no power of two.

    Source: I. M. Sobol, USSR Comput. Math. Math. Phys. 7 (1967) 86; A. B. Owen, J. Complexity 14 (1998) 466;
    scipy.stats.qmc.Sobol.
    """
    from scipy.stats import qmc

    units = units_of(factors)
    if n < 1 or n & (n - 1):
        raise ProcedureFault(
            f"a Sobol sequence of {n} points",
            where="Design",
            remedy=f"give a power of two, such as {1 << max(n, 1).bit_length()}",
        )
    shares = qmc.Sobol(len(units), scramble=True, rng=seed).random(n)
    return _scaled(factors, shares.tolist(), {"design": "Sobol sequence", "seed": seed}, arrangement)


def _scaled(
    factors: Sequence[Range], shares: Iterable[Sequence[float]], notes: dict[str, Any], arrangement: Arrangement
) -> Design:
    points = [{factor.name: factor.at(share) for factor, share in zip(factors, row, strict=True)} for row in shares]
    return Design({factor.name: factor.unit for factor in factors}, points, notes=notes, **arrangement)
