"""What is declared of a bench, as screens are told."""

from __future__ import annotations

from hil.bench.config import load_bench
from hil.overview import overview


def test_the_interlock_that_reads_the_chain_of_the_emergency_stop_is_known() -> None:
    (chain, *others) = sorted(overview(load_bench("instruments-sim")).interlocks, key=lambda each: not each["is_estop"])
    assert (chain["name"], chain["is_estop"]) == ("estop", True)
    assert not any(each["is_estop"] for each in others)


def test_a_device_without_a_calibration_has_no_day_on_which_it_ends() -> None:
    devices = {each["name"]: each for each in overview(load_bench("action-sim")).devices}
    assert devices["reference"]["due"] == "2027-03-31"
    assert devices["luxmeter"]["serial"] == "20002"
    assert devices["luxmeter"]["due"] is None, "the register says when it is due, but it has no certificate"
    assert devices["lights"]["due"] is None


def test_an_interlock_that_nobody_looks_at_is_neither_tripped_nor_not() -> None:
    seen = overview(load_bench("instruments-sim"))
    assert {each["tripped"] for each in seen.state()["interlocks"]} == {None}
    seen.tripped = lambda: ["estop"]
    assert [each["name"] for each in seen.state()["interlocks"] if each["tripped"]] == ["estop"]
    seen.let_go()
    assert {each["tripped"] for each in seen.state()["interlocks"]} == {None}
