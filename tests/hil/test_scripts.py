"""Finding procedures: installed, in a module, in a file; what is not one is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from hil.design import History
from hil.errors import ProcedureFault, UsageError
from hil.parameters import parse
from hil.scripts import find, names

GOOD = """
from hil import Design, Parameters, procedure

class P(Parameters):
    pass

@procedure("mine", version="3", roles={})
async def mine(trial, p: P):
    \"\"\"Does nothing.

    At length.\"\"\"
"""


NEEDED = {
    "repeatability-reproducibility": {"items": "20,50,100"},
    "screening": {"influences": "light 5 to 200 log, carriage 0 to 1"},
    "soak": {"setpoint": "40", "within": "0.5", "abandon": "5"},
    "sweep": {"levels": "10,25,40", "within": "0.5"},
}
"""Parameters without a default."""


def test_the_installed_procedures_have_plans_and_summaries() -> None:
    assert {"calibrate-luxmeter", "detection-vs-illuminance"} <= set(names())
    for name in names():
        found = find(name)
        assert found.name == name
        assert found.summary.endswith(".")
        chosen = parse(found.parameters, NEEDED.get(name, {}), where=name)
        design = found.design(chosen)
        assert design.plan(1).next(History()) is not None
        assert len(found.digest) == 64


def test_a_procedure_is_found_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(GOOD, encoding="utf-8")
    for name in (str(path), f"{path}:mine"):
        found = find(name)
        assert (found.name, found.version, found.summary) == ("mine", "3", "Does nothing.")


def test_a_procedure_is_found_in_a_module() -> None:
    assert find("hil_procedures.luxmeter.script:calibrate_luxmeter").name == "calibrate-luxmeter"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("calibrate-luxmetre", "did you mean 'calibrate-luxmeter'"),
        ("nowhere.py", "no such file"),
        ("no_such_module:x", "cannot import"),
        ("json:dumps", "is not a procedure"),
    ],
)
def test_what_is_not_a_procedure_is_refused(name: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        find(name)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("x = 1\n1 / 0", r"cannot be loaded: ZeroDivisionError: division by zero \(.*bad\.py:2\)$"),
        ("import no_such_module", r"No module named 'no_such_module' \(.*bad\.py:1\)$"),
        ("x = 1\nsyntax error", r"cannot be loaded: SyntaxError: .* \(bad\.py, line 2\)$"),
        ("x = 1", "declares"),
    ],
)
def test_a_file_that_declares_none_is_refused(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "bad.py"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=rf"bad\.py.*{told}"):
        find(str(path))


def test_a_script_without_annotated_parameters_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bare.py"
    path.write_text(GOOD.replace("p: P", "p"), encoding="utf-8")
    with pytest.raises(ProcedureFault, match="not annotated"):
        _ = find(str(path)).parameters


@pytest.mark.parametrize(
    ("returned", "told"),
    [
        ("1 / 0", r"the plan raised ZeroDivisionError: division by zero \(.*mine\.py:\d+\); correct the plan"),
        ("None", "the plan returned a NoneType; return a Design, or an AdaptiveDesign"),
        ("Design({'x': None}, [])", r"^.*mine\.py:\d+: Design: has no points; give it one condition at least$"),
    ],
)
def test_a_plan_that_is_none_is_told_with_its_place(tmp_path: Path, returned: str, told: str) -> None:
    path = tmp_path / "mine.py"
    more = f"\n\n@mine.plan\ndef plan(p):\n    from hil import Design\n\n    return {returned}\n"
    path.write_text(GOOD + more, encoding="utf-8")
    found = find(str(path))
    with pytest.raises(ProcedureFault, match=told):
        found.design(found.parameters())
