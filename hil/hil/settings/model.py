"""The settings: what is the same for every command of a person on a machine.

Nothing that a person decides anew each time is a setting: no seed, no parameter, no reason, no deviation, nobody who
reviews or authorises, and no key to sign with, which the laboratory file names.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ..section import Name, Section


class Beside:
    """Marks a path: where it is relative, it starts at the folder of the file that names it."""

    def __init__(self, *, if_there: bool = False) -> None:
        self.if_there = if_there


class Settings(Section):
    """Every key of ``hil.toml``. What is not given there, in the environment or on the command line has a default."""

    bench: Annotated[Name | None, Beside(if_there=True)] = Field(
        default=None, description="a bench file, the folder of one, or the name of a bench that ships"
    )
    out: Annotated[Name, Beside()] = Field(default="runs", description="a folder for runs")
    operator: Name | None = Field(default=None, description="an operator of the laboratory file")
    dcc_schemas: Annotated[Name | None, Beside()] = Field(
        default=None, description="a folder of PTB's schemas of the DCC, with dcc/v3.3.0/dcc.xsd"
    )
