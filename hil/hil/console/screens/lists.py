"""Entries of lists that several views show."""

from __future__ import annotations

from ..context import Context
from ..layout import Column
from ..palette import Level
from ..state import Device, Item
from ..summary import device_status, item_name, queue_glyph
from ..widgets.listing import Entry
from ..wording import Entry as LogLine
from ..wording import Severity

LOG = (
    Column("clock", "UTC", 12, 12, rank=1),
    Column("state", "level", 5, 5, rank=2),
    Column("kind", "what", 13, 18, rank=1),
    Column("text", "", 20, 400, rank=0),
)
QUEUE = (
    Column("state", "", 1, 1, rank=0),
    Column("name", "run", 16, 24, rank=0),
    Column("verdict", "verdict", 7, 12, rank=1),
    Column("by", "by", 10, 14, rank=3),
    Column("settings", "settings", 16, 200, rank=2),
)
QUEUE_NARROW = (Column("state", "", 1, 1), Column("name", "", 12, 40), Column("verdict", "", 7, 12, rank=1))
DEVICES = (
    Column("state", "state", 12, 14, rank=0),
    Column("name", "device", 10, 18, rank=0),
    Column("instrument", "instrument", 14, 28, rank=2),
    Column("serial", "serial", 8, 14, rank=4),
    Column("due", "cal. due", 10, 10, rank=3),
    Column("driver", "driver", 8, 14, rank=5),
    Column("error", "", 10, 200, rank=6),
)
DEVICES_NARROW = (Column("state", "", 14, 14), Column("name", "", 8, 40))

_SEVERITIES = {Severity.ERROR: Level.HIGH, Severity.WARN: Level.MEDIUM}


def log_entry(line: LogLine) -> Entry:
    """One line of the log."""
    cells = {"clock": line.clock, "state": line.severity.name, "kind": line.kind, "text": line.text}
    return Entry(
        f"{line.number} {line.wall} {line.kind} {line.text}", cells, _SEVERITIES.get(line.severity, Level.NORMAL)
    )


def queue_entry(item: Item) -> Entry:
    """One entry of the queue."""
    settings = " ".join(f"{name}={value}" for name, value in item.settings.items())
    cells = {
        "state": queue_glyph(item),
        "name": item_name(item),
        "verdict": item.verdict or ("" if item.status in ("waiting", "done") else item.status),
        "by": item.operator,
        "settings": item.error or settings,
    }
    bad = item.verdict == "FAIL" or item.status in ("failed", "tripped", "cut off")
    return Entry(item.id, cells, Level.MEDIUM if bad else Level.NORMAL, faded=item.status not in ("waiting", "running"))


def device_entry(device: Device, context: Context) -> Entry:
    """One device."""
    level, words = device_status(device, context.bench_time)
    cells = {
        "state": words,
        "name": device.name,
        "instrument": device.instrument,
        "serial": device.serial,
        "due": device.due,
        "driver": device.driver,
        "error": device.error,
    }
    return Entry(device.name, cells, level)
