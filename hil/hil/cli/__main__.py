"""The entry point: runs a command and turns every error into one sentence and an exit code."""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Sequence

import click

from ..errors import INTERRUPTED, USAGE
from .output import printable
from .root import cli

SOFTWARE = 70
"""The exit code of a fault in `hil` itself (EX_SOFTWARE)."""

READER_GONE = 141
"""The exit code where the reader of stdout left first, as in ``hil data show | head -1`` (128 + SIGPIPE)."""

_BAD_PATH = (errno.ENOENT, errno.EACCES, errno.EPERM, errno.EISDIR, errno.ENOTDIR, errno.EEXIST, errno.EROFS)


def main(args: Sequence[str] | None = None) -> None:
    """Run ``hil`` with ``args`` (the program's own by default) and exit with its code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # ± and µ must end nobody's command where there is no UTF-8
            stream.reconfigure(errors="replace")
    sys.exit(run(args))


def run(args: Sequence[str] | None = None) -> int:
    """Run ``hil`` and return its exit code. With ``HIL_DEBUG=1`` an error keeps its traceback."""
    try:
        answer = cli.main(args=args, prog_name="hil", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return USAGE
    except click.ClickException as error:
        _say(_with_help(error))
        return USAGE
    except SystemExit as end:  # this is how click ends what it completed, or where the reader of stdout has gone
        return READER_GONE if end.code else 0
    except (click.Abort, KeyboardInterrupt):
        _say("interrupted")
        return INTERRUPTED
    except Exception as error:
        if os.environ.get("HIL_DEBUG") == "1":
            raise
        return _told(error)
    return answer if isinstance(answer, int) else 0


def _with_help(error: click.ClickException) -> str:
    """What is wrong with a command line; where nothing is said of what to do, where its help is."""
    text, context = error.format_message(), getattr(error, "ctx", None)
    if context is None or "; " in text:
        return text
    stop = "" if (said := text.rstrip(".")).endswith("?") else "."
    return f"{said}{stop} See `{context.command_path} --help`."


def _told(error: Exception) -> int:
    """Tell ``error`` on stderr and return its exit code."""
    from ..errors import exit_code

    code = exit_code(error)
    if code != SOFTWARE:
        _say(str(error))
        return code
    if isinstance(error, OSError) and error.errno in _BAD_PATH:
        _say(f"{error.filename}: {error.strerror}" if error.filename else str(error.strerror))
        return USAGE
    _say(f"a fault in hil itself: {type(error).__name__}: {error}; run it again with HIL_DEBUG=1 and report it")
    return SOFTWARE


def _say(text: str) -> None:
    for line in text.splitlines():
        click.echo(f"hil: {printable(line)}", err=True)


if __name__ == "__main__":
    main()
