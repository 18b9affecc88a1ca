"""An executor's turns one by one, and what is to be done once nothing is left to do."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from typing import Any

from rclpy.executors import ShutdownException, SingleThreadedExecutor, TimeoutException


class Turns:
    """Runs an executor in this thread until it is told to end.

    What goes wrong in one callback, such as a text that is no UTF-8, goes to the standard error and ends nothing.
    """

    def __init__(self) -> None:
        self.executor = SingleThreadedExecutor()
        self._idle: list[Callable[[], None]] = []
        self._ended = False

    def when_idle(self, then: Callable[[], None]) -> None:
        """Do ``then`` once all that has come by now is done; to be called in the executor's thread."""
        self._idle.append(then)

    def end(self) -> None:
        """End after this turn; to be called in the executor's thread."""
        self._ended = True

    def run(self) -> None:
        """Take turns until the end."""
        while not self._ended:
            if not self._idle:
                self._turn(None)
            elif not self._round():
                idle, self._idle = self._idle, []
                for then in idle:
                    then()

    def _round(self) -> bool:
        """Do all that is ready now; whether anything was. What that sets off is left for another round."""
        busy = False
        while self._turn(0.0):
            busy = True
        return busy

    def _turn(self, timeout: float | None) -> bool:
        """Do what is ready, or becomes so within ``timeout`` s; whether anything was."""
        try:
            handler: Any = self.executor.wait_for_ready_callbacks(timeout)[0]
        except (TimeoutException, ShutdownException):
            return False
        try:
            handler()
            handler.result()
        except Exception:  # noqa: BLE001 (whatever a callback raises must not end the others)
            traceback.print_exc(file=sys.stderr)
        return True
