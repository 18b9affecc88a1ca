"""What is refused before anything moves."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bench_copy import copy_bench
from hil.bench import load_bench, open_bench
from hil.cli.check import Check
from hil.errors import ConfigurationError, NotFit


async def test_an_item_that_no_register_knows_is_refused(tmp_path: Path) -> None:
    bench = copy_bench(tmp_path, ('instrument = "luxmeter"\n', ""))
    with pytest.raises(NotFit, match=r"which instrument luxmeter is; add instrument to \[devices.luxmeter\]"):
        async with open_bench(load_bench(bench), roles=["luxmeter"], items=["luxmeter"]):
            pass


async def test_a_bench_that_takes_setpoints_needs_a_safe_state(tmp_path: Path) -> None:
    line = next(text for text in copy_bench(tmp_path).read_text(encoding="utf-8").splitlines() if "actions = " in text)
    bench = copy_bench(tmp_path, (line, ""))
    with pytest.raises(ConfigurationError, match=r"has no actions, though light\.illuminance takes setpoints"):
        async with open_bench(load_bench(bench), roles=["light"]):
            pass


def test_a_folder_names_the_bench_in_it(tmp_path: Path) -> None:
    path = copy_bench(tmp_path)
    assert load_bench(tmp_path).name == "action-sim"
    (tmp_path / "second.toml").write_bytes(path.read_bytes())
    with pytest.raises(ConfigurationError, match=r"holds 2 benches; name one of .*action-sim\.toml, .*second\.toml"):
        load_bench(tmp_path)


@pytest.mark.parametrize(
    ("section", "told"),
    [
        (
            'driver = "process"\nprogram = "absent/reader.py"\n',
            r'devices\.reader\.program: there is no ".*absent/reader\.py"',
        ),
        ('driver = "process"\nprogram = "lab.toml"\n', r'devices\.reader\.program: ".*lab\.toml" is no program'),
        ('driver = "onnx"\nmodel = "absent.onnx"\n', r'devices\.reader\.model: there is no ".*absent\.onnx"'),
    ],
)
def test_the_check_of_a_bench_sees_files_that_are_not_there(tmp_path: Path, section: str, told: str) -> None:
    bench = copy_bench(tmp_path, ('driver = "recogniser"\n', f'{section}output = "text"\n'))
    (fault,) = Check.of(load_bench(bench), None).faults
    assert re.search(told, fault)
