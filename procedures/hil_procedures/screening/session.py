"""The responses of a screening on record, in the order of its design."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hil.errors import RecordError
from hil.evidence import Evidence

from .parameters import Screening

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Session:
    """``response`` by sample of the design and row, shape ``(samples, n)``: NaN where there was none.

    :param at: the value of each influence, shape ``(samples, n)``, in the unit of its channel.
    :param units: of the influences' channels, and of the response.
    :param faults: of the system under test.
    :param outside: answers outside the domain that the system itself declares.
    """

    response: Array
    at: dict[str, Array]
    units: dict[str, str]
    unit: str
    faults: tuple[str, ...]
    outside: int
    voids: int

    @property
    def answered(self) -> NDArray[np.bool_]:
        """Which trials had a response, shape ``(samples, n)``."""
        return np.isfinite(self.response)

    @property
    def complete(self) -> NDArray[np.bool_]:
        """The rows of which every trial had one, shape ``(n,)``."""
        whole: NDArray[np.bool_] = np.all(self.answered, axis=0)
        return whole


def read_session(evidence: Evidence, p: Screening, voids: int, units: dict[str, str]) -> Session:
    """Read the responses.

    :raises RecordError: if there was none.
    """
    names = [one.name for one in p.ranges()]
    samples = len(names) + 2 if p.design == "saltelli" else 1
    response = np.full((samples, p.n), np.nan)
    at = {name: np.full((samples, p.n), np.nan) for name in names}
    for seen in evidence.observations:
        place = int(seen.data["sample"]), int(seen.data["row"])
        for name in names:
            at[name][place] = float(seen.data["influences"][name])
        if p.response == "hit":
            response[place] = float(bool(seen.data["hit"]))
        elif p.response == "reading":
            response[place] = float(evidence.indications(seen.links["reading"]).values.mean())
        elif not seen.data["fault"]:
            reference = evidence.measurements(seen.links["reference"], share_rounding=False)
            response[place] = float(seen.data["value"]) - (
                float(reference.value.mean()) if p.response == "error" else 0.0
            )
    if not np.any(np.isfinite(response)):
        raise RecordError("gave no response at any point", where="the system", remedy="see the faults on record")
    return Session(
        response,
        at,
        units,
        _unit(evidence, p),
        tuple(str(seen.data["fault"]) for seen in evidence.observations if seen.data["fault"]),
        sum(1 for seen in evidence.observations if seen.data.get("in_domain") is False),
        voids,
    )


def _unit(evidence: Evidence, p: Screening) -> str:
    if p.response == "hit":
        return "1"
    role = p.sensor if p.response == "reading" else "reference"
    channel = evidence.channels[evidence.role(role)]
    return str(channel["indication_unit"] if p.response == "reading" else channel["unit"])
