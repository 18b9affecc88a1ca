"""Names as parts of the names of files."""

from __future__ import annotations

import re


def plain(name: str) -> str:
    """``name`` as a part of a file's name."""
    return re.sub(r"[^A-Za-z0-9.-]+", "-", name).strip("-.") or "unnamed"
