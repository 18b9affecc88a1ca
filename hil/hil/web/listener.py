"""A port of this machine that only this machine reaches."""

from __future__ import annotations

import socket

from ..errors import UsageError

HOST = "127.0.0.1"


def listen(port: int) -> socket.socket:
    """A socket bound to ``port`` of the loopback; 0 is any port that is free.

    :raises UsageError: if the port cannot be had.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError as error:
        listener.close()
        raise UsageError(
            f"cannot be listened on ({error.strerror})", where=f"port {port}", remedy="give another with --port"
        ) from None
    return listener
