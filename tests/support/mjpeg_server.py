"""An MJPEG server on its own: ``python mjpeg_server.py PORT RATE WIDTH HEIGHT``; it prints its port and start.

Picture n, with n burnt into it as 24 bits, is of the monotonic time ``start + n / RATE``: the same clock for every
process of the machine. ``GET /stall`` holds all streams back for a second, as a camera that hangs does.
"""

from __future__ import annotations

import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

BITS, BLOCK = 24, 8
STALL = 1.0


def burn(background: NDArray[np.uint8], number: int) -> NDArray[np.uint8]:
    """A picture with its number."""
    picture = background.copy()
    for bit in range(BITS):
        left = bit * BLOCK
        picture[:BLOCK, left : left + BLOCK] = 255 if number >> bit & 1 else 0
    return picture


def number_of(picture: NDArray[np.uint8]) -> int:
    """The number that is burnt into a picture."""
    middle = picture[BLOCK // 2, BLOCK // 2 : BITS * BLOCK : BLOCK]
    return sum(1 << bit for bit in range(BITS) if np.mean(middle[bit]) > 127)


def background(width: int, height: int) -> NDArray[np.uint8]:
    """A smooth picture with some grain, as a camera sees it."""
    generator = np.random.default_rng(1)
    across, down = np.meshgrid(np.linspace(0, 200, width), np.linspace(0, 50, height))
    grain = generator.normal(0.0, 4.0, (height, width))
    return np.clip(across + down + grain, 0, 255).astype(np.uint8)


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port: int, rate: float, width: int, height: int) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.rate, self.start = rate, time.monotonic()
        self.background = background(width, height)
        self.ready = threading.Condition()
        self.number, self.jpeg, self.stalled_until = -1, b"", 0.0

    def expose(self) -> None:
        """Make pictures for ever, each at its time."""
        while True:
            number = int((time.monotonic() - self.start) * self.rate) + 1
            time.sleep(max(0.0, self.start + number / self.rate - time.monotonic()))
            jpeg = cv2.imencode(".jpg", burn(self.background, number))[1].tobytes()
            with self.ready:
                self.number, self.jpeg = number, jpeg
                self.ready.notify_all()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that went away."""


class Handler(BaseHTTPRequestHandler):
    server: Server

    def log_message(self, *args: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        if self.path == "/stall":
            self.server.stalled_until = time.monotonic() + STALL
            self.send_response(204)
            self.end_headers()
            return
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        self.end_headers()
        last = -1
        while True:
            with self.server.ready:
                self.server.ready.wait_for(lambda last=last: self.server.number > last)  # type: ignore[misc]
                last, jpeg = self.server.number, self.server.jpeg
            time.sleep(max(0.0, self.server.stalled_until - time.monotonic()))
            head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\nX-Frame: {last}\r\n"
            exposed = self.server.start + last / self.server.rate + time.time() - time.monotonic()
            head += f"X-Timestamp: {exposed:.6f}\r\n\r\n"
            self.wfile.write(head.encode() + jpeg + b"\r\n")


def main() -> None:
    """Serve until killed."""
    port, rate, width, height = int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    cv2.setNumThreads(1)
    server = Server(port, rate, width, height)
    threading.Thread(target=server.expose, daemon=True).start()
    sys.stdout.write(f"{server.server_port} {server.start}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main()
