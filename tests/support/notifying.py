"""A ``notify.toml`` with its secrets, a clock that is set by hand, and alarms, for tests of notification."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from hil.notify.config import Settings, load_settings
from hil.notify.lines import AlarmLine
from hil.notify.moment import Moment

SECOND = 1_000_000_000

TWO_LEVELS = """
[mail]
host = "127.0.0.1"
port = {mail}
security = "none"
sender = "bench@example.org"

[webhook]
url = "http://127.0.0.1:{web}/alarms"
secret_file = "secret"

[[levels]]
mail = ["first@example.org", "other@example.org"]
webhook = true

[[levels]]
after = "10 min"
mail = ["second@example.org"]
"""

SECRET = b"a secret of the test"


def write(folder: Path, text: str) -> Path:
    """A ``notify.toml`` that says ``text``, and the secret beside it."""
    for name in ("secret", "password"):
        (folder / name).touch(mode=0o600)
        (folder / name).write_bytes(SECRET + b"\n")
    path = folder / "notify.toml"
    path.write_text(text, encoding="utf-8")
    return path


def settings(folder: Path, text: str) -> Settings:
    """What it says."""
    return load_settings(write(folder, text))


class Hand:
    """A clock that is set by hand; the wall may be moved apart from it."""

    def __init__(self, utc: str = "2026-06-01T12:00:00+00:00") -> None:
        self.t = round(datetime.fromisoformat(utc).timestamp()) * SECOND
        self.step = 0

    def __call__(self) -> Moment:
        return Moment(self.t, self.t + self.step)

    def advance(self, seconds: float) -> Moment:
        self.t += round(seconds * SECOND)
        return self()


def line(event: str = "raised", episode: int = 1, **more: Any) -> AlarmLine:
    """An alarm of a run."""
    known: dict[str, Any] = {"alarm": "lamp hot", "priority": "high", "run": "run-1"}
    return AlarmLine.model_validate({"event": event, "episode": episode, **known, **more})
