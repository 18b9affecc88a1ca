"""The side of a model in the line protocol of the driver ``process``: a line of JSON in, a line of JSON out."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from typing import Any, Protocol


class Answering(Protocol):
    """A model that answers questions."""

    def identity(self) -> Mapping[str, Any]:
        """Its name, version and digests."""
        ...

    def __call__(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        """What it answers."""
        ...


def serve(load: Callable[[Mapping[str, Any]], Answering]) -> None:
    """Load a model with the settings of the command line, and serve until the input closes.

    What goes wrong within the model ends the process with a traceback, as a crash does; what its libraries print goes
    to the standard error.
    """
    sink = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    model = load(json.loads(sys.argv[1]))
    print(json.dumps(model.identity()), file=sink, flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        print(json.dumps({"id": asked["id"], **model(asked)}), file=sink, flush=True)
