"""Make the pages of docs/reference that repeat what the code says: commands, files, drivers, errors, tables.

Run: python scripts/make_reference.py [--check]. A test asserts that the pages are current.
"""

from __future__ import annotations

import argparse
import inspect
import json
import re
import sys
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from importlib import import_module
from pathlib import Path
from types import NoneType
from typing import Any, Literal, get_args, get_origin

import click
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from hil_drivers.sim.devices.base import SimDevice

REFERENCE = Path(__file__).resolve().parents[1] / "docs" / "reference"
WIDTH = 100
NOTE = "<!-- Made by scripts/make_reference.py. Do not edit by hand. -->"


def pages() -> dict[str, str]:
    """The text of every page, by its file name."""
    made = {
        "commands.md": commands(),
        "bench-file.md": bench_file(),
        "drivers.md": drivers(),
        "procedures.md": procedures(),
        "run-db.md": run_db(),
        "errors.md": errors(),
    }
    return {name: f"{text.rstrip()}\n" for name, text in made.items()}


def commands() -> str:
    """Every command with its help, as the command line itself prints it."""
    from hil.cli.root import cli

    parts = ["# Commands", NOTE, "What each command prints with `--help`. Exit codes: [exit-codes.md](exit-codes.md)."]
    for name, text in _helps(cli, "hil", None):
        parts += [f"## `{name}`", _block(text)]
    return "\n\n".join(parts)


def _helps(command: click.Command, name: str, parent: click.Context | None) -> Iterator[tuple[str, str]]:
    last = name.rpartition(" ")[2]
    context = click.Context(
        command,
        info_name=last,
        parent=parent,
        terminal_width=WIDTH,
        max_content_width=WIDTH,
        **command.context_settings,
    )
    yield name, command.get_help(context)
    if isinstance(command, click.Group):
        for child in command.list_commands(context):
            found = command.get_command(context, child)
            if found is not None:
                yield from _helps(found, f"{name} {child}", context)


def bench_file() -> str:
    """The keys of the bench file, the equipment register, the laboratory file and the simulated world."""
    from hil.bench.laboratory import OrganisationSection, PersonSection, ReportingSection, SigningSection
    from hil.bench.model import (
        BenchSection,
        ChannelSection,
        DeviceSection,
        EffectSection,
        InterlockSection,
        SafeAction,
        SafeStateSection,
        SimSection,
        WatchdogSection,
    )
    from hil.bench.register import CertificateEntry, CheckSection, CmcSection, InstrumentEntry
    from hil_drivers.sim import world_file
    from hil_drivers.sim.devices import KINDS
    from hil_drivers.sim.model import Prior

    parts = [
        "# The files of a bench",
        NOTE,
        "A bench is a bench file, an equipment register and a laboratory file, all TOML, and the certificates of its "
        "instruments. A key that is not listed here is refused, with the file, the line, and the nearest key that "
        "exists. How to write them: [describe a bench](../how-to/describe-a-bench.md). Durations are texts with a unit "
        "among ms, s, min, h, d; they are shown here in seconds.",
        "## Bench file",
        '`[roles]` maps each role to a channel or a device: `light = "light.illuminance"`.',
    ]
    sections: Sequence[type[BaseModel]] = (
        BenchSection,
        DeviceSection,
        ChannelSection,
        EffectSection,
        InterlockSection,
        WatchdogSection,
        SafeStateSection,
        SafeAction,
        SimSection,
    )
    parts += [_section(model, "safe_state.actions" if model is SafeAction else "") for model in sections]
    register: Sequence[type[BaseModel]] = (InstrumentEntry, CertificateEntry, CheckSection, CmcSection)
    parts += ["## Equipment register", *map(_section, register), "## Laboratory file"]
    parts += [_section(model) for model in (OrganisationSection, PersonSection, ReportingSection, SigningSection)]
    parts += [
        "## Tables of `[sim]`",
        "The bench passes these tables to the simulated world: `[sim.room]`, `[sim.lamp]`, `[sim.devices.NAME]` and "
        "`[[sim.faults]]`. The driver of a device decides which of the tables below it takes; what the bench file says "
        "elsewhere (kind, universe, channel, certificates) is filled in from there.",
    ]
    worlds = (
        ("[sim.room]", world_file.Room),
        ("[sim.lamp]", world_file.Lamp),
        ("[[sim.lamp.luminaires]]", world_file.Luminaire),
        ("[[sim.faults]]", world_file.Fault),
    )
    parts += [_section(model, title) for title, model in worlds]
    parts += [_section(device, f"[sim.devices.NAME], driver {kind}") for kind, device in KINDS.items() if _own(device)]
    parts += [_section(Prior, "[sim.devices.NAME.prior], driver t10a")]
    parts += [
        "### Kinds of faults",
        _table(["driver", "kinds"], [[kind, ", ".join(sorted(device.faults))] for kind, device in KINDS.items()]),
    ]
    return "\n\n".join(parts)


FILLED_IN = ("kind", "certificates")
"""What a device of the simulated world takes from elsewhere in the bench file."""


def _own(device: type[SimDevice]) -> bool:
    """Whether the bench file has anything to say of this kind under ``[sim.devices.NAME]``."""
    return not set(device.model_fields) <= {*FILLED_IN, *device.shared}


def _section(model: type[BaseModel], title: str = "") -> str:
    text = _prose(inspect.getdoc(model) or "")
    head, colon, rest = text.partition(":")
    if not title and head.startswith("`[") and colon:
        title, text = head.strip("`"), rest.strip()
        text = text[:1].upper() + text[1:]
    lines = [f"### `{title}`", text]
    hidden = FILLED_IN if title.startswith("[sim.devices.") else ("device",) if title == "[sim.lamp]" else ()
    rows = [_row(name, field) for name, field in model.model_fields.items() if name not in hidden]
    return "\n\n".join([*lines, _table(["key", "what it takes", "default"], rows)])


def _row(name: str, field: FieldInfo) -> list[str]:
    taken = field.description or _kind(field.annotation)
    return [f"`{field.alias or name}`", taken + _bounds(field), _default(field)]


def _bounds(field: FieldInfo) -> str:
    return "" if field.description else _range(field)


def _range(field: FieldInfo) -> str:
    words = {"gt": "above", "ge": "at least", "lt": "below", "le": "at most", "multiple_of": "a multiple of"}
    found = [
        f"{word} {getattr(item, key):g}"
        for item in field.metadata
        for key, word in words.items()
        if getattr(item, key, None) is not None
    ]
    return f", {', '.join(found)}" if found else ""


def _kind(annotation: Any) -> str:
    """A type in words."""
    simple = {
        str: "text",
        int: "whole number",
        float: "number",
        bool: "true or false",
        date: "date",
        datetime: "time",
        NoneType: "",
    }
    if annotation in simple:
        return simple[annotation]
    if get_origin(annotation) is Literal:
        return " or ".join(f'"{value}"' if isinstance(value, str) else str(value) for value in get_args(annotation))
    if get_origin(annotation) in (tuple, list):
        return f"list of {_kind(get_args(annotation)[0])}"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return f"table with {', '.join(f'`{name}`' for name in annotation.model_fields)}"
    inner = get_args(annotation)
    if inner and not isinstance(inner[0], str):
        return _kind(inner[0])
    return "table"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    if isinstance(value, BaseModel):
        return "its own defaults"
    if value is None or value in ("", (), {}):
        return ""
    if isinstance(value, tuple):
        value = [one.model_dump(exclude_unset=True) if isinstance(one, BaseModel) else one for one in value]
    return f"`{json.dumps(value, ensure_ascii=False)}`"


def drivers() -> str:
    """The installed drivers: what each is, its address, options and points."""
    from hil_drivers.device import driver_class, driver_names

    parts = [
        "# Drivers",
        NOTE,
        "The drivers that ship. `driver` in a bench file is one of these names, or `module:name` of one of your own. "
        "Every option is a key of the device's table in the bench file.",
    ]
    for name in driver_names():
        made = driver_class(name)
        parts += [f"## `{name}`", _prose(inspect.getdoc(import_module(made.__module__)) or "")]
        about, options = _parameters(inspect.getdoc(made) or "")
        parts.append(about)
        rows = [
            [f"`{key}`", options.get(key, ""), _option_default(parameter)]
            for key, parameter in inspect.signature(made).parameters.items()
            if key not in ("name", "address", "clock")
        ]
        if rows:
            parts.append(_table(["option", "what it is", "default"], rows))
        points = [
            [f"`{key}`", f"`{point.unit}`", _directions(point.readable, point.writable)]
            for key, point in made.points.items()
        ]
        if points:
            parts.append(_table(["point", "unit", "direction"], points))
    return "\n\n".join(parts)


def _directions(readable: bool, writable: bool) -> str:
    return " and ".join(word for word, holds in (("read", readable), ("set", writable)) if holds)


def _option_default(parameter: inspect.Parameter) -> str:
    if parameter.default is inspect.Parameter.empty:
        return "required"
    return "" if parameter.default is None else f"`{json.dumps(parameter.default)}`"


def _parameters(text: str) -> tuple[str, dict[str, str]]:
    """A docstring without its parameters, and the parameters."""
    about, *entries = re.split(r"^:param ", text, flags=re.MULTILINE)
    found = {}
    for entry in entries:
        name, _, meaning = re.split(r"^:", entry, flags=re.MULTILINE)[0].partition(":")
        found[name] = _prose(meaning)
    return _prose(about), found


def procedures() -> str:
    """The installed procedures: roles and parameters."""
    from hil.scripts import find, names

    parts = ["# Procedures", NOTE, "The procedures that ship. Parameters are given with `--set name=value`."]
    for name in names():
        found = find(name)
        roles = [
            [f"`{role}`", capability.__name__, "under calibration" if role in found.items else ""]
            for role, capability in found.roles.items()
        ]
        parameters = found.parameters
        rows = [
            [f"`{key}`", field.description or "", _measured(field), _default(field)]
            for key, field in parameters.model_fields.items()
        ]
        parts += [
            f"## `{name}`, version {found.version}",
            found.summary,
            _table(["role", "capability", ""], roles),
            _prose(inspect.getdoc(parameters) or ""),
            _table(["parameter", "meaning", "what it takes", "default"], rows),
        ]
    return "\n\n".join(parts)


def _measured(field: FieldInfo) -> str:
    """What a parameter takes, with its unit."""
    metadata = [*field.metadata]
    for inner in get_args(field.annotation):
        metadata += getattr(inner, "__metadata__", ())
    units = [cell.cell_contents for item in metadata for cell in _closure(item) if isinstance(cell.cell_contents, str)]
    return f"{_kind(field.annotation)}{f' in {units[0]}' if units else ''}{_range(field)}"


def _closure(validator: Any) -> Sequence[Any]:
    return getattr(getattr(validator, "func", None), "__closure__", None) or ()


def run_db() -> str:
    """The tables of a run's database."""
    from hil.record import chain, schema
    from hil_drivers.indication import UNUSABLE, Flag

    rows = [[f"`{table}`", ", ".join(f"`{column}`" for column in columns)] for table, columns in schema.COLUMNS.items()]
    flags = [[str(flag.value), f"`{flag.name}`", "no" if flag & UNUSABLE else "yes"] for flag in Flag]
    return "\n\n".join(
        [
            "# `run.db`",
            NOTE,
            _prose(inspect.getdoc(schema) or ""),
            "## Columns",
            _table(["table", "columns"], rows),
            "## Flags of a reading",
            "The column `flags` is a sum of these; 0 is good.",
            _table(["bit", "name", "value may be used"], flags),
            "## The chain",
            _prose(inspect.getdoc(chain) or ""),
        ]
    )


def errors() -> str:
    """The trees of errors, as their modules draw them."""
    parts = [
        "# Errors",
        NOTE,
        "Every error a user can act upon says what failed, where, and what to do. No traceback is shown; with "
        "`HIL_DEBUG=1` in the environment it is. Exit codes: [exit-codes.md](exit-codes.md).",
    ]
    for name in ("hil.errors", "hil_drivers.errors", "hil_calibration.errors"):
        parts += [f"## `{name}`", _block(inspect.getdoc(import_module(name)) or "")]
    return "\n\n".join(parts)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    body = [[cell.replace("|", "\\|").replace("\n", " ") for cell in row] for row in rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in [list(heads), ["---"] * len(heads), *body])


def _prose(text: str) -> str:
    """A docstring as Markdown: double backquotes become single ones."""
    return re.sub(r"``(.+?)``", r"`\1`", text, flags=re.DOTALL).strip()


def _block(text: str) -> str:
    return f"```text\n{text.rstrip()}\n```"


def main() -> int:
    """Write the pages, or with --check say which are not current."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; 1 if a page is not current")
    check = parser.parse_args().check
    stale = [
        name
        for name, text in pages().items()
        if not (REFERENCE / name).is_file() or (REFERENCE / name).read_text(encoding="utf-8") != text
    ]
    if check:
        sys.stdout.write("".join(f"{name} is not current\n" for name in stale))
        return 1 if stale else 0
    REFERENCE.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (REFERENCE / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
