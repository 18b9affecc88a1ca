"""A group of commands whose modules are imported when a command is used, not when help is shown."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

from ..suggest import nearest


class LazyGroup(click.Group):
    """A group that knows its commands by name, place and one line of help.

    :param lazy: command name -> (``module:attribute`` within `hil.cli`, one line of help).
    """

    def __init__(self, *args: Any, lazy: dict[str, tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._lazy = lazy

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 (click's signature)
        return list(self._lazy)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in self._lazy:
            return None
        module, _, attribute = self._lazy[cmd_name][0].partition(":")
        command = getattr(import_module(f".{module}", __package__), attribute)
        if isinstance(command, click.Command):
            return command
        raise TypeError(f"{module}:{attribute} is not a command")

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and not args[0].startswith("-") and args[0] not in self._lazy:
            ctx.fail(f"there is no command {args[0]!r}; {nearest(args[0], self._lazy)}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in self._lazy.items()])
