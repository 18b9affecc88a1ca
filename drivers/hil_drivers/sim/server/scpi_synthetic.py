"""The synthetic system under test by SCPI: ``READ:PICTure? n`` for a picture of its camera, ``READ?`` for what stands
before it now; each is answered with a text in quotes, empty where it sees nothing."""

from __future__ import annotations

from ..faults import Faults
from ..synthetic import SyntheticReader
from .scpi import DATA_TYPE_ERROR, OUT_OF_RANGE, ScpiError, ScpiProtocol, identity


def synthetic(reader: SyntheticReader, _faults: Faults) -> ScpiProtocol:
    """One connection to the reader."""

    def picture(parameter: str) -> str:
        try:
            number = int(parameter)
        except ValueError:
            raise ScpiError(DATA_TYPE_ERROR) from None
        answer = reader.picture(number)
        if answer is None:
            raise ScpiError(OUT_OF_RANGE)
        return _quoted(answer)

    return ScpiProtocol(
        identity("SYNTHETIC READER", "SN0007"),
        {"READ:PICTure?": picture, "READ?": lambda _: _quoted(reader.now())},
        asked_with=("READ:PICTure?",),
    )


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
