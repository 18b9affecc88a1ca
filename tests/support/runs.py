"""Runs that tests seal, verify and tamper with, and the sealed set's second opinions."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np

from hil.record import RecordWriter, seal
from hil.sealing.keys import new_key

START = 1_780_300_800_123_456_789
CHANNELS = {"luxmeter.illuminance": "lx", "room.temperature": "Cel", "never.read": "1"}


async def write_run(folder: Path, readings: int = 1000, *, batches: int = 4) -> Path:
    """A closed run with readings of two of three channels, missing numbers, an infinity, events and points."""
    writer = RecordWriter.create(folder, {"procedure": {"name": "x", "version": "1"}, "provenance": "simulated"})
    for name, unit in CHANNELS.items():
        writer.channel(name, unit=unit, provenance="simulated", device=name.partition(".")[0])
    values = np.random.default_rng(1).normal(200.0, 1.0, readings)
    values[7] = np.inf
    measured = np.where(np.arange(readings) % 5 == 0, np.nan, values * 1.002)
    t = START + np.arange(readings) * 100_000_000
    for part in np.array_split(np.arange(readings), batches):
        ch = 1 + part % 2
        writer.readings(ch, t[part], values[part], measured[part], 0.05, 0.9, 1e-5, part % 3)
        writer.point(int(part[0]), 1, "observing", int(t[part[0]]), {"illuminance": 200.0})
        writer.observation(int(part[0]), 1, int(t[part[-1]]), {"hit": True}, {})
        writer.point(int(part[0]), 1, "committed", int(t[part[-1]]), {})
        await writer.flush()
    writer.event(int(t[-1]), "note", {"text": "é"})
    await writer.close("complete", t=int(t[-1]) + 1)
    (folder / "results.json").write_text('{"results": {}}\n', encoding="utf-8")
    seal(folder)
    return folder


def make_key(folder: Path, name: str = "lab") -> tuple[Path, Path]:
    """A private and a public key."""
    private = folder / f"{name}.pem"
    return private, new_key(private)


def openssl_verifies(public: Path, data: bytes, signature: bytes, scratch: Path) -> bool:
    """What OpenSSL says of an Ed25519 signature."""
    (scratch / "data").write_bytes(data)
    (scratch / "signature").write_bytes(signature)
    command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", str(public), "-rawin", "-in", str(scratch / "data")]
    done = subprocess.run([*command, "-sigfile", str(scratch / "signature")], capture_output=True, check=False)
    return done.returncode == 0
