"""Making a bench one's own: a copy of it, and a new certificate entered into it."""

from __future__ import annotations

import shutil
from pathlib import Path

from ..errors import ConfigurationError, UsageError
from .config import find_bench, load_bench
from .edit import enter_calibration

CERTIFICATES = "certificates"


def copy_bench(name: str, folder: Path) -> Path:
    """Copy a bench, its registers and its certificates into ``folder``; the path of the copied bench file.

    :raises UsageError: if there is a bench file of that name already, or the folder cannot be written.
    """
    source = find_bench(name)
    target = folder / source.name
    if target.exists():
        raise UsageError("there is a bench already", where=str(target), remedy="give another folder")
    try:
        shutil.copytree(source.parent, folder, dirs_exist_ok=True)
    except OSError as error:
        raise UsageError(f"cannot be written: {error.strerror or error}", where=str(folder)) from error
    return target


def enter_certificate(bench: Path, channel: str, certificate: Path, point_correlation: str | float | None) -> Path:
    """Keep ``certificate`` beside the bench file and enter it as the calibration of ``channel``.

    :param point_correlation: the assumption to declare; ``None`` takes the covariance that the certificate carries.
    :return: the path of the kept copy.
    :raises CertificateError: if the file is no certificate that can be read.
    :raises ConfigurationError: if the certificate carries no covariance and no assumption is declared.
    """
    from hil_calibration.certificate import reader

    load_bench(bench)
    document = reader.read(certificate)
    if point_correlation is None:
        if document.function is None:
            raise ConfigurationError(
                "it does not say how its points are correlated",
                where=str(certificate),
                remedy="declare point_correlation: full, independent, or a number from 0 to 1",
            )
        point_correlation = "matrix"
    kept = bench.parent / CERTIFICATES / f"{document.identifier}.xml"
    kept.parent.mkdir(exist_ok=True)
    if kept.resolve() != certificate.resolve():
        shutil.copyfile(certificate, kept)
    enter_calibration(bench, channel, kept.relative_to(bench.parent).as_posix(), point_correlation)
    return kept
