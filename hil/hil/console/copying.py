"""Where a value or a picture goes that is copied: a file too, as not every terminal takes it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from threading import Thread

from .pictures import Seen

VIEWER = "xdg-open"
"""What opens a file with the program that its user has chosen."""

DISPLAYS = ("WAYLAND_DISPLAY", "DISPLAY")


def keep_copy(text: str) -> Path:
    """Write ``text`` where the user finds it.

    :raises OSError: if it cannot be written.
    """
    path = _folder() / "copied.txt"
    path.write_text(text + "\n", encoding="utf-8")
    return path


def keep_picture(seen: Seen) -> Path:
    """Write what a camera saw as PNG where the user finds it.

    :raises OSError: if it cannot be written.
    """
    from PIL import Image

    path = _folder() / "picture.png"
    Image.frombytes("RGB", (seen.width, seen.height), seen.rgb).save(path)
    return path


def open_outside(path: Path, environment: Mapping[str, str] = os.environ) -> bool:
    """Open a file in a viewer of its own; whether there is a display, and a program for it."""
    viewer = shutil.which(VIEWER, path=environment.get("PATH"))
    if viewer is None or not any(environment.get(name) for name in DISPLAYS):
        return False
    nothing = subprocess.DEVNULL
    quiet = {"stdin": nothing, "stdout": nothing, "stderr": nothing, "start_new_session": True, "check": False}
    Thread(target=subprocess.run, args=([viewer, str(path)],), kwargs=quiet, daemon=True).start()
    return True


def _folder() -> Path:
    given = os.environ.get("XDG_STATE_HOME")
    folder = (Path(given) if given else Path.home() / ".local" / "state") / "hil"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
