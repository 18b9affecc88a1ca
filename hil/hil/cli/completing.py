"""What a shell is offered for names: of benches, procedures, channels, runs. It must come at once, so little is read.

Nothing here fails: where a file cannot be read, nothing is offered.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from ..errors import HilError
from .configured import setting

_FILES = [CompletionItem("", type="file")]
"""Tells the shell to offer files: where no name fits, for it would forget the names."""


def bench_names(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The benches that ship, else files."""
    found = [path.stem for path in _shipped() if "bench" in _toml(path)]
    return _fitting(found, incomplete) or _FILES


def procedure_names(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The installed procedures, else files."""
    from importlib.metadata import entry_points

    return _fitting((each.name for each in entry_points(group="hil.procedures")), incomplete) or _FILES


def channel_names(context: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The channels of the bench that is named, or that is the setting."""
    bench = context.params.get("bench") or _setting("bench")
    return _fitting(_toml(_bench_file(str(bench))).get("channels", {}), incomplete) if bench else []


def run_names(context: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The runs in the folder of runs, the latest first, ``last``, else files."""
    given = context.params.get("runs") or context.params.get("out")
    folder = Path(given or _setting("out") or "runs")
    runs: list[str] = []
    with suppress(OSError):
        runs = sorted((path.name for path in folder.iterdir() if (path / "run.db").exists()), reverse=True)
    return _fitting(["last", *runs], incomplete) or _FILES


def _fitting(names: Iterable[str], incomplete: str) -> list[CompletionItem]:
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


def _shipped() -> list[Path]:
    from importlib.resources import files

    return sorted(Path(str(files("hil").joinpath("benches"))).glob("*.toml"))


def _bench_file(name: str) -> Path:
    """The file of a bench as `hil.bench.config.find_bench` finds it."""
    path = Path(name)
    if path.is_dir():
        return next((each for each in sorted(path.glob("*.toml")) if "bench" in _toml(each)), path)
    return next((each for each in _shipped() if each.stem == name), path)


def _toml(path: Path) -> dict[str, Any]:
    import tomllib

    with suppress(OSError, ValueError):
        return tomllib.loads(path.read_text(encoding="utf-8"))
    return {}


def _setting(name: str) -> Any:
    with suppress(HilError):
        return setting(name)
    return None
