"""What Textual draws with where a server is at the other end of stdin and stdout, rather than a terminal."""

from __future__ import annotations

import os
import threading

from textual import messages
from textual.drivers.web_driver import WebDriver

END_WITHIN = 1.5
"""Wall seconds that the console may take to end, once the server has gone."""


class PipeDriver(WebDriver):
    """As Textual's own, which goes on for ever when its server has gone: this one ends the application."""

    def start_application_mode(self) -> None:
        """Begin; leave the mouse to the page where the application does not want it."""
        super().start_application_mode()
        if not self._mouse:
            self._disable_mouse_support()

    def run_input_thread(self) -> None:
        """Take input until the application ends, or nobody is left who could send any."""
        super().run_input_thread()
        if self.exit_event.is_set():
            return
        last = threading.Timer(END_WITHIN, os._exit, (1,))
        last.daemon = True
        last.start()
        self.send_message(messages.ExitApp())
