"""What the analysis of a calibration of a virtual instrument would refuse, as far as it is known before the run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from hil_calibration.systems.conformal import fewest_values
from hil_calibration.systems.virtual import FEWEST_SUBJECTS, calibrates
from hil_drivers.capability import Values
from hil_drivers.replay import ForeseenDomain, ForeseenSource

from .parameters import CalibrateVirtualInstrument


def refusal(devices: Mapping[str, object], p: CalibrateVirtualInstrument) -> str:
    """Why the subjects will not be enough; empty where they will, or where it is not known.

    Whether a subject calibrates is known by its name. Where a source tells no names, it is more likely than not that is
    refused. Where a model does not tell what lies in its domain, all does.

    :param devices: those of the roles, not open.
    """
    source, model = devices["source"], devices["model"]
    if not isinstance(source, ForeseenSource) or devices["scene"] is not source:
        return by_chance(p)
    domain = model if isinstance(model, ForeseenDomain) else None
    made, values, tested, needed = set[str](), 0, set[str](), fewest_values(p.coverage)
    for stimulus in _stimuli(source, p):
        if stimulus is None:
            return ""
        first = calibrates(stimulus.subject, p.share, p.salt)
        if (not first and tested) or (domain is not None and not domain.takes(stimulus)):
            continue
        (made if first else tested).add(stimulus.subject)
        values += first
        if tested and len(made) >= FEWEST_SUBJECTS and values >= needed:
            return ""
    where = " in the domain" if domain is not None else ""
    if len(made) < FEWEST_SUBJECTS or not tested:
        return (
            f"{len(made)} subjects{where} would calibrate and {'some' if tested else 'none'} would test, where "
            f"{FEWEST_SUBJECTS} and 1 are needed: take more stimuli or contents, or another share"
        )
    return (
        f"{values} values{where} would calibrate, where an interval that covers {100.0 * p.coverage:g} % needs "
        f"{needed}: take more stimuli, or state a smaller coverage"
    )


def by_chance(p: CalibrateVirtualInstrument) -> str:
    """Where nobody knows the subjects: why they will hardly be enough, even if each stimulus is of another one."""
    from scipy.stats import binom

    n = p.stimuli * len(p.contents)
    enough = float(binom.cdf(n - 1, n, p.share) - binom.cdf(FEWEST_SUBJECTS - 1, n, p.share))
    if enough >= 0.5:
        return ""
    return (
        f"of {n} subjects at most, {FEWEST_SUBJECTS} or more would calibrate and 1 or more would test with a "
        f"probability of {100.0 * enough:.2g} % (binomial, a share of {p.share:g} calibrates): take more stimuli or "
        "contents, or another share"
    )


def _stimuli(source: ForeseenSource, p: CalibrateVirtualInstrument) -> Iterator[Values | None]:
    """All that the run will give, of each kind in its order, the kinds by turns."""
    for occasion in range(p.stimuli):
        for content in p.contents:
            yield source.foreseen(content, occasion)
