"""``--json``: every command that tells something has it, and its document has the keys that are documented."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from hil.bench import find_bench
from hil.cli.root import cli

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reference" / "json.md").read_text(encoding="utf-8")
DOCUMENTED = dict(re.findall(r"^\| `(hil [^`]+)` \| (.+) \|$", PAGE, re.MULTILINE))

ACTING = {
    *("hil pause", "hil resume", "hil abort", "hil stop", "hil answer", "hil note", "hil ack", "hil shelve"),
    *("hil queue add", "hil queue hold", "hil queue move", "hil queue remove", "hil queue start"),
    *("hil lease override", "hil lease request", "hil handover write"),
    *("hil service run", "hil service unit", "hil service certificate"),
    *("hil service token create", "hil service token revoke"),
    *("hil completion", "hil console", "hil web", "hil notify"),
}
"""Commands that act, or print what another program reads as it stands."""


def leaves(command: click.Command, name: str, parent: click.Context | None = None) -> Iterator[tuple[str, set[str]]]:
    """Every command that is no group, with its options."""
    context = click.Context(command, info_name=name, parent=parent)
    if not isinstance(command, click.Group):
        yield name, {option for parameter in command.params for option in parameter.opts}
        return
    for child in command.list_commands(context):
        found = command.get_command(context, child)
        assert found is not None
        yield from leaves(found, f"{name} {child}", context)


def test_every_command_that_tells_something_has_json_and_is_documented() -> None:
    commands = dict(leaves(cli, "hil"))
    with_json = {name for name, options in commands.items() if "--json" in options}
    assert with_json == set(DOCUMENTED)
    acting = {name for name in ACTING if name in commands}
    assert set(commands) - with_json - acting - {n for n in commands if n.startswith("hil notify ")} == set()
    assert {name for name, options in commands.items() if "--jsonl" in options} == {"hil run", "hil watch"}


def keys(command: str) -> set[str]:
    """The keys that are always there, as documented."""
    return set(re.findall(r"`(\w+)`", DOCUMENTED[command].partition(";")[0]))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("json")


@pytest.mark.soak
def test_documents_have_the_keys_that_are_documented(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)

    def told(command: str, *args: str) -> Any:
        name = f"hil {command}"
        shown = CliRunner().invoke(cli, [*command.split(), *args, "--json"], standalone_mode=False)
        assert shown.exception is None, (name, shown.exception)
        document = json.loads(shown.stdout)
        assert keys(name) <= set(document), name
        if "the " not in DOCUMENTED[name] and ";" not in DOCUMENTED[name]:
            assert set(document) == keys(name), name
        return document

    told("bench list")
    told("bench copy", "action-sim", "bench")
    told("bench show", "bench")
    assert told("bench check", "bench")["fit"]
    assert told("run", "calibrate-luxmeter", "--bench", "bench")["status"] == "complete"
    told("data list")
    told("data show", "last")
    assert told("data verify", "last")["holds"]
    assert told("data reproduce", "last")["agrees"]
    keyid = told("data keys new", "laboratory.pem")["keyid"]
    assert told("data keys show", "laboratory.pub.pem")["keyid"] == keyid
    assert told("data seal", "last", "--key", "laboratory.pem")["keyid"] == keyid
    told("data amend", "last", "--what", "a", "--why", "b", "--who", "c")
    told("data export", "last", "--to", "csv", "--out", "csv")
    told("data check-set", str(find_bench("dataset").parent / "signs"))
    signers = told("certificate keys", "keys", "--name", "Technical Manager C")["signers"]
    told("certificate export", "last")
    told("certificate review", "last", "--person", "Reviewer B")
    manager = ("--person", "Technical Manager C", "--signer", signers["Technical Manager C"])
    (xml,) = [file for file in told("certificate authorise", "last", *manager)["files"] if file.endswith(".xml")]
    told("certificate list")
    told("certificate check", xml)
    told("certificate verify", xml)
    assert told("certificate reproduce", "last")["agrees"]
    told("certificate amend", "last", "--why", "as a test")
    told("bench enter", "bench", "luxmeter.illuminance", xml)
    told("trace", "luxmeter.illuminance", "--bench", "bench")
    told("impact", "reference-luxmeter", "--since", "2026-06-01")
    told("config show")
    told("config path")
    told("procedures")
    told("devices")
    told("doctor")
    (channel,) = told("watch", "room.temperature", "--bench", "bench")["channels"]
    assert channel["state"] == "ok"
    assert abs(channel["value"] - 23.0) < 1.0
    told("evaluate", str(ROOT / "docs" / "models" / "gum-h1.toml"))
