"""Every effect that the simulated world draws has a line in a budget, and every line of a budget has a truth."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bench_copy import SHORT, copy_bench, run_json
from hil.bench import compile_world, fit_to_start, load_bench
from hil.bench.copying import enter_certificate
from hil.bench.effects import channel_effects
from hil_procedures.luxmeter.errors import DRIFT, HYSTERESIS, LINEARITY
from hil_procedures.luxmeter.session import ITEM_NOISE, ITEM_RESOLUTION, LAMP, REFERENCE_NOISE, REFERENCE_RESOLUTION

ITEM, REFERENCE = "luxmeter.illuminance", "reference.illuminance"

OBSERVED = {ITEM_NOISE, ITEM_RESOLUTION, REFERENCE_NOISE, REFERENCE_RESOLUTION, LAMP, HYSTERESIS, DRIFT}
"""Lines estimated from the readings themselves: the noise, the digits, and what lamp and item do during the session."""

PRIOR = {"gain": "coefficients", "offset": "coefficients", "nonlinearity": LINEARITY}
"""What becomes of the unknown item: the line finds its gain and offset; what departs from a line is an effect."""

CONDITIONS = {"climate"}
"""Certificates of instruments for conditions: they scale an effect of estimate zero, which is of second order."""


def world_of(bench: Path) -> dict[str, Any]:
    config = load_bench(str(bench))
    return compile_world(config, fit_to_start(config, list(config.channels)))


def test_truth_and_budgets_name_the_same_effects(tmp_path: Path) -> None:
    bench = copy_bench(tmp_path / "bench")
    before = world_of(bench)
    out = run_json(
        "run", "calibrate-luxmeter", "--bench", "bench/action-sim.toml", "--out", "runs", *SHORT, cwd=tmp_path
    )

    drawn = {effect["name"]: effect for effect in before["effects"]}
    of_item = {name for name, e in drawn.items() if e["device"] == "luxmeter" and e["acts_on"] == "response"}
    of_sign = {name for name, e in drawn.items() if e["device"] == "panel"}
    certificates = {name for name, device in before["devices"].items() if device["certificates"]}
    assert certificates == {"reference", *CONDITIONS}
    assert set(before["devices"]["luxmeter"]["prior"]) == set(PRIOR)

    lines = set(out["results"]["results"]["budget"])
    of_certificate = {line for line in lines if line.startswith("certificate ")}
    assert len(of_certificate) == 1
    assert lines - of_certificate - OBSERVED == set(drawn) - of_item - of_sign

    enter_certificate(bench, ITEM, tmp_path / out["folder"] / "certificate.xml", None)
    config = load_bench(str(bench))
    record = fit_to_start(config, [ITEM])[ITEM]
    used = {effect.name for effect in record.effects}
    used |= {effect.name for effect in channel_effects(config, ITEM, "transfer")}
    source = {name for name in used if name.rpartition("/")[2].isdigit()}
    assert len(source) == 1
    assert used - source - {LINEARITY} == set(drawn)
    assert LINEARITY in used

    after = world_of(bench)
    assert {effect["name"]: effect for effect in after["effects"]} == drawn
    assert after["devices"] == before["devices"]
