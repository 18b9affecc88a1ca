"""``hil completion``: what makes a shell complete commands, options, benches, procedures, channels and runs."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

SHELLS = ("bash", "zsh", "fish")
VARIABLE = "_HIL_COMPLETE"


@click.command(short_help="Completion for bash, zsh or fish.")
@click.argument("shell", type=click.Choice(SHELLS))
def completion(shell: str) -> None:
    """Print the completion of SHELL, to be read at its start.

    \b
    bash, in ~/.bashrc:                    eval "$(hil completion bash)"
    zsh, in ~/.zshrc, after compinit:      eval "$(hil completion zsh)"
    fish, once:                            hil completion fish > ~/.config/fish/completions/hil.fish
    """
    from .root import cli

    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"there is no completion for {shell}")
    template = kind(cli, {}, "hil", VARIABLE)
    click.echo(template.source_template % template.source_vars())
