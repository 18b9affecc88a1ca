"""What a report says of a system under test."""

from __future__ import annotations

from typing import Any

import pytest

from hil.trial_report import shown_setting


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("deadline", 3.0, "3 s"),
        ("deadline", 0.25, "0.25 s"),
        ("smallest", 24, "24 pixels"),
        ("picture", {"width": 224, "colour": "rgb", "scale": 0.5}, "width 224 pixels, colour rgb, scale 0.5"),
        ("domain", {"illuminance in lx": [5.0, 200.0]}, "illuminance in lx 5 to 200"),
        ("domain", {}, "none"),
        ("labels", ["cat", "dog"], "cat, dog"),
        ("answer", "", "none"),
        ("threads", 1, "1"),
        ("exact", True, "True"),
    ],
)
def test_settings_have_their_unit(name: str, value: Any, told: str) -> None:
    assert shown_setting(name, value) == told
