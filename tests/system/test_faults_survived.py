"""The table of faults that a run survives names tests that exist, and every fault that it must name."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reference" / "faults-survived.md"
NAMED = re.findall(r"^(.*)`(tests/\S+\.py)::(test_\w+)`", PAGE.read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize(("row", "file", "test"), NAMED)
def test_the_test_of_a_row_exists_and_is_run_when_the_page_says(row: str, file: str, test: str) -> None:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    found = [node for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    (function,) = [node for node in found if node.name == test]
    soaked = "pytest.mark.soak" in [ast.unparse(each) for each in function.decorator_list]
    assert soaked == ("(`make soak` alone)" in row)


def test_every_row_names_a_test_and_no_fault_is_missing() -> None:
    rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")][1:]
    assert len(rows) == len(NAMED)
    faults = " ".join(row.split("|")[1] for row in rows)
    for fault in (
        "kill -9", "disk full", "clock stepped by an hour", "lost and back", "sensor frozen", "hung ROS process",
        "blocked loop", "exception in a procedure", "Ctrl-C twice", "SIGTERM", "SIGHUP", "record made read-only",
    ):  # fmt: skip
        assert fault in faults
