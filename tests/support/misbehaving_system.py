"""What a system under test answers to named values: their sum, or by ``how`` something that is no answer."""

from __future__ import annotations

import json
from typing import Any

IDENTITY = {"name": "adder", "version": "1.2", "digests": {"model.bin": "ab" * 32}}


def answer(asked: dict[str, Any]) -> bytes:
    """The answer to a question: right, or wrong in the way that the question asks for."""
    values = asked.get("values", {})
    told: dict[str, Any] = {"id": asked["id"], "output": values.get("a", 0.0) + values.get("b", 0.0), "confidence": 0.5}
    if "picture" in asked:
        told["output"] = float(asked["picture"]["width"])
    match int(values.get("how", 0)):
        case 1:
            return b"Segmentation fault"
        case 2:
            told["output"] = float("nan")
        case 3:
            told["output"] = "seven"
        case 4:
            del told["output"]
        case 5:
            return b"[1, 2]"
        case 6:
            return b"[" * 100_000
    return json.dumps(told).encode()
