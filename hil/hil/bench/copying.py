"""Making a bench one's own: a copy of it, and a new certificate entered into it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from hil_drivers.data_set import FILE

from ..errors import ConfigurationError, UsageError
from ..record.names import plain
from ..suggest import nearest
from .config import BenchConfig, benches_in, find_bench, load_bench
from .edit import enter_calibration

if TYPE_CHECKING:
    from hil_calibration.certificate.document import DccDocument
    from hil_calibration.certificate.importer import PointCorrelation

CERTIFICATES = "certificates"


def copy_bench(name: str, folder: Path) -> Path:
    """Copy a bench, its registers and its certificates into ``folder``; the path of the copied bench file.

    :raises UsageError: if there is a bench file of that name already, or the folder cannot be written.
    """
    source = find_bench(name)
    target = folder / source.name
    if target.exists():
        raise UsageError("there is a bench already", where=str(target), remedy="give another folder")
    others = [path.name for path in benches_in(source.parent) if path != source] + _other_data_sets(source)

    def left_out(where: str, _names: list[str]) -> list[str]:
        return others if Path(where) == source.parent else []

    try:
        shutil.copytree(source.parent, folder, dirs_exist_ok=True, ignore=left_out)
    except OSError as error:
        raise UsageError(f"cannot be written: {error.strerror or error}", where=str(folder)) from error
    return target


def _other_data_sets(bench: Path) -> list[str]:
    """The folders beside a bench file that hold a data set which it does not name."""
    named = bench.read_text(encoding="utf-8")
    return [path.parent.name for path in bench.parent.glob(f"*/{FILE}") if f'"{path.parent.name}"' not in named]


def enter_certificate(bench: Path, channel: str, certificate: Path, point_correlation: PointCorrelation | None) -> Path:
    """Keep ``certificate`` beside the bench file and enter it as the calibration of ``channel``.

    :param certificate: a DCC as XML, or the PDF that it is attached to.
    :param point_correlation: the assumption to declare; ``None`` takes the covariance that the certificate carries.
    :return: the path of the kept copy.
    :raises CertificateError: if the file is no certificate that can be read.
    :raises NotApplicable: if it is of another instrument than the register has for the channel.
    :raises ConfigurationError: if the register names no instrument, no covariance is carried or declared, or another
        certificate of that number is kept already.
    """
    from hil_calibration.certificate import reader

    config = load_bench(bench)
    if channel not in config.channels:
        raise UsageError(f"there is no channel {channel!r}", where=str(bench), remedy=nearest(channel, config.channels))
    data = _xml(certificate)
    document = reader.parse(data, where=str(certificate))
    if point_correlation is None:
        if not document.states_covariance:
            raise ConfigurationError(
                "it does not say how its points are correlated",
                where=str(certificate),
                remedy="declare it with --point-correlation: full, independent, or a number from 0 to 1",
            )
        point_correlation = "matrix"
    _require_of_the_instrument(config, channel, document, point_correlation)
    kept = bench.parent / CERTIFICATES / f"{plain(document.identifier)}.xml"
    kept.parent.mkdir(exist_ok=True)
    if kept.exists() and kept.read_bytes() != data:
        raise ConfigurationError(
            "another certificate of that number is here already",
            where=str(kept),
            remedy="find out which of the two is the laboratory's, and remove the other",
        )
    if not kept.exists():
        kept.write_bytes(data)
    enter_calibration(bench, channel, kept.relative_to(bench.parent).as_posix(), point_correlation)
    return kept


def _xml(certificate: Path) -> bytes:
    try:
        data = certificate.read_bytes()
    except OSError as error:
        fault = f"cannot be read ({error.strerror})"
        raise UsageError(fault, where=str(certificate), remedy="give a certificate's file") from None
    if not data.startswith(b"%PDF-"):
        return data
    from hil_calibration.certificate.signing.pades import read_attached

    return read_attached(data)


def _require_of_the_instrument(
    config: BenchConfig, channel: str, document: DccDocument, point_correlation: PointCorrelation
) -> None:
    from hil_calibration.calibration import Instrument
    from hil_calibration.certificate import reader

    entry = config.instrument(channel)
    if entry is None:
        raise ConfigurationError(
            "nothing says which instrument it is",
            where=f"{config.path}: {channel}",
            remedy="add instrument to its device, and the instrument to the register",
        )
    instrument = Instrument(entry.manufacturer, entry.model, entry.serial)
    section = config.channels[channel]
    reader.calibration_record(
        document,
        unit=section.unit,
        indication_unit=section.point_unit,
        instrument=instrument,
        point_correlation=point_correlation,
    )
