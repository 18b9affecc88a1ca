"""hil evaluate and hil selfcheck, as their user calls them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import hil_calibration.selfcheck
from hil.cli.root import cli
from hil.errors import HilError
from hil_calibration.errors import CalibrationError
from hil_calibration.selfcheck import Check

MODELS = Path(__file__).parents[2] / "docs" / "models"
END_GAUGE, MASS = MODELS / "gum-h1.toml", MODELS / "mass-calibration.toml"
TWO = """
measurand = ["p", "q"]
model = {p = "x + y", q = "x - y"}
[inputs.x]
distribution = "normal"
value = 3.0
u = 0.3
unit = "V"
[inputs.y]
distribution = "normal"
value = 1.0
u = 0.4
unit = "V"
[options]
method = ["gum", "montecarlo"]
trials = 20000
seed = 1
"""


def invoke(*args: str | Path) -> Result:
    return CliRunner().invoke(cli, [str(each) for each in args], standalone_mode=False, catch_exceptions=False)


def ended(*args: str | Path) -> tuple[int, str]:
    """Exit code and error output of the whole command line, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "hil.cli", *map(str, args)], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stderr


@pytest.fixture
def two(tmp_path: Path) -> Path:
    path = tmp_path / "two.toml"
    path.write_text(TWO, encoding="utf-8")
    return path


def test_the_end_gauge_of_the_gum() -> None:
    """JCGM 100, H.1: l = 50 000 838 nm, u = 32 nm, 16 degrees of freedom, U99 = 93 nm (there with u rounded first)."""
    shown = invoke("evaluate", END_GAUGE)
    assert shown.return_value == 0
    first, *_ = [line for line in shown.output.splitlines() if line.startswith("l ")]
    assert first.split() == [
        *("l", "GUM,", "first", "order", "50000838", "31.7", "16.8", "2.92", "92"),
        *("[50000746,", "50000930]", "(99", "%)", "nm", "to", "be", "reported"),
    ]
    assert "Budget of l" in shown.output
    assert "Monte Carlo validates GUM, first order" in shown.output
    assert "seed 1" in shown.output


def test_where_gum_fails_monte_carlo_is_reported() -> None:
    """JCGM 101, 9.3: u = 0.0754 mg by Monte Carlo, 0.0539 mg to first order."""
    shown = invoke("evaluate", MASS).output
    reported = [line for line in shown.splitlines() if line.endswith("to be reported")]
    assert [line.split()[1:3] for line in reported] == [["Monte", "Carlo"]]
    assert "Monte Carlo does not validate GUM, first order" in shown


GUM_KEYS = ["measurand", "method", "value", "u", "dof", "k", "U", "interval", "coverage"]
LINE_KEYS = ["input", "value", "u", "dof", "sensitivity", "contribution", "percent"]


def test_json_has_the_keys_of_the_contract() -> None:
    found: dict[str, Any] = json.loads(invoke("evaluate", END_GAUGE, "--json").output)
    assert list(found) == ["results"]
    by_method = {result["method"]: result for result in found["results"]}
    assert list(by_method) == ["gum", "gum2", "montecarlo"]
    for result in found["results"]:
        assert set(GUM_KEYS) <= set(result)
        low, high = result["interval"]
        assert low < result["value"] < high
    for method in ("gum", "gum2"):
        assert not {"trials", "seed", "validates_gum"} & set(by_method[method])
        assert all(set(LINE_KEYS) <= set(line) for line in by_method[method]["budget"])
    drawn = by_method["montecarlo"]
    assert "budget" not in drawn
    assert (drawn["seed"], drawn["validates_gum"], drawn["dof"]) == (1, True, None)
    assert drawn["trials"] >= 20_000
    assert by_method["gum"]["dof"] == pytest.approx(16.75, abs=0.01)
    assert by_method["gum"]["budget"][4]["dof"] is None
    assert sum(line["percent"] for line in by_method["gum"]["budget"]) == pytest.approx(100)
    assert by_method["gum"]["U"] == pytest.approx(by_method["gum"]["k"] * by_method["gum"]["u"])


def test_several_measurands_have_correlations_by_method(two: Path) -> None:
    found = json.loads(invoke("evaluate", two, "--json").output)
    assert [(r["measurand"], r["method"]) for r in found["results"]] == [
        *(("p", "gum"), ("p", "montecarlo"), ("q", "gum"), ("q", "montecarlo"))
    ]
    assert list(found["correlations"]) == ["gum", "montecarlo"]
    matrix = found["correlations"]["gum"]["matrix"]
    assert matrix[0][1] == matrix[1][0] == pytest.approx((0.09 - 0.16) / 0.25)
    assert found["correlations"]["montecarlo"]["matrix"][0][1] == pytest.approx(-0.28, abs=0.03)
    assert "Correlations, Monte Carlo" in invoke("evaluate", two).output


def test_the_same_seed_gives_the_same_output(two: Path) -> None:
    assert invoke("evaluate", two, "--json").output == invoke("evaluate", two, "--json").output


@pytest.mark.parametrize(("name", "begin"), [("plot.svg", b"<?xml"), ("plot.png", b"\x89PNG")])
def test_a_picture_on_request(two: Path, tmp_path: Path, name: str, begin: bytes) -> None:
    path = tmp_path / name
    assert invoke("evaluate", two, "--plot", path).return_value == 0
    assert path.read_bytes().startswith(begin)


def test_a_picture_of_another_kind_is_refused(two: Path, tmp_path: Path) -> None:
    with pytest.raises(HilError, match=r"\.svg or \.png"):
        invoke("evaluate", two, "--plot", tmp_path / "plot.txt")


@pytest.mark.parametrize(
    ("old", "new", "names"),
    [
        ('p = "x + y"', 'p = "x + z"', "z"),
        ('p = "x + y"', "p = \"__import__('os')\"", "__import__"),
        ('p = "x + y"', 'p = "x +"', "p"),
        ('p = "x + y"', 'p = "secant(x)"', "secant"),
        ("u = 0.3", "u = -0.3", "x"),
        ("u = 0.3", "u = nan", "x"),
        ("u = 0.3", "u = 0.3\ndof = 0.5", "x"),
        ('distribution = "normal"', 'distribution = "norml"', "norml"),
        ("seed = 1", "seed = 1\ncoverage = 1.0", "coverage"),
        ("seed = 1", "seed = 1\ncolour = 2", "colour"),
        ("trials = 20000", "trials = 10", "trials"),
        ('unit = "V"', 'unit = "furlong"', "furlong"),
        ('unit = "V"\n[inputs.y]', 'unit = "A"\n[inputs.y]', "A"),
        ("[options]", '[[correlations]]\nbetween = ["x", "y"]\nr = 1.5\n[options]', "1.5"),
        ("[inputs.x]", "[inputs.x", "line"),
    ],
)
def test_a_bad_file_is_refused_by_name(two: Path, old: str, new: str, names: str) -> None:
    assert old in TWO
    two.write_text(TWO.replace(old, new, 1), encoding="utf-8")
    with pytest.raises((CalibrationError, HilError)) as error:
        invoke("evaluate", two)
    assert names in str(error.value)


def test_a_refusal_is_one_sentence_and_exit_code_2(two: Path, tmp_path: Path) -> None:
    two.write_text(TWO.replace("u = 0.3", "u = -0.3"), encoding="utf-8")
    for path in (two, tmp_path / "none.toml"):
        code, told = ended("evaluate", path)
        assert code == 2
        assert "Traceback" not in told
        assert len(told.strip().splitlines()) == 1


def test_selfcheck_agrees_with_what_is_published() -> None:
    shown = invoke("selfcheck", "--json")
    assert shown.return_value == 0
    found = json.loads(shown.output)
    assert found["differ"] == 0
    assert len(found["checks"]) >= 60
    assert {check["verdict"] for check in found["checks"]} == {"PASS"}
    keys = {"document", "clause", "quantity", "published", "computed", "tolerance", "source", "verdict"}
    assert all(set(check) == keys for check in found["checks"])


def test_a_build_that_computes_otherwise_shows_diff_and_exit_code_6(monkeypatch: pytest.MonkeyPatch) -> None:
    def altered() -> Iterator[Check]:
        good = Check("JCGM 100", "H.1", "u(l) / nm", 32, 31.7, 0.5)
        yield from (good, replace(good, clause="H.2", published=33))

    monkeypatch.setattr(hil_calibration.selfcheck, "run", altered)
    shown = invoke("selfcheck")
    assert shown.return_value == 6
    assert [line.split()[-1] for line in shown.output.splitlines() if "JCGM" in line] == ["PASS", "DIFF"]
    assert "1 of 2 agree;" in shown.output
    assert json.loads(invoke("selfcheck", "--json").output)["differ"] == 1
