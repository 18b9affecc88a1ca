"""What is declared of a bench, as screens are told."""

from __future__ import annotations

from hil.bench.config import load_bench
from hil.overview import overview


def test_a_device_without_a_calibration_has_no_day_on_which_it_ends() -> None:
    devices = {each["name"]: each for each in overview(load_bench("action-sim")).devices}
    assert devices["reference"]["due"] == "2027-03-31"
    assert devices["luxmeter"]["serial"] == "20002"
    assert devices["luxmeter"]["due"] is None, "the register says when it is due, but it has no certificate"
    assert devices["lights"]["due"] is None
