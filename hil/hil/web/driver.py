"""What Textual draws with where a server is at the other end of stdin and stdout, rather than a terminal."""

from __future__ import annotations

import os
import threading
from functools import partial
from queue import Queue
from typing import Any

from textual import messages
from textual.app import App
from textual.drivers.web_driver import WebDriver

END_WITHIN = 1.5
"""Wall seconds that the console may take to end, once the server has gone."""


class PipeDriver(WebDriver):
    """As Textual's own, with two differences.

    That one goes on for ever when its server has gone: this one ends the application. That one stands still while
    nobody takes what it draws: this one writes from a thread, so that keys are heard meanwhile, SAFE STOP above all.
    """

    def __init__(
        self, app: App[Any], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._writer_thread = _Writer(self.fileno)
        self._write = partial(self._writer_thread.write)

    def start_application_mode(self) -> None:
        """Begin; leave the mouse to the page where the application does not want it."""
        self._writer_thread.start()
        super().start_application_mode()
        if not self._mouse:
            self._disable_mouse_support()

    def stop_application_mode(self) -> None:
        """Say that it is over, and have all of it written."""
        super().stop_application_mode()
        self._writer_thread.stop()

    def run_input_thread(self) -> None:
        """Take input until the application ends, or nobody is left who could send any."""
        super().run_input_thread()
        if self.exit_event.is_set():
            return
        last = threading.Timer(END_WITHIN, os._exit, (1,))
        last.daemon = True
        last.start()
        self.send_message(messages.ExitApp())


class _Writer(threading.Thread):
    """Writes from a thread of its own; the console looks at ``_queue``, as it does with Textual's writer."""

    def __init__(self, descriptor: int) -> None:
        super().__init__(name="web-output", daemon=True)
        self._descriptor = descriptor
        self._queue: Queue[bytes] = Queue()

    def write(self, data: bytes) -> int:
        """Have ``data`` written, without waiting for that. A page that takes nothing is let go by the server soon."""
        self._queue.put(data)
        return len(data)

    def run(self) -> None:
        """Write until `stop`; once nobody reads any more, nothing is written."""
        read = True
        while data := self._queue.get():
            try:
                while read and data:
                    data = data[os.write(self._descriptor, data) :]
            except OSError:
                read = False

    def stop(self) -> None:
        """Write what waits, for a while."""
        self._queue.put(b"")
        self.join(END_WITHIN)
