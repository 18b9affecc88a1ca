"""Where a value goes that is copied: a file too, as not every terminal takes it."""

from __future__ import annotations

import os
from pathlib import Path


def keep_copy(text: str) -> Path:
    """Write ``text`` where the user finds it.

    :raises OSError: if it cannot be written.
    """
    given = os.environ.get("XDG_STATE_HOME")
    folder = (Path(given) if given else Path.home() / ".local" / "state") / "hil"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "copied.txt"
    path.write_text(text + "\n", encoding="utf-8")
    return path
