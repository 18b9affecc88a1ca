"""The certificate of a simulated bench beside a rig that the controller knows no simulator behind: measured values."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from compared import Pair, pair_of
from hil.bench.config import load_bench
from hil.bench.fit import assess
from hil.bench.world import compile_world
from hil.documents.reproduction import reproduce
from hil.documents.verification import verify_document
from hil.errors import UsageError
from hil.run import run_procedure
from hil.sealing.sealer import seal_run
from hil_calibration.certificate.lint import check
from hil_drivers.sim.client import Simulation
from safe_bench import write_bench

ROLES = (
    (
        'lamp = "io.lamp"\ntemperature',
        'actuator = "light.illuminance"\nrunning = "io.lamp"\nsensor = "reference.illuminance"\nlamp = "io.lamp"\n'
        "temperature",
    ),
    ('unit = "Cel"\n', 'unit = "Cel"\nperiod = "2 s"\n'),
)
SETTINGS = {
    "levels": "50,100,200",
    "within": "5",
    "dwell": "0.5 s",
    "interval": "0.2 s",
    "readings": "3",
    "room_tolerance": "8",
}
MARGIN = 1.5


@asynccontextmanager
async def physical(folder: Path) -> AsyncIterator[Path]:
    """A bench file of a rig at work; its equipment does not fall due while this test is kept."""
    path = write_bench(folder, changes=ROLES)
    register = path.parent / "equipment.toml"
    text = register.read_text(encoding="utf-8")
    register.write_text(re.sub(r"due = .*", "due = 2099-01-01", text), encoding="utf-8")
    config = load_bench(path)
    records = {name: record for name in config.channels if (record := assess(config, name).record) is not None}
    world = await Simulation.start(compile_world(config, records, devices=list(config.devices), speed=1.0))
    try:
        text = re.sub(r"\n\[sim\].*", "\n", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        text = re.sub(r"sim:([a-z]+)", lambda found: world.addresses[found[1]], text)
        path.write_text(text.replace('name = "safe"', 'name = "rig"'), encoding="utf-8")
        yield path
    finally:
        await world.end()


async def swept(bench: Path, runs: Path) -> Path:
    outcome = await run_procedure(
        "sweep",
        str(bench),
        settings=SETTINGS,
        seed=None,
        speed=None,
        out=runs,
        operator="Operator A",
        on_event=lambda _: None,
    )
    assert not outcome.error
    return outcome.folder


async def both(place: Path) -> Pair:
    """The simulated bench first, then the rig, each with a sealed sweep of its lamp."""
    pair = pair_of(place)
    await swept(write_bench(place / "sim", changes=ROLES), pair.runs)
    async with physical(place / "rig") as bench:
        await swept(bench, pair.runs)
    for folder in pair.folders:
        seal_run(folder, pair.key)
    return pair


@pytest.mark.soak
def test_beside_measured_values_the_laboratory_signs_and_says_which_are_which(tmp_path: Path) -> None:
    pair = asyncio.run(both(tmp_path))
    drafted = pair.draft(MARGIN)
    data = (drafted.home / "certificate.xml").read_bytes()
    assert [each for each in check(data) if each.severity != "info"] == []
    text = data.decode()
    assert "the simulated bench safe may stand in for the physical bench rig here: value, level 50 to level 100" in text
    assert "The values of the second run were measured" in text
    assert "value at level 200 (undecided)" in text
    pair.review()
    with pytest.raises(UsageError, match="test authority signs no measured values"):
        pair.authorise()
    own = pair.signed_by(replace(pair.identity, test=False))
    assert own.details.identifier.startswith("SIM-"), "the item is a simulated bench"
    found = verify_document(own.home / "certificate.pdf", pair.runs, key=pair.key.public)
    assert found.findings == []
    assert reproduce(pair.folders[0], pair.identifier).agrees
    with pytest.raises(UsageError, match="no run of a simulated bench"):
        replace(pair, turned=True).draft(MARGIN)
