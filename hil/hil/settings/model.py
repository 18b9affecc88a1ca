"""The settings: what is the same for every command of a person on a machine.

Nothing that a person decides anew each time is a setting: no seed, no parameter, no reason, no deviation, nobody who
reviews or authorises, and no key to sign with, which the laboratory file names.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ..section import Name, Section


class Beside:
    """Marks a path: where it is relative, it starts at the folder of the file that names it."""

    def __init__(self, *, if_there: bool = False) -> None:
        self.if_there = if_there


class ServiceSection(Section):
    """``[service]``: the bench in service that ``hil console`` shows, where it is not on this machine."""

    connect: Name | None = Field(default=None, description="the gateway of a bench: host:port, or a unix socket")
    token_file: Annotated[Name | None, Beside()] = Field(
        default=None, description="a file that holds the token, readable by its owner alone"
    )
    ca: Annotated[Name | None, Beside()] = Field(
        default=None, description="the certificate by which the gateway is known (PEM)"
    )


class ConsoleSection(Section):
    """``[console]``: what suits a terminal, and whoever sits before it."""

    colours: Literal["dark", "light", "terminal"] = Field(default="dark", description='"dark", "light" or "terminal"')
    ascii: bool = Field(default=False, description="true or false: whether to draw in ASCII alone")
    mouse: bool = Field(
        default=True, description="true or false: whether the console takes the mouse from the terminal"
    )


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
    service: ServiceSection = ServiceSection()
    console: ConsoleSection = ConsoleSection()
