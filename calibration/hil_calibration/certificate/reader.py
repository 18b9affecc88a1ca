"""Read a Digital Calibration Certificate of any laboratory: DCC 2.3 to 3.3, both forms of uncertainty.

No document type is accepted (hence no entities) and nothing is fetched. Whatever cannot be understood raises
:class:`~hil_calibration.errors.CertificateError`; the schema is not needed and not checked (see :mod:`.schema`).
"""

from __future__ import annotations

import hashlib
import re
from datetime import date
from pathlib import Path

from ..errors import CertificateError
from . import grammar, namespace, quantities, record
from .document import DccDocument, DccEquipment, DccItem, DccReference
from .importer import calibration_record
from .model import SIMULATED_PREFIX
from .namespace import Element
from .parsing import MAX_BYTES, parsed_root

__all__ = ["calibration_record", "parse", "read"]


_SERIAL = re.compile(r"seri|série|s/n", re.IGNORECASE)
_TIME_ZONE = re.compile(r"(Z|[+-]\d\d:\d\d)$")
_OLDEST, _NEWEST = (2, 3), (3, 3)
_TRUE, _FALSE = ("true", "1"), ("false", "0")


def read(path: str | Path) -> DccDocument:
    """A certificate from a file.

    :raises CertificateError: no such file, not XML, not a DCC 2.3 to 3.3, or inconsistent.
    """
    try:
        with Path(path).open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise CertificateError(f"cannot be read ({error.strerror})", where=str(path)) from None
    return parse(data, where=str(path))


def parse(data: bytes, *, where: str = "certificate") -> DccDocument:
    """A certificate from the bytes of its file.

    :param where: what to call it in messages.
    :raises CertificateError: as :func:`read`.
    """
    try:
        return _document(parsed_root(data), hashlib.sha256(data).hexdigest())
    except CertificateError as error:
        place = f"{where}: {error.where}" if error.where else where
        raise CertificateError(error.what, where=place, remedy=error.remedy) from None


def _document(root: Element, sha256: str) -> DccDocument:
    version = _version(root)
    core = _one(root, "dcc:administrativeData/dcc:coreData")
    identifier = quantities.text(core, "dcc:uniqueIdentifier")
    own = root.find("dcc:comment/hil:record", namespace.MAP)
    has_function = own is not None and own.find("hil:calibration", namespace.MAP) is not None
    items = root.iterfind("dcc:administrativeData/dcc:items/dcc:item", namespace.MAP)
    measurements = root.findall("dcc:measurementResults/dcc:measurementResult", namespace.MAP)
    return DccDocument(
        schema_version=version,
        identifier=grammar.words(identifier, "unique identifier"),
        issuer=quantities.name(_one(root, "dcc:administrativeData/dcc:calibrationLaboratory/dcc:contact")),
        items=tuple(map(_item, items)),
        begin=_date(core, "dcc:beginPerformanceDate"),
        end=_date(core, "dcc:endPerformanceDate"),
        issued=_date(core, "dcc:issueDate") if quantities.text(core, "dcc:issueDate") else None,
        results=tuple(table for measurement in measurements for table in quantities.results(measurement)),
        conditions=tuple(table for measurement in measurements for table in quantities.conditions(measurement)),
        simulated=_simulated(identifier, own),
        sha256=sha256,
        function=record.read_function(own) if own is not None and has_function else None,
        chain_head=quantities.text(own, "hil:chainHead") if own is not None else "",
        world=_world(own),
        equipment=tuple(dict.fromkeys(map(_equipment, root.iter(f"{{{namespace.DCC}}}measuringEquipment")))),
        traceable=_traceable(root),
    )


def _version(root: Element) -> str:
    version = root.get("schemaVersion", "")
    found = re.match(r"(\d{1,3})\.(\d{1,3})\.", version)
    if not found or not _OLDEST <= (int(found[1]), int(found[2])) <= _NEWEST:
        raise CertificateError(f"DCC version {version!r}, 2.3 to 3.3 are understood")
    return version


def _simulated(identifier: str, own: Element | None) -> bool:
    says = quantities.text(own, "hil:simulated") if own is not None else "false"
    return says != "false" or identifier.startswith(SIMULATED_PREFIX)


def _world(own: Element | None) -> str:
    said = own.find("hil:simulated", namespace.MAP) if own is not None else None
    return "" if said is None else said.get("world", "")


def _traceable(root: Element) -> bool | None:
    """Whether the statements claim traceability; one that denies it outweighs any that claims it."""
    said = root.iterfind("dcc:administrativeData/dcc:statements/dcc:statement/dcc:traceable", namespace.MAP)
    found = {_truth(element) for element in said} - {None}
    return None if not found else False not in found


def _truth(element: Element | None) -> bool | None:
    """What an `xs:boolean` says, ``None`` where there is none."""
    word = "" if element is None else (element.text or "").strip()
    return True if word in _TRUE else False if word in _FALSE else None


def _equipment(element: Element) -> DccEquipment:
    maker = element.find("dcc:manufacturer", namespace.MAP)
    certificate = element.find("dcc:certificate", namespace.MAP)
    return DccEquipment(
        name=quantities.name(element),
        manufacturer="" if maker is None else quantities.name(maker),
        model=quantities.text(element, "dcc:model"),
        serial=_serial(element),
        ref_types=tuple(element.get("refType", "").split()),
        certificate=None if certificate is None else _reference(certificate),
    )


def _reference(element: Element) -> DccReference:
    """A `dcc:hashType`; what its value is no SHA-256 in hexadecimal digits counts as no hash."""
    value = quantities.text(element, "dcc:value").lower()
    stated = re.sub("[-_ ]", "", quantities.text(element, "dcc:procedure")).upper() == "SHA256"
    return DccReference(
        identifier=quantities.text(element, "dcc:referralID"),
        sha256=value if stated and grammar.SHA256.fullmatch(value) else "",
        in_range=_truth(element.find("dcc:inValidityRange", namespace.MAP)),
    )


def _item(element: Element) -> DccItem:
    maker = element.find("dcc:manufacturer", namespace.MAP)
    return DccItem(
        name=quantities.name(element),
        manufacturer="" if maker is None else quantities.name(maker),
        model=quantities.text(element, "dcc:model"),
        serial=_serial(element),
    )


def _serial(thing: Element) -> str:
    """The identification called a serial number, else the manufacturer's only one."""
    found = thing.findall("dcc:identifications/dcc:identification", namespace.MAP)
    named = [e for e in found if any(_SERIAL.search(t) for t in quantities.contents(e))]
    by_maker = [e for e in found if quantities.text(e, "dcc:issuer") == "manufacturer"]
    candidates = named or by_maker
    return quantities.text(candidates[0], "dcc:value") if len(candidates) == 1 else ""


def _date(core: Element, path: str) -> date:
    """A calendar day; a time zone, which `xs:date` allows, says nothing more."""
    text = _TIME_ZONE.sub("", quantities.text(core, path))
    return grammar.iso_date(text, path.removeprefix("dcc:"))


def _one(root: Element, path: str) -> Element:
    element = root.find(path, namespace.MAP)
    if element is None:
        raise CertificateError(f"no {path.replace('dcc:', '')}")
    return element
