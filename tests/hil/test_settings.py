"""Settings: what is not given on the command line comes from the environment, a project's or a user's file."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from hil.cli.root import cli
from hil.errors import ConfigurationError
from hil.settings.found import find
from hil.settings.model import Settings
from hil.settings.places import OTHER_VARIABLES, is_silent, variable
from hil.settings.sources import fields


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder ``project/inner``, and a user who has no file yet."""
    inner = tmp_path / "project" / "inner"
    inner.mkdir(parents=True)
    monkeypatch.chdir(inner)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "user"))
    (tmp_path / "user" / "hil").mkdir(parents=True)
    return tmp_path


def invoke(*args: str) -> Result:
    return CliRunner().invoke(cli, args, standalone_mode=False, catch_exceptions=False)


def shown() -> dict[str, Any]:
    told: dict[str, Any] = json.loads(invoke("config", "show", "--json").output)
    return dict(told["settings"])


def test_without_any_file_the_defaults_hold(place: Path) -> None:
    assert {name: each["origin"] for name, each in shown().items()} == dict.fromkeys(shown(), "default")
    assert shown()["out"]["value"] == "runs"
    assert is_silent("bench", {}, place)


def test_the_nearer_place_holds(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (place / "user" / "hil" / "config.toml").write_text('operator = "U"\nbench = "action-sim"\n')
    assert shown()["operator"] == {"value": "U", "origin": str(place / "user" / "hil" / "config.toml") + ":1"}
    (place / "project" / "hil.toml").write_text('\noperator = "P"\n')
    assert shown()["operator"] == {"value": "P", "origin": "../hil.toml:2"}
    assert shown()["bench"]["value"] == "action-sim"
    (place / "project" / "inner" / "pyproject.toml").write_text('[tool.hil]\noperator = "Q"\n')
    assert shown()["operator"] == {"value": "Q", "origin": "pyproject.toml:2"}
    monkeypatch.setenv("HIL_OPERATOR", "E")
    assert shown()["operator"] == {"value": "E", "origin": "HIL_OPERATOR"}
    table = invoke("config", "show", "--origin").output
    assert ["operator", "E", "HIL_OPERATOR"] in [line.split() for line in table.splitlines()]


def test_a_pyproject_of_others_is_passed_by(place: Path) -> None:
    (place / "project" / "inner" / "pyproject.toml").write_text("[tool.other]\nthis is no TOML")
    (place / "project" / "hil.toml").write_text('out = "kept"')
    assert shown()["out"]["value"] == "../kept"


def test_a_relative_path_starts_at_its_file(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (place / "project" / "hil.toml").write_text('out = "runs"\nbench = "rig"\ndcc_schemas = "~/dcc"')
    assert shown()["out"]["value"] == "../runs"
    assert shown()["bench"]["value"] == "rig", "no such folder: the name of a bench that ships"
    (place / "project" / "rig").mkdir()
    assert shown()["bench"]["value"] == "../rig"
    assert shown()["dcc_schemas"]["value"] == str(Path.home() / "dcc")
    monkeypatch.setenv("HIL_OUT", "here")
    assert shown()["out"]["value"] == "here"


def test_faults_name_file_line_key_and_the_nearest_name(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (place / "project" / "hil.toml").write_text('out = "runs"\nbenhc = "x"\noperator = 3\n')
    with pytest.raises(ConfigurationError) as caught:
        find()
    assert str(caught.value).splitlines() == [
        "../hil.toml:2: benhc: unknown key; did you mean 'bench'?",
        "../hil.toml:3: operator: expected an operator of the laboratory file, found 3",
    ]
    (place / "project" / "inner" / "hil.toml").write_text("out = ")
    with pytest.raises(ConfigurationError, match=r"^hil\.toml: is not TOML"):
        find()
    (place / "project" / "inner" / "hil.toml").write_text("")
    monkeypatch.setenv("HIL_BENHC", "x")
    assert "HIL_BENHC is no setting; did you mean 'HIL_BENCH'?" in invoke("config", "show").stderr


def test_a_command_takes_what_it_is_not_given(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (place / "project" / "hil.toml").write_text('bench = "action-sim"')
    assert json.loads(invoke("bench", "check", "--json").output)["bench"] == "action-sim"
    assert json.loads(invoke("trace", "reference.illuminance", "--json").output)
    planned = invoke("run", "calibrate-luxmeter", "--dry-run")
    assert "15 points" in planned.output
    monkeypatch.setenv("HIL_OUT", "elsewhere")
    with pytest.raises(Exception, match="elsewhere: there is no such folder"):
        invoke("data", "show", "last")


def test_what_is_given_needs_no_settings(place: Path) -> None:
    (place / "project" / "hil.toml").write_text("bench = ")
    assert invoke("bench", "check", "action-sim").return_value == 0
    assert invoke("data", "list", "--out", "..").exit_code == 0
    with pytest.raises(ConfigurationError):
        invoke("data", "list")
    with pytest.raises(Exception, match="no run is under way"):
        invoke("stop")
    assert invoke("config", "path").output.splitlines()[-2].split() == ["project", "../hil.toml"]


def test_the_plain_default_is_that_of_the_setting() -> None:
    assert Settings().out == "runs"


def test_every_setting_is_documented() -> None:
    page = (Path(__file__).parents[2] / "docs" / "reference" / "configuration.md").read_text(encoding="utf-8")
    for name, field in fields():
        default = f"`{json.dumps(field.default)}`" if field.default is not None else ""
        assert f"| `{name}` | `{variable(name)}` | {field.description} | {default} |" in page
    for name in OTHER_VARIABLES:
        assert f"| `{name}` |" in page


def test_tables_and_truth_values(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = place / "project" / "hil.toml"
    file.write_text('[console]\nascii = true\n[service]\ntoken_file = "token"\n')
    monkeypatch.setenv("HIL_CONSOLE_MOUSE", "off")
    assert shown()["console.ascii"] == {"value": True, "origin": "../hil.toml:2"}
    assert shown()["console.mouse"] == {"value": False, "origin": "HIL_CONSOLE_MOUSE"}
    assert shown()["service.token_file"]["value"] == "../token"
    monkeypatch.setenv("HIL_CONSOLE_MOUSE", "maybe")
    with pytest.raises(ConfigurationError, match="HIL_CONSOLE_MOUSE: expected true or false"):
        find()
    monkeypatch.delenv("HIL_CONSOLE_MOUSE")
    file.write_text('[console]\nascii = "yes"\ncolour = "light"\n')
    with pytest.raises(ConfigurationError) as caught:
        find()
    assert "../hil.toml:2: console.ascii: expected true or false" in str(caught.value)
    assert "../hil.toml:3: console.colour: unknown key; did you mean 'colours'?" in str(caught.value)


def test_every_variable_of_the_program_is_known() -> None:
    root = Path(__file__).parents[2]
    sources = [
        path for folder in ("hil", "drivers", "procedures", "calibration") for path in (root / folder).rglob("*.py")
    ]
    named = {name for path in sources for name in re.findall(r'"(HIL_[A-Z_]+)"', path.read_text(encoding="utf-8"))}
    assert named <= {*OTHER_VARIABLES, *(variable(name) for name, _ in fields())}
