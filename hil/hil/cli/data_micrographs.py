"""``hil data micrographs``: the pictures of a run of particles, in a browser of this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import Aborted, UsageError, VerificationFailed
from .data import find_run
from .data_seal import UNSIGNED, key_file, key_of_bench, signing_key
from .options import as_json, out, run_argument
from .output import show_json

if TYPE_CHECKING:
    from ..micrographs.ledger import Ledger
    from ..micrographs.source import Micrographs


@click.command(short_help="The micrographs of a run in a browser: contours, corrections by hand, sizes by type.")
@run_argument
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    metavar="N",
    help="Where the page is served.  [default: a port that is free]",
)
@key_file
@key_of_bench
@out
@as_json
def micrographs(run: str, port: int, key: Path | None, bench: str | None, out: Path, as_json: bool) -> int:
    """Serve the micrographs of RUN to browsers of this machine, until Ctrl-C: contours to correct, and sizes by type.

    It shows an address with a secret in it: whoever has that address can correct contours. A correction is an amendment
    of RUN, which is closed: nothing of it is overwritten. With --json, tell the sizes, and serve nothing.

    \b
    Exit codes: 0 told, or ended; 2 usage, no run of micrographs, or one that is not closed; 6 the run does not hold.
    """
    private = signing_key(key, bench)
    if not as_json:
        from ..gateway.extra import require_extra

        require_extra(("aiohttp",), "the page of micrographs")
    found = _micrographs(find_run(run, out))
    from ..micrographs.ledger import Ledger

    ledger = Ledger(found, private)
    if as_json:
        _tell_sizes(found, ledger)
    else:
        _serve(found, ledger, port)
    return 0


def _micrographs(folder: Path) -> Micrographs:
    """The pictures of a run that is closed and holds."""
    from ..micrographs.source import read
    from ..record import open_run
    from ..record.folder import SEAL
    from ..sealing.check import verify_run

    record = open_run(folder)
    if not (folder / SEAL).is_file():
        raise UsageError("the run is not closed", where=str(folder), remedy="wait until it has ended, or resume it")
    for finding in verify_run(folder).findings:
        what = f"does not hold: {finding.place} {finding.message}"
        raise VerificationFailed(what, where=str(folder), remedy="run `hil data verify` on it")
    return read(record)


def _tell_sizes(found: Micrographs, ledger: Ledger) -> None:
    from ..micrographs.answers import dashboard

    for number in range(len(found.entries)):
        found.found(number)
    show_json(dashboard(found, ledger))


def _serve(found: Micrographs, ledger: Ledger, port: int) -> None:
    from ..micrographs.server import serve
    from .interruptible import run_interruptibly

    def tell(address: str) -> None:
        click.echo(address)
        signed = f"signed by the key {ledger.signer}" if ledger.signer else UNSIGNED
        click.echo(f"hil: corrections are {signed}", err=True)
        click.echo("hil: open this address; whoever has it corrects contours as you do; Ctrl-C ends it", err=True)

    try:
        run_interruptibly(serve(found, ledger, port, tell))
    except (Aborted, KeyboardInterrupt):
        click.echo("hil: the micrographs are no longer served", err=True)
