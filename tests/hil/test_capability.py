"""A certificate with less uncertainty than the laboratory is capable of is not issued."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench_copy import SHORT, copy_bench, hil
from hil.bench.register import CmcSection, EquipmentRegister
from hil.capability import require_capability
from hil.errors import UsageError
from hil_calibration.certificate.model import Column, Result, Text


def register(quantity: str = "illuminance", **stated: float) -> EquipmentRegister:
    return EquipmentRegister(
        instruments={}, cmc=(CmcSection(quantity=quantity, unit="lx", lower=1.0, upper=100.0, **stated),)
    )


def result(*expanded: str, values: tuple[str, ...] = ("10.0", "100.0")) -> Result:
    columns = (
        Column("Reference", "basic_referenceValue", "lx", values),
        Column("Error", "basic_measurementError", "lx", ("0.1",) * len(values), expanded),
    )
    return Result(Text("Illuminance", "Éclairement"), columns)


def test_an_uncertainty_below_the_capability_is_refused() -> None:
    require_capability([result("0.10", "1.0")], register(relative_U=0.01))
    with pytest.raises(UsageError, match=r"U = 0\.90 lx at 100\.0 lx is below the capability of 1 lx"):
        require_capability([result("0.10", "0.90")], register(relative_U=0.01))
    with pytest.raises(UsageError, match=r"illuminance: U = 0\.10 lx at 10\.0 lx"):
        require_capability([result("0.10", "0.90")], register(U=0.2))


def test_rounding_other_quantities_and_other_ranges_are_no_fault() -> None:
    require_capability([result("0.12", "1.2")], register(relative_U=0.0124))
    require_capability([result("0.10", "0.10")], register("luminance", U=0.2))
    require_capability([result("0.10", "0.10", values=("0.5", "200"))], register(U=0.2))


@pytest.mark.timeout(300)
def test_the_run_keeps_its_record_and_issues_nothing(tmp_path: Path) -> None:
    bench = copy_bench(tmp_path / "bench")
    file = bench.parent / "equipment.toml"
    stated = '\n[[cmc]]\nquantity = "illuminance"\nunit = "lx"\nlower = 0.0\nupper = 2000.0\nrelative_U = 0.5\n'
    file.write_text(file.read_text(encoding="utf-8") + stated, encoding="utf-8")
    done = hil("run", "calibrate-luxmeter", "--bench", bench, *SHORT, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert "is below the capability of" in done.stderr
    (folder,) = (tmp_path / "runs").iterdir()
    assert (folder / "run.db").is_file()
    assert not (folder / "certificate.xml").exists()
