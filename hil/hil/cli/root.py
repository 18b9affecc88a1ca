"""The command `hil` and its table of commands."""

from __future__ import annotations

import click

from .group import LazyGroup

COMMANDS = {
    "demo": ("demo:demo", "Calibrate a simulated luxmeter, use it, and show every document."),
    "run": ("run:run", "Run a procedure on a bench."),
    "ack": ("ack:ack", "Acknowledge an interlock that tripped in an earlier run."),
    "procedures": ("procedures:procedures", "List the installed procedures."),
    "bench": ("bench:bench", "List, check and show benches."),
    "devices": ("devices:devices", "The devices of a bench and how they do, or the installed drivers."),
    "doctor": ("doctor:doctor", "Whether this machine is fit to run a bench."),
    "watch": ("watch:watch", "Live values of channels, with their uncertainty."),
    "evaluate": ("evaluate:evaluate", "Evaluate a measurement model: GUM and Monte Carlo."),
    "selfcheck": ("selfcheck:selfcheck", "Compute published examples with this build: PASS or DIFF."),
    "trace": ("trace:trace", "The chain from a channel down to the certificates it rests on."),
    "impact": ("impact:impact", "What rests on an instrument since a day."),
    "data": ("data:data", "List, show and verify the records of runs."),
}


@click.group(cls=LazyGroup, lazy=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="hil-bench", prog_name="hil")
def cli() -> None:
    """A metrologically traceable test bench for AI systems and robots.

    \b
    Exit codes: 0 pass, 1 the verdict is FAIL, 2 usage or bad input, 3 inconclusive,
    4 device, 5 aborted or safe stop, 6 verification failed, 130 interrupted.
    """
