"""``hil procedures``: what can be run, with its roles and parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from .completing import procedure_names
from .options import as_json
from .output import show_json, show_table

if TYPE_CHECKING:
    from ..scripts import Procedure


@click.command(short_help="List the installed procedures.")
@click.argument("name", required=False, shell_complete=procedure_names)
@as_json
def procedures(name: str | None, as_json: bool) -> None:
    """List the installed procedures, or show the roles and parameters of the one called NAME.

    NAME may also be module:name, or the path of a Python file.
    """
    from ..scripts import find, names

    found = [find(each) for each in ([name] if name else names())]
    if as_json:
        show_json({"procedures": [_described(procedure) for procedure in found]})
    elif name:
        _show(found[0])
    else:
        show_table(
            ["procedure", "version", "roles", "what it does"],
            [[p.name, p.version, ", ".join(p.roles), p.summary] for p in found],
        )


def _described(procedure: Procedure) -> dict[str, Any]:
    return {
        "name": procedure.name,
        "version": procedure.version,
        "summary": procedure.summary,
        "roles": {role: capability.__name__ for role, capability in procedure.roles.items()},
        "items": sorted(procedure.items),
        "parameters": {
            name: {"default": _default(field), "description": field.description or ""}
            for name, field in procedure.parameters.model_fields.items()
        },
    }


def _default(field: Any) -> str:
    return "required" if field.is_required() else str(field.get_default(call_default_factory=True))


def _show(procedure: Procedure) -> None:
    click.echo(f"{procedure.name}, version {procedure.version}: {procedure.summary}\n")
    roles = [
        [role, capability.__name__, "under calibration" if role in procedure.items else ""]
        for role, capability in procedure.roles.items()
    ]
    show_table(["role", "capability", ""], roles)
    click.echo()
    fields = procedure.parameters.model_fields.items()
    show_table(
        ["parameter", "default", "meaning"],
        [[name, _default(field), field.description or ""] for name, field in fields],
    )
