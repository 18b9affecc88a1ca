"""Archives of uncertain numbers: JSON that keeps the identity of every influence.

Quantities written together, or at different times by one process, are correlated after reading as they were before; a
reloaded quantity is correlated with its inputs where these are still in memory. The numbers stand in GTC's own format,
whose version it states; units and budgets' inputs stand beside it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from . import unit as units
from .errors import CalibrationError
from .quantity import Quantity

FORMAT = "hil-quantities"
VERSION = 1


def dumps(quantities: Mapping[str, Quantity]) -> str:
    """The archive of named quantities as one JSON document.

    :raises CalibrationError: no quantity, or a name that is empty.
    """
    import GTC
    from GTC import persistence

    if not quantities or not all(quantities):
        raise CalibrationError("no quantities to archive, or one without a name", remedy="give names and quantities")
    tagged: dict[str, Any] = {}
    inputs: dict[Any, str] = {}
    described: dict[str, Any] = {}
    for index, (name, each) in enumerate(quantities.items()):
        for uid, number in each.inputs.items():
            if uid not in inputs:
                inputs[uid] = f"input {len(inputs)}"
                tagged[inputs[uid]] = number
        constant = each.u == 0
        if not constant:
            tagged[f"quantity {index}"] = GTC.result(+each.number, label=name)
        described[name] = {
            "unit": each.unit,
            "value": each.value if constant else None,
            "number": None if constant else f"quantity {index}",
            "inputs": [inputs[uid] for uid in each.inputs],
        }
    archive = persistence.Archive()
    archive.add(**tagged)
    document = {"format": FORMAT, "version": VERSION, "quantities": described}
    return json.dumps({**document, "gtc": json.loads(persistence.dumps_json(archive)) if tagged else None})


def loads(text: str) -> dict[str, Quantity]:
    """The quantities of an archive, by name.

    :raises CalibrationError: if it is no archive of this format and version.
    """
    from GTC import persistence

    try:
        document = json.loads(text)
        if document["format"] != FORMAT or document["version"] != VERSION:
            raise CalibrationError(
                f"an archive of the format {document['format']!r}, version {document['version']!r}",
                remedy=f"give one of {FORMAT}, version {VERSION}",
            )
        archive = persistence.loads_json(json.dumps(document["gtc"])) if document["gtc"] is not None else None
        return {name: _quantity(stated, archive) for name, stated in document["quantities"].items()}
    except CalibrationError:
        raise
    except Exception as error:  # noqa: BLE001 (GTC raises whatever its reader meets in a damaged archive)
        raise CalibrationError(f"no archive of quantities: {error!r:.100}", remedy="give what dumps made") from None


def _quantity(stated: Mapping[str, Any], archive: Any) -> Quantity:
    unit = units.check(stated["unit"])
    if stated["number"] is None:
        value = float(stated["value"])
        if not math.isfinite(value):
            raise ValueError(value)
        return Quantity.of(value, 0.0, unit)
    inputs = [archive.extract(name) for name in stated["inputs"]]
    return Quantity(archive.extract(stated["number"]), unit, {number.uid: number for number in inputs})
