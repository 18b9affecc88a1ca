"""Whether anybody can be told at all."""

from __future__ import annotations

from importlib.util import find_spec

from ..errors import UsageError

NEEDED = ("aiosmtplib", "httpx")


def require_extra() -> None:
    """Refuse to start what cannot tell anybody.

    :raises UsageError: if what the extra ``web`` brings is not installed.
    """
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise UsageError(f"notification needs {missing[0]}", remedy="install the extra: pip install 'hil-bench[web]'")
