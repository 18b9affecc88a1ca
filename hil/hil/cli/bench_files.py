"""``hil bench copy|enter``: making a bench one's own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from hil_calibration.certificate.importer import PointCorrelation


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
    help='"full", "independent", a number from 0 to 1, or "matrix": the covariance that it carries (default).',
)
def enter(bench: Path, channel: str, certificate: Path, point_correlation: str | None) -> None:
    """Enter CERTIFICATE (a DCC file) as the calibration of CHANNEL in the bench file BENCH, and keep a copy."""
    from ..bench.copying import enter_certificate

    declared = None if point_correlation is None else _declared(point_correlation)
    click.echo(enter_certificate(bench, channel, certificate, declared))


def _declared(text: str) -> PointCorrelation:
    words: dict[str, PointCorrelation] = {"full": "full", "independent": "independent", "matrix": "matrix"}
    if text in words:
        return words[text]
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0.0 <= number <= 1.0:
        raise click.BadParameter(f"{text!r} is not full, independent, matrix or a number from 0 to 1")
    return number
