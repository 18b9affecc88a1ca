"""The views that the first picture does not show; they are loaded after it."""

from __future__ import annotations

from ..context import Context
from .alarm_lists import AlarmsView
from .calibration import CalibrationView
from .camera import CameraView
from .devices import DevicesView
from .log import LogView
from .queue import QueueView
from .view import View


def other_views(context: Context) -> tuple[View, ...]:
    """Them, in the order of their keys."""
    return (
        QueueView(context),
        AlarmsView(context),
        DevicesView(context),
        CalibrationView(context),
        CameraView(context),
        LogView(context),
    )
