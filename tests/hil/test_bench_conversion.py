"""A channel whose calibration leads to another unit: a thermometer on a scanner, from its certificate to a coverage."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from bench_copy import hil
from hil.bench import assess, compile_world, find_bench, fit_to_start, load_bench, open_bench
from hil.errors import ConfigurationError
from hil_calibration import CalibrationRecord, CallendarVanDusen, Instrument, evaluate
from hil_calibration.certificate.importer import embedded_function
from hil_calibration.certificate.reader import read
from hil_calibration.certificate.writer import to_xml

BENCH = """
[devices.scanner]
driver = "pt100-scanner"
address = "sim:scanner"
channels = { probe = 101, bare = 102 }
nplc = 1.0

[channels."probe.temperature"]
device = "scanner"
point = "probe"
unit = "Cel"
indication_unit = "Ohm"
instrument = "pt100"
calibration = "certificates/pt100.xml"
point_correlation = "matrix"
limits = [0.0, 60.0]

[channels."bare.resistance"]
device = "scanner"
point = "bare"
unit = "Ohm"

[sim.devices.scanner]
noise = 1e-5
probes = { probe = { self_heating = 0.0 } }
"""

REGISTER = """
[instruments.pt100]
description = { en = "Platinum thermometer", fr = "Thermomètre à platine" }
manufacturer = "Example Instruments"
model = "EX-PT100 1"
serial = "60001"
due = 2027-03-31
route = "other-with-evidence"
"""

TRUE = 24.5
ROOM = f"\n[sim.room]\ntemperature = {TRUE}\ntemperature_swing = 0.0\n"

U = np.array([0.004, 1e-6, 0.0, 0.0])
RECORD = CalibrationRecord(
    instrument=Instrument("Example Instruments", "EX-PT100 1", "60001"),
    quantity="temperature",
    unit="Cel",
    indication_unit="Ohm",
    function=CallendarVanDusen(100.021, 3.9102e-3, -5.79e-7),
    covariance=np.diag(U**2),
    valid_range=(100.0, 124.0),
    date=date(2026, 2, 1),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The shipped bench with a scanner, and a certificate of its thermometer that embeds our own function."""
    import importlib.util

    path = Path(__file__).parents[2] / "scripts" / "make_sample_certificates.py"
    spec = importlib.util.spec_from_file_location("samples", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    made = Path(shutil.copytree(find_bench("action-sim").parent, tmp_path / "benches"))
    certificate = module.samples()["climate-probe.xml"]
    item = replace(certificate.item, model=RECORD.instrument.model, serial=RECORD.instrument.serial)
    certificate = replace(certificate, identifier="SAMPLE-2026-0009", item=item, function=embedded_function(RECORD))
    (made / "certificates" / "pt100.xml").write_bytes(to_xml(certificate))
    for name, text in (("action-sim.toml", BENCH), ("equipment.toml", REGISTER)):
        plain = (made / name).read_text(encoding="utf-8").replace("[roles]\n", '[roles]\nprobe = "probe.temperature"\n')
        (made / name).write_text(plain + text, encoding="utf-8")
    return made


def test_the_calibration_is_found_by_both_units(folder: Path) -> None:
    config = load_bench(folder / "action-sim.toml")
    found = assess(config, "probe.temperature", on=date(2026, 6, 1))
    assert found.faults == ()
    assert found.record is not None
    assert (found.record.unit, found.record.indication_unit) == ("Cel", "Ohm")
    assert found.record.function == RECORD.function
    assert found.record.instrument.serial == "60001"
    assert assess(config, "bare.resistance").record is None
    world = compile_world(config, {"probe.temperature": found.record}, devices=["scanner"])
    assert len(world["devices"]["scanner"]["certificates"]["probe"]["indication"]) == 17


@pytest.mark.soak
async def test_its_uncertainty_covers_the_truth_over_seeds(folder: Path) -> None:
    path = folder / "action-sim.toml"
    path.write_text(path.read_text(encoding="utf-8") + ROOM, encoding="utf-8")
    config = load_bench(path)
    record = fit_to_start(config, ["probe.temperature"])["probe.temperature"]
    deviations = []
    for seed in range(12):
        async with open_bench(config, seed=seed, roles=["probe"]) as bench:
            indication = await bench.sensor("probe.temperature").read()
            assert indication.unit == "Ohm"
            assert indication.value is not None
            measured = evaluate(record, indication.value, resolution=indication.resolution)
            deviations.append((measured.value[0] - TRUE) / measured.u[0])
    assert measured.unit == "Cel"
    assert 0.004 / 0.39 < measured.u[0] < 0.02
    assert len(set(deviations)) == 12
    assert 0.4 < np.sqrt(np.mean(np.square(deviations))) < 1.7


def test_watch_shows_degrees_celsius(folder: Path) -> None:
    watch = ("watch", "probe.temperature", "--bench", "action-sim.toml", "--for", "2 s", "--jsonl")
    done = hil(*watch, cwd=folder)
    assert done.returncode == 0, done.stderr
    shown = json.loads(done.stdout.splitlines()[-1])
    assert shown["unit"] == "Cel"
    assert shown["value"] == pytest.approx(23.4, abs=1.0)


REFUSED = [
    ('indication_unit = "Ohm"', 'indication_unit = "Ohn"', r'channels."probe.temperature".indication_unit: .*Ohn'),
    (
        'indication_unit = "Ohm"',
        'indication_unit = "mOhm"',
        r'is in "Ohm", not in "mOhm"; write indication_unit = "Ohm"',
    ),
    ('indication_unit = "Ohm"\n', "", r'is in "Ohm", not in "Cel"; write unit = "Ohm"'),
    ('instrument = "pt100"', 'instrument = "pt1000"', 'there is no instrument in the register "pt1000"'),
    ('calibration = "certificates/pt100.xml"\n', "", "no calibration leads from Ohm to Cel; give one"),
    ("probe = 101,", "probe = 0,", r"devices.scanner.*channels.probe = 0"),
]


@pytest.mark.parametrize(("old", "new", "told"), REFUSED, ids=[new or told for _, new, told in REFUSED])
async def test_what_does_not_fit_is_refused(folder: Path, old: str, new: str, told: str) -> None:
    path = folder / "action-sim.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=told):
        async with open_bench(load_bench(path), roles=["probe"]):
            pass


def test_a_certificate_with_the_function_is_read_back(folder: Path) -> None:
    document = read(folder / "certificates" / "pt100.xml")
    assert document.function is not None
    assert (document.function.indication_unit, document.function.unit) == ("Ohm", "Cel")
