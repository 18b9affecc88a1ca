"""Numbers as people write them in files."""

from __future__ import annotations

import re

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def number(text: str) -> float:
    """The number that a text is; infinite where it is too large for one.

    Python's own ``float`` also takes ``1_0`` for 10, ``nan``, and digits of other scripts.

    :raises ValueError: if it is none.

    >>> number("2e-3")
    0.002
    """
    if not _NUMBER.fullmatch(text.strip()):
        raise ValueError(f"{text[:40]!r} is no number such as 1.5 or 2e-3")
    return float(text)
