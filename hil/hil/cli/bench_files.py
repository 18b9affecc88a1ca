"""``hil bench copy|enter``: making a bench one's own."""

from __future__ import annotations

from pathlib import Path

import click


@click.command(short_help="Copy a bench with its registers and certificates.")
@click.argument("name")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def copy(name: str, folder: Path) -> None:
    """Copy the bench NAME, its registers and its certificates into FOLDER."""
    from ..bench.copying import copy_bench

    click.echo(copy_bench(name, folder))


@click.command(short_help="Enter a certificate as the calibration of a channel.")
@click.argument("bench", type=click.Path(dir_okay=False, path_type=Path))
@click.argument("channel")
@click.argument("certificate", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--point-correlation",
    metavar="R",
    help='"full", "independent" or a number from 0 to 1; by default the covariance that the certificate carries.',
)
def enter(bench: Path, channel: str, certificate: Path, point_correlation: str | None) -> None:
    """Enter CERTIFICATE (a DCC file) as the calibration of CHANNEL in the bench file BENCH, and keep a copy."""
    from ..bench.copying import enter_certificate

    declared: str | float | None = point_correlation
    if point_correlation is not None and point_correlation not in ("full", "independent", "matrix"):
        declared = _number(point_correlation)
    click.echo(enter_certificate(bench, channel, certificate, declared))


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0.0 <= number <= 1.0:
        raise click.BadParameter(f"{text!r} is not full, independent or a number from 0 to 1")
    return number
