"""A chamber that speaks ASCII-2, on a terminal, in a process of its own: it uses ``os.read`` and ``os.write`` only.

``python ascii2_peer.py TERMINAL [climate|cabinet] [BEHAVIOUR]`` prints a line when it is ready, and then each request
in hexadecimal. Behaviours: ``locked`` refuses to write, ``tripped`` does not start, ``stopping`` stops by itself after
some reads, ``deaf`` obeys with a wrong set point.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field

import ascii2_help


@dataclass
class Chamber:
    """What it holds: nominal and actual values in the order of its read string, and digital channels."""

    nominal: list[float]
    behaviour: str
    help: str
    twice: int
    shown: float = 20.0
    gradient: float = 0.0
    channels: str = "0" * 32
    reads: int = field(default=0)

    def answer(self, line: str) -> str:
        """Its answer to one request."""
        command, _, rest = line.partition(" ")
        if command == "$01?":
            return self.help
        if command == "$01I":
            return self.state()
        if self.behaviour == "locked":
            return ""
        if command == "$01E":
            return self.write(rest.split())
        if command == "$01U":
            self.gradient = max(map(float, rest.split()[:2]))
            return "0"
        return f"'{line}' is an unknown command."

    def state(self) -> str:
        """The read string; with a gradient, the nominal value creeps."""
        self.reads += 1
        if self.behaviour == "stopping" and self.reads > 6:
            self.channels = "0" * 32
        creep = 1.0 if self.gradient else 1000.0
        self.shown += max(-creep, min(creep, self.nominal[0] - self.shown))
        numbers = []
        for i, value in enumerate(self.nominal):
            numbers += [self.shown if i == 0 else value]
            numbers += (
                [self.shown + 3.0 if i == 0 else value + 0.5] if i < self.twice or i >= len(self.nominal) - 4 else []
            )
        return " ".join([*(f"{number:06.1f}" for number in numbers), self.channels])

    def write(self, words: list[str]) -> str:
        """Take a write string."""
        *numbers, channels = words
        if len(numbers) != len(self.nominal) or any(len(number) != 6 for number in numbers) or len(channels) != 32:
            return ""
        self.nominal = [float(number) for number in numbers]
        if self.behaviour == "deaf":
            self.nominal[0] = -1.0
        self.channels = "0" * 32 if self.behaviour == "tripped" else channels
        return "0"


def main(path: str, model: str = "climate", behaviour: str = "") -> None:
    """Serve until the line is gone."""
    if model == "climate":
        chamber = Chamber([20.0, 40.0, 90.0, 0.0, 0.0, 0.0, 0.0], behaviour, ascii2_help.CLIMATE, 3)
    else:
        chamber = Chamber([20.0, 0.0, 0.0, 2.0, 2.0, 0.0, 0.0, 0.0, 0.0], behaviour, ascii2_help.CABINET, 3)
    line = os.open(path, os.O_RDWR | os.O_NOCTTY)
    os.write(1, b"ready\n")
    pending = b""
    while data := os.read(line, 256):
        *requests, pending = (pending + data).split(b"\r")
        for request in requests:
            os.write(1, request.hex().encode() + b"\n")
            reply = chamber.answer(request.decode("latin-1")).replace("\n", "\r\n").encode("latin-1") + b"\r"
            while reply:
                reply = reply[os.write(line, reply) :]


if __name__ == "__main__":
    main(*sys.argv[1:])
