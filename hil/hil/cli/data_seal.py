"""``hil data seal|amend|keys``: what is added to a closed run, and the key that it is signed with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import UsageError
from .data import find_run
from .group import LazyGroup
from .options import as_json, out, run_argument
from .output import show_json

if TYPE_CHECKING:
    from ..sealing.keys import PrivateKey

UNSIGNED = "NOT SIGNED: whoever can write this folder can make another; give the laboratory's key with --key or --bench"

key_file = click.option(
    "--key", type=click.Path(dir_okay=False, path_type=Path), help="Private key (PEM, Ed25519, mode 0600) to sign with."
)
key_of_bench = click.option("--bench", help="A bench whose laboratory file names the key under [signing].")


def signing_key(key: Path | None, bench: str | None) -> PrivateKey | None:
    """The key to sign with: a file's, or that of a bench's laboratory; ``None`` where neither is given.

    :raises UsageError: if it cannot be used.
    """
    from ..sealing.keys import load_private

    if bench is None:
        return None if key is None else load_private(key)
    if key is not None:
        raise UsageError("--key and --bench are given", remedy="give one of them")
    from ..bench.config import load_bench

    config = load_bench(bench)
    named, laboratory = config.laboratory.signing.key, config.path.parent / config.bench.laboratory
    if named is None:
        raise UsageError("names no key", where=str(laboratory), remedy='write key = "FILE" under [signing]')
    return load_private(laboratory.parent / named)


@click.command(short_help="Make the sealed set of a run: Parquet, MCAP, CSV and a signed manifest.")
@run_argument
@key_file
@key_of_bench
@out
@as_json
def seal(run: str, key: Path | None, bench: str | None, out: Path, as_json: bool) -> None:
    """Verify RUN, and make its folder "sealed": Parquet, MCAP and CSV of its readings, and a manifest.

    A record that does not hold is refused (exit code 6). The manifest names every file with its SHA-256 and the head of
    the chain, and is signed with the laboratory's key.
    """
    from ..sealing.sealer import seal_run

    private = signing_key(key, bench)
    folder = find_run(run, out)
    made = seal_run(folder, private)
    if as_json:
        files = [str(path) for path in made.files]
        show_json({"run": str(folder), "readings": made.readings, "files": files, "keyid": made.keyid or None})
        return
    for path in made.files:
        click.echo(path)
    click.echo(f"{made.readings} readings; " + (f"signed by the key {made.keyid}" if made.signed else UNSIGNED))


@click.command(short_help="Add an amendment to a closed run; the original stays.")
@run_argument
@click.option("--what", required=True, help="What is amended, and to what.")
@click.option("--why", required=True, help="The reason.")
@click.option("--who", required=True, help="Who is responsible for it.")
@key_file
@key_of_bench
@out
@as_json
def amend(
    run: str, what: str, why: str, who: str, key: Path | None, bench: str | None, out: Path, as_json: bool
) -> None:
    """Add an amendment to RUN, which is closed: a file in its folder "amendments". The original stays as it is."""
    from ..sealing.amendments import amend as amend_run

    private = signing_key(key, bench)
    path = amend_run(find_run(run, out), what=what, why=why, who=who, key=private)
    if as_json:
        show_json({"amendment": str(path), "keyid": None if private is None else private.public.identifier})
        return
    click.echo(path)
    click.echo(UNSIGNED if private is None else f"signed by the key {private.public.identifier}")


KEYS: dict[str, tuple[str, str]] = {
    "new": ("data_seal:new_key", "Make a key."),
    "show": ("data_seal:show_key", "The identifier of a key."),
}


@click.group(cls=LazyGroup, lazy=KEYS)
def keys() -> None:
    """Keys that runs are signed with."""


@click.command("new", short_help="Make a key.")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@as_json
def new_key(file: Path, as_json: bool) -> None:
    """Make a key (Ed25519): the private one in FILE, mode 0600, and the public one beside it in .pub.pem.

    Keep FILE out of backups that others read. Give the public key to whoever is to verify.
    """
    from ..sealing.keys import load_public
    from ..sealing.keys import new_key as make

    public = make(file)
    keyid = load_public(public).identifier
    if as_json:
        show_json({"private": str(file), "public": str(public), "keyid": keyid})
        return
    click.echo(f"{file} (private, keep it)\n{public} (public, give it away)")
    click.echo(f"identifier {keyid}")


@click.command("show", short_help="The identifier of a key.")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@as_json
def show_key(file: Path, as_json: bool) -> None:
    """The identifier of the key in FILE, private or public: the SHA-256 of its SubjectPublicKeyInfo."""
    from ..sealing.keys import load_public

    keyid = load_public(file).identifier
    if as_json:
        show_json({"file": str(file), "keyid": keyid})
    else:
        click.echo(keyid)


def amendments_of(folder: Path) -> list[dict[str, Any]]:
    """The amendments of a closed run, as ``hil data show`` tells them."""
    from dataclasses import asdict

    from ..sealing.amendments import amendments

    return [asdict(one) for one in amendments(folder)]
