"""The errors of calibration, one tree.

CalibrationError            what failed, where, and what to do
├── UnitError               a unit nobody knows, or two units that do not match
├── UnknownUncertainty      a value whose uncertainty is not known (unknown is not zero)
├── UnknownCorrelation      two values whose correlation is not known
├── OutOfRange              an indication or condition outside the range a calibration covers
├── FitError                a fit that has no solution, or data that cannot carry one
├── NotApplicable           a calibration of another instrument, expired, or of another quantity
└── CertificateError        a certificate that cannot be read, or that must not be issued
    └── SignatureFault      a document whose signature is absent, broken, or by somebody not trusted
"""

from __future__ import annotations


class CalibrationError(Exception):
    """An error a user can act upon.

    :param what: what failed, one clause without a full stop.
    :param where: the instrument, file, key or quantity concerned.
    :param remedy: what to do about it, one clause in the imperative.
    """

    def __init__(self, what: str, *, where: str = "", remedy: str = "") -> None:
        self.what, self.where, self.remedy = what, where, remedy
        text = f"{where}: {what}" if where else what
        super().__init__(f"{text}; {remedy}" if remedy else text)


class UnitError(CalibrationError):
    """A unit nobody knows, or two units that do not match."""


class UnknownUncertainty(CalibrationError):
    """A value whose uncertainty is not known; unknown is not zero."""


class UnknownCorrelation(CalibrationError):
    """Two values whose correlation is not known."""


class OutOfRange(CalibrationError):
    """An indication or an influence condition outside the range a calibration covers."""


class FitError(CalibrationError):
    """A fit that has no solution, or data that cannot carry one."""


class NotApplicable(CalibrationError):
    """A calibration of another instrument or quantity, or one no longer valid."""


class CertificateError(CalibrationError):
    """A certificate that cannot be read, or that must not be issued."""


class SignatureFault(CertificateError):
    """A document whose signature is absent, broken, of a form that is refused, or by somebody not trusted."""


def without_addresses(error: Exception) -> str:
    """What a library says in ``error``, without the sentences that send the reader to a page of its own.

    >>> without_addresses(ValueError("Unable to load PEM file. See https://example.org/faq for more. MalformedFraming"))
    'Unable to load PEM file. MalformedFraming'
    """
    return ". ".join(each for each in str(error).split(". ") if "://" not in each)
