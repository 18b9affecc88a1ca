"""Runs that were made before: a coverage that was cut off goes on where it was."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from types import UnionType
from typing import Any

from ..errors import UsageError
from .runs import Asked, Outcome
from .stated import Stated, StatedInterval
from .truth import Answer

FILE = "runs.jsonl"
"""In the folder of a coverage: what is run in the first line, then a line for each run with a result."""


class Kept:
    """The runs in a folder, to which others are added as they end.

    :raises UsageError: if the folder holds runs of something else, or a line is none of a run.
    """

    def __init__(self, folder: Path, asked: Asked) -> None:
        self.file, head = folder / FILE, _head(asked)
        self._found: dict[int, Outcome] = {}
        folder.mkdir(parents=True, exist_ok=True)
        whole = self._lines()
        if whole:
            self._check(whole[0], head)
            for number, line in enumerate(whole[1:], 2):
                outcome = self._outcome(line, number)
                self._found[outcome.seed] = outcome
            os.truncate(self.file, sum(len(line) + 1 for line in whole))
        else:
            self.file.write_text(_json(head) + "\n", encoding="utf-8")

    def among(self, seeds: range) -> dict[int, Outcome]:
        """Those of ``seeds``, by seed."""
        return {seed: outcome for seed, outcome in self._found.items() if seed in seeds}

    def add(self, outcome: Outcome) -> None:
        """Keep a run, if it has a result: one without is made again."""
        if outcome.answer is None:
            return
        with self.file.open("a", encoding="utf-8") as file:
            file.write(_json(asdict(outcome)) + "\n")
        self._found[outcome.seed] = outcome

    def _lines(self) -> list[bytes]:
        """The lines that were written to their end; the last may have been torn in the middle of a character."""
        try:
            return self.file.read_bytes().split(b"\n")[:-1]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise UsageError(f"cannot be read: {error}", where=str(self.file), remedy="give another folder") from None

    def _check(self, line: bytes, head: Mapping[str, Any]) -> None:
        try:
            found = json.loads(line)
            different = [name for name, value in head.items() if found.get(name) != value]
        except (ValueError, AttributeError, RecursionError):
            different = ["first line"]
        if different:
            raise UsageError(
                f"holds runs of something else, by their {different[0]}",
                where=str(self.file),
                remedy="give another folder, or delete it",
            )

    def _outcome(self, line: bytes, number: int) -> Outcome:
        try:
            found = json.loads(line)
            answer = found["answer"]
            stated = {name: _stated(one) for name, one in answer["measurands"].items()}
            outcome = replace(Outcome(**found), answer=replace(Answer(**answer), measurands=stated))
            _require(outcome.seed, int)
            _require(outcome.verdict, str | None)
            _require(answer["conforms"], bool | None)
            _require(answer["risk"], int | float | None)
            _require(answer.get("acceptable"), bool | None)
            _require(answer.get("producer_risk"), int | float | None)
            return outcome
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError, UsageError):
            raise UsageError(
                f"line {number} is none of a run", where=str(self.file), remedy="take the line away, or delete the file"
            ) from None


def _stated(given: Mapping[str, Any]) -> Stated | StatedInterval:
    for name, one in given.items():
        _require(one, str if name == "unit" else int | float)
    return StatedInterval(**given) if "low" in given else Stated(**given)


def _require(given: object, kind: type | UnionType) -> None:
    if not isinstance(given, kind):
        raise TypeError(f"{given!r} is not of the kind {kind}")


def _head(asked: Asked) -> dict[str, Any]:
    """What runs are the same of: with another bench file or version they would find something else."""
    from importlib.metadata import version

    from .. import scripts
    from ..bench.config import load_bench

    return {
        "procedure": asked.procedure,
        "script of the procedure": scripts.find(asked.procedure).digest,
        "bench": load_bench(asked.bench).sha256,
        "settings": dict(asked.settings),
        "operator": asked.operator,
        "version of hil": version("hil-bench"),
    }


def _json(given: Mapping[str, Any]) -> str:
    return json.dumps(given, ensure_ascii=False)
