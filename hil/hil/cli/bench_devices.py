"""``hil devices --bench``: connect to the devices of a bench and show how each does."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from ..errors import DEVICE, PASS
from .output import show_json, show_table

if TYPE_CHECKING:
    from ..bench.config import BenchConfig
    from ..monitor.bench import WatchedBench
    from ..monitor.device import WatchedDevice

_GLYPHS = {"up": "●", "down": "○", "closed": "○"}


def show_bench_devices(bench: str, *, readings: int, seed: int | None, as_json: bool) -> int:
    """Connect, read, show; the exit code is 4 if a device does not answer."""
    from ..bench.config import load_bench
    from .interruptible import run_interruptibly

    rows = run_interruptibly(_looked_at(load_bench(bench), readings, seed))
    if as_json:
        show_json({"devices": rows})
    else:
        keys = ["device", "driver", "state", "latency", "errors", "quality", "cal. due", "last error"]
        show_table(keys, [_cells(row) for row in rows], below=["last error"])
    return PASS if all(row["state"] == "up" for row in rows) else DEVICE


async def _looked_at(config: BenchConfig, readings: int, seed: int | None) -> list[dict[str, Any]]:
    from ..monitor.bench import open_all, readable_channels, watch_bench

    channels, devices = readable_channels(config), list(config.devices)
    async with watch_bench(config, channels=channels, devices=devices, seed=seed) as bench:
        failures = await open_all(list(bench.devices.values()))
        there = [c for c in bench.channels if not failures[config.channels[c.name].device]]
        for _ in range(readings):
            await asyncio.gather(*(channel.read() for channel in there))
        return [_row(bench, name, device, failures[name]) for name, device in bench.devices.items()]


def _row(bench: WatchedBench, name: str, device: WatchedDevice, failure: str) -> dict[str, Any]:
    section, status = bench.config.devices[name], device.status
    return {
        "device": name,
        "driver": section.driver,
        "address": section.address,
        "state": "down" if failure else status.state.value,
        "latency": status.latency,
        "exchanges": status.exchanges,
        "unanswered": status.unanswered,
        "garbled": status.garbled,
        "missed": status.missed,
        "flags": _flags(bench, name),
        **_calibration(bench.config, name),
        "last_error": failure or status.last_error,
    }


def _flags(bench: WatchedBench, device: str) -> dict[str, list[str]]:
    """By channel of the device that has been read, the quality flags of its latest indication."""
    looks = {channel.name: channel.indication for channel in bench.channels if channel.device == device}
    return {
        name: [flag.name for flag in indication.flags if flag.name]
        for name, indication in looks.items()
        if indication is not None
    }


def _quality(flags: dict[str, list[str]]) -> str:
    told = {flag.lower().replace("_", " ") for found in flags.values() for flag in found}
    return ", ".join(sorted(told)) if told else "good" if flags else ""


def _calibration(config: BenchConfig, device: str) -> dict[str, Any]:
    from ..bench.fit import start_date

    name = config.devices[device].instrument
    entry = config.equipment.instruments[name] if name else None
    due = entry.due if entry is not None else None
    return {
        "serial": entry.serial if entry is not None else None,
        "calibration_due": due.isoformat() if due is not None else None,
        "overdue": due is not None and due < start_date(config),
    }


def _cells(row: dict[str, Any]) -> list[str]:
    latency = row["latency"]
    due = row["calibration_due"] or ("" if row["serial"] is None else "not stated")
    return [
        row["device"],
        row["driver"],
        f"{_GLYPHS[row['state']]} {row['state']}",
        "" if latency is None else f"{latency * 1e3:.1f} ms",
        str(row["unanswered"] + row["garbled"]),
        _quality(row["flags"]),
        f"▲ overdue {due}" if row["overdue"] else due,
        row["last_error"],
    ]
