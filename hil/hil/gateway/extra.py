"""Whether there can be a gateway, or what else takes the extra ``web``, at all."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec

from ..errors import UsageError

NEEDED = ("fastapi", "uvicorn", "httptools", "websockets", "msgspec")


def require_extra(needed: Sequence[str] = NEEDED, what: str = "the gateway") -> None:
    """Refuse to start what cannot be.

    :raises UsageError: if what the extra ``web`` brings is not installed.
    """
    missing = [name for name in needed if find_spec(name) is None]
    if missing:
        raise UsageError(f"{what} needs {missing[0]}", remedy="install the extra: pip install 'hil-bench[web]'")
