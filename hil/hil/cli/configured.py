"""Options that a setting stands in for where the command line does not give them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from ..settings.places import is_silent

_KEY = "hil.settings"
_REMEDY = "Give it, or write {} into hil.toml (hil config path)."


def setting(name: str, default: Any = None) -> Any:
    """The value of a setting; ``default`` where nothing is said of it anywhere.

    :raises ConfigurationError: a file of settings cannot be used as it is written.
    """
    if is_silent(name, os.environ, Path.cwd()):
        return default
    from ..settings.found import find

    context = click.get_current_context(silent=True)
    kept = {} if context is None else context.meta
    if _KEY not in kept:
        kept[_KEY] = find()
    return kept[_KEY][name]


def needed_bench_name(name: str | None) -> str:
    """``name``, else the setting ``bench``.

    :raises click.UsageError: there is neither.
    """
    found = name or setting("bench")
    if found is None:
        raise click.UsageError(f"Missing argument 'NAME'. {_REMEDY.format('bench')}")
    return str(found)


class Configured(click.Option):
    """An option with a setting behind it. The files are looked at only where the option is not given.

    :param setting: the setting's name.
    :param plain: the value where nothing is said anywhere.
    :param needed: whether the command is refused without a value.
    """

    def __init__(self, *args: Any, setting: str, plain: Any = None, needed: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._setting, self._plain, self._needed = setting, plain, needed

    def get_default(self, ctx: click.Context, call: bool = True) -> Any:
        """The setting's value; nothing while help is shown or a shell completes."""
        if not call or ctx.resilient_parsing:
            return None
        value = setting(self._setting, self._plain)
        if value is None and self._needed:
            raise click.MissingParameter(_REMEDY.format(self._setting), ctx=ctx, param=self)
        return value
