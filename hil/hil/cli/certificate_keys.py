"""``hil certificate keys``: a test authority, with which demonstrations are signed."""

from __future__ import annotations

from pathlib import Path

import click

from .options import as_json
from .output import show_json


@click.command(short_help="Make a test authority and keys to sign demonstrations with.")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--name", "names", multiple=True, required=True, help="Who signs, as in the laboratory file; repeatable.")
@click.option(
    "--organisation", default="Test laboratory", show_default=True, help="The organisation that the keys name."
)
@as_json
def keys(folder: Path, names: tuple[str, ...], organisation: str, as_json: bool) -> None:
    """Make a test authority in FOLDER: its root certificate, and a key file of mode 0600 for each --name.

    Each certificate says TEST AUTHORITY, NOT FOR REAL CERTIFICATES: the keys sign documents of simulated values only.
    They are valid for two years. Nothing is overwritten. For measured values ask an authority that your customers know.
    """
    from hil_calibration.certificate.signing import make_authority

    root, *signers = make_authority(folder, names, laboratory=organisation)
    if as_json:
        show_json({"root": str(root), "signers": {name: str(file) for name, file in zip(names, signers, strict=True)}})
        return
    click.echo(f"{root} (the root: who verifies trusts it)")
    for name, file in zip(names, signers, strict=True):
        click.echo(f"{file} (private key of {name!r}: keep it)")
