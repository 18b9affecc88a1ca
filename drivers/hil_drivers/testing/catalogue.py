"""The checks, each by name: what every driver must do with a peer that behaves, and with one that does not."""

from __future__ import annotations

from .in_trouble import garbage, late, loss, merged, overdue, silent, split, timeout, values
from .in_use import cancel, connect, read, stream, together, unreachable, write
from .left_behind import leaks

CHECKS = (
    connect,
    unreachable,
    read,
    stream,
    write,
    together,
    cancel,
    late,
    timeout,
    silent,
    overdue,
    loss,
    garbage,
    split,
    merged,
    values,
    leaks,
)
