"""Why a connection or a file failed, in our words, with the system's in brackets."""

from __future__ import annotations

import errno
import os
import re
import socket
from types import MappingProxyType

UNTOLD = "the cause is not known"

_WORDS = MappingProxyType(
    {
        errno.ECONNREFUSED: "nothing listens there",
        errno.ECONNRESET: "the other side broke the connection",
        errno.EPIPE: "the other side broke the connection",
        errno.ECONNABORTED: "the other side broke the connection",
        errno.EHOSTUNREACH: "no way leads to that host",
        errno.ENETUNREACH: "no network leads to that host",
        errno.EADDRINUSE: "another program holds that port",
        errno.EADDRNOTAVAIL: "this machine has no such address",
        errno.ENOENT: "it does not exist",
        errno.ENODEV: "the device is not plugged in",
        errno.ENXIO: "the device is not plugged in",
        errno.EIO: "the device is gone, or was unplugged",
        errno.EACCES: "this user may not",
        errno.EPERM: "this user may not",
        errno.EBUSY: "another program holds it",
        errno.EISDIR: "it is a folder",
        errno.ENOTDIR: "a part of its path is no folder",
        errno.ENOTTY: "it is no serial port",
    }
)


def reason(error: BaseException | None, untold: str = UNTOLD) -> str:
    """Why something failed, as a clause for an operator.

    >>> reason(ConnectionRefusedError(111, "Connect call failed ('127.0.0.1', 502)"))
    'nothing listens there (Connection refused)'

    :param untold: the clause where neither the system nor the library gives a reason.
    """
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, EOFError):
        return str(error) or "the other side closed the connection"
    if isinstance(error, socket.gaierror):
        return f"its host name is not known ({error.strerror or error})"
    number = _number(error)
    if number:
        return f"{_WORDS.get(number, 'the system refuses')} ({os.strerror(number)})"
    text = re.sub(r" \(_ssl\.c:[0-9]+\)$", "", "" if error is None else str(error))
    return f"{untold} ({text})" if text and untold == UNTOLD else text or untold


def _number(error: BaseException | None) -> int | None:
    """The system's number of an error; libraries that wrap one often keep it only in their text."""
    number = getattr(error, "errno", None)
    if isinstance(number, int) and number in errno.errorcode:
        return number
    found = re.search(r"\[Errno (\d+)\]", str(error))
    return int(found[1]) if found and int(found[1]) in errno.errorcode else None
