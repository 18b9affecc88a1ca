"""A picture outside of the console: in a viewer where there is a display, else in a file alone."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from hil.console.copying import VIEWER, keep_picture, open_outside
from hil.console.pictures import Seen

WITHIN = 30.0
SEEN = Seen("camera", 1, 2, 1, bytes([255, 0, 0, 0, 0, 255]))


def test_a_viewer_is_given_the_file_where_there_is_a_display(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    kept = keep_picture(SEEN)
    assert kept.read_bytes().startswith(b"\x89PNG")
    viewer = tmp_path / "bin" / VIEWER
    viewer.parent.mkdir()
    told = tmp_path / "told"
    told.touch()
    viewer.write_text(f'#!/bin/sh\nprintf %s "$1" > {told}.new && mv {told}.new {told}\n', encoding="utf-8")
    viewer.chmod(0o755)
    place = str(viewer.parent)
    assert not open_outside(kept, {"PATH": place})
    assert not open_outside(kept, {"PATH": str(tmp_path), "DISPLAY": ":0"})
    assert open_outside(kept, {"PATH": place, "DISPLAY": ":0"})
    end = time.monotonic() + WITHIN
    while not (given := told.read_text(encoding="utf-8")) and time.monotonic() < end:
        time.sleep(0.01)
    assert given == str(kept)
