"""The synthetic system under test by SCPI: ``READ:PICTure? n`` for a picture of its camera, ``READ?`` for what stands
before it now; each is answered with a text in quotes, empty where it sees nothing. ``READ:SOUNd?`` is for the last
record of the microphone: the text is JSON, a list of pairs of seconds between which it hears a voice."""

from __future__ import annotations

import json

from ..faults import Faults
from ..sound.listener import SyntheticListener
from ..synthetic import SyntheticReader
from .scpi import DATA_TYPE_ERROR, OUT_OF_RANGE, ScpiError, ScpiProtocol, identity


def synthetic(reader: SyntheticReader, listener: SyntheticListener, _faults: Faults) -> ScpiProtocol:
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

    def sound(_: str) -> str:
        heard = listener.intervals()
        if heard is None:
            raise ScpiError(OUT_OF_RANGE)
        return _quoted(json.dumps(heard))

    return ScpiProtocol(
        identity("SYNTHETIC READER", "SN0007"),
        {"READ:PICTure?": picture, "READ:SOUNd?": sound, "READ?": lambda _: _quoted(reader.now())},
        asked_with=("READ:PICTure?",),
    )


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
