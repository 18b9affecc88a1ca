"""``hil service token`` and ``hil service certificate``: who may reach a bench from other machines."""

from __future__ import annotations

import socket
from datetime import UTC, datetime
from pathlib import Path

import click

from ..commanding.verbs import ROLES
from .options import as_json
from .output import show_json, show_table

folder = click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where certificate and tokens of the service are.  [default: the user's state, hil/service]",
)


def _in(folder: Path | None) -> Path:
    from ..access.network import service_folder

    return folder or service_folder()


@click.group()
def token() -> None:
    """The tokens by which clients of other machines are known: each is for one person or program."""


@token.command(short_help="Make a token; it is shown once.")
@click.argument("name")
@click.option(
    "--role",
    type=click.Choice(ROLES),
    default="view",
    show_default=True,
    help="What it is good for: view only watches; operate commands; review may also take the lease of others; "
    "authorise everything.",
)
@click.option("--days", type=float, default=90.0, show_default=True, help="For how long it is good.")
@folder
def create(name: str, role: str, days: float, folder: Path | None) -> None:
    """Make a token for NAME, a person or a program, and show it: it cannot be shown again.

    Only its SHA-256 is kept. A client sends it as "Authorization: Bearer TOKEN", over TLS.
    """
    from ..access.network import TOKENS_FILE
    from ..access.tokens import Tokens

    secret, made = Tokens(_in(folder) / TOKENS_FILE).create(name, next(r for r in ROLES if r == role), days=days)
    click.echo(secret)
    click.echo(
        f"token of {name!r}: role {role}, good until {_day(made.expires)}; keep it, it is not shown again", err=True
    )


@token.command("list", short_help="Every token: role, state, last use.")
@folder
@as_json
def list_tokens(folder: Path | None, as_json: bool) -> None:
    """List the tokens: who has them, their role and state, and when they were last used (UTC)."""
    from ..access.network import TOKENS_FILE
    from ..access.tokens import Tokens

    now = datetime.now(UTC).timestamp()
    tokens = Tokens(_in(folder) / TOKENS_FILE).all()
    if as_json:
        kept = ("id", "name", "role", "created", "expires", "last_used", "revoked")
        rows = [{name: getattr(each, name) for name in kept} | {"state": each.state(now)} for each in tokens]
        show_json({"tokens": rows})
        return
    show_table(
        ("name", "role", "state", "made", "good until", "last used", "id"),
        [
            (
                each.name,
                each.role,
                each.state(now),
                _day(each.created),
                _day(each.expires),
                _time(each.last_used),
                each.id,
            )
            for each in tokens
        ],
    )


@token.command(short_help="Let nobody in any more by a token.")
@click.argument("name")
@folder
def revoke(name: str, folder: Path | None) -> None:
    """Revoke the token of NAME (or with that id): connections that it has opened are closed within 30 s."""
    from ..access.network import TOKENS_FILE
    from ..access.tokens import Tokens

    revoked = Tokens(_in(folder) / TOKENS_FILE).revoke(name)
    click.echo(f"the token of {revoked.name!r} lets nobody in any more")


@click.command(short_help="Make the certificate by which clients know the service.")
@click.option(
    "--host", "hosts", multiple=True, help="A name or address that clients use; repeatable.  [default: this machine]"
)
@folder
def certificate(hosts: tuple[str, ...], folder: Path | None) -> None:
    """Make the server's certificate, valid for 397 days, and on first use the authority that signs it.

    Clients trust ca.pem, and nothing else: copy it to them, and compare its fingerprint. The authority is kept, so
    that a new certificate changes nothing for them. localhost and 127.0.0.1 are always in it.
    """
    from ..access.tls import make_certificate

    own = hosts or (socket.gethostname(),)
    made = make_certificate(_in(folder), (*own, "localhost", "127.0.0.1", "::1"))
    click.echo(f"{made.authority} (the authority{', new' if made.new_authority else ''}: give it to the clients)")
    click.echo(f"  SHA-256 {made.fingerprint}")
    click.echo(f"{made.certificate} (for {', '.join(own)}; valid until {made.expires:%Y-%m-%d})")
    click.echo(f"{made.key} (private key: keep it)")


def _day(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d}"


def _time(seconds: int | None) -> str:
    return "never" if seconds is None else f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M}"
