"""The command `hil` and its table of commands."""

from __future__ import annotations

import click

from .group import LazyGroup

COMMANDS = {
    "demo": ("demo:demo", "Calibrate a simulated luxmeter, use it, and show every document."),
    "run": ("run:run", "Run a procedure on a bench."),
    "status": ("status:status", "The runs under way: state, points, prompts, alarms."),
    "pause": ("command:pause", "Hold a run before its next point."),
    "resume": ("command:resume", "Go on with a run that is paused."),
    "abort": ("command:abort", "End a run in order, then make the bench safe."),
    "stop": ("command:stop", "Make the bench of a run safe at once."),
    "answer": ("command:answer", "Answer an open prompt of a run."),
    "note": ("command:note", "Write a note into the record of a run."),
    "ack": ("command:ack", "Acknowledge an alarm of a run, or an interlock that has latched."),
    "shelve": ("command:shelve", "Hide an alarm of a run for a while."),
    "console": ("console:console", "The operator's screen: live values, alarms, prompts, SAFE STOP."),
    "web": ("web:web", "A bench in a browser: where its status page is, or the console."),
    "service": ("service:service", "A bench that keeps running: start it, and who may reach it."),
    "queue": ("queue:queue", "What a bench in service is to run."),
    "lease": ("lease:lease", "Who is in command of a bench in service."),
    "handover": ("lease:handover", "The note of one shift to the next."),
    "procedures": ("procedures:procedures", "List the installed procedures."),
    "bench": ("bench:bench", "List, check and show benches."),
    "devices": ("devices:devices", "The devices of a bench and how they do, or the installed drivers."),
    "doctor": ("doctor:doctor", "Whether this machine is fit to run a bench."),
    "watch": ("watch:watch", "Live values of channels, with their uncertainty."),
    "evaluate": ("evaluate:evaluate", "Evaluate a measurement model: GUM and Monte Carlo."),
    "selfcheck": ("selfcheck:selfcheck", "Compute published examples with this build: PASS or DIFF."),
    "compare": ("compare:compare", "The same design on two benches: where do they agree?"),
    "coverage": ("coverage:coverage", "Whether the stated uncertainties of a procedure are true."),
    "trace": ("trace:trace", "The chain from a channel down to the certificates it rests on."),
    "impact": ("impact:impact", "What rests on an instrument since a day."),
    "config": ("config:config", "The settings, and where each comes from."),
    "completion": ("completion:completion", "Completion for bash, zsh or fish."),
    "certificate": ("certificate:certificate", "Certificates and test reports: issue, check, verify, amend."),
    "data": ("data:data", "List, show and verify the records of runs."),
}


@click.group(cls=LazyGroup, lazy=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="hil-bench", prog_name="hil")
def cli() -> None:
    """A metrologically traceable test bench for AI systems and robots.

    \b
    Exit codes: 0 pass, 1 the verdict is FAIL, 2 usage or bad input, 3 inconclusive,
    4 device, 5 aborted or safe stop, 6 verification failed, 69 no run answers, 130 interrupted.
    """
