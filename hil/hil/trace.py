"""Metrological traceability (VIM 2.41): the chain from a channel down to the certificates that can be seen.

Each link holds what was read and what is wrong with it. The chain ends where a certificate names standards whose own
certificates are not here; nothing is said of what lies beyond. Signatures are not checked.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from hil_calibration.errors import NotApplicable

from .bench.checks import check_faults
from .bench.fit import (
    altered_faults,
    assess,
    correlation_dependence,
    due_faults,
    expanded_in_the_middle,
    start_date,
)
from .bench.replayed import replayed_record
from .certificate_files import CertificateFiles, HeldFile
from .errors import UsageError
from .suggest import nearest

if TYPE_CHECKING:
    from hil_calibration.calibration import CalibrationRecord
    from hil_calibration.certificate.document import DccDocument, DccEquipment, DccTable

    from .bench.config import BenchConfig
    from .bench.register import InstrumentEntry

Kind = Literal[
    "missing",
    "expired",
    "other instrument",
    "altered",
    "not applicable",
    "simulated",
    "not traceable",
    "goes on",
    "note",
]


_ASSUMED = {"full": "its points are fully correlated", "independent": "its points are independent"}


@dataclass(frozen=True)
class Remark:
    """What is to be said of a link; a ``fault`` breaks the chain."""

    kind: Kind
    message: str
    fault: bool = True


@dataclass(frozen=True)
class Link:
    """One link of a chain and the links that it rests on.

    :param what: `channel`, `device`, `instrument`, `certificate` or `standard`.
    :param facts: name and value of what was read, in the order to be shown.
    """

    what: str
    name: str
    facts: dict[str, str] = field(default_factory=dict)
    remarks: tuple[Remark, ...] = ()
    rests_on: tuple[Link, ...] = ()

    def walk(self) -> Iterator[Link]:
        """This link and all below it, from the top."""
        yield self
        for link in self.rests_on:
            yield from link.walk()

    def to_json(self) -> dict[str, Any]:
        """The chain from this link down."""
        return {
            "what": self.what,
            "name": self.name,
            **self.facts,
            "remarks": [{"kind": r.kind, "message": r.message, "fault": r.fault} for r in self.remarks],
            "rests_on": [link.to_json() for link in self.rests_on],
        }


@dataclass(frozen=True)
class Chain:
    """The chain of a channel on a day."""

    bench: str
    day: date
    provenance: str
    top: Link

    @property
    def faults(self) -> list[str]:
        """What breaks the chain, from the top."""
        return [f"{link.what} {link.name}: {r.message}" for link in self.top.walk() for r in link.remarks if r.fault]

    @property
    def ends(self) -> list[str]:
        """Where the chain goes on out of sight."""
        found = [r.message for link in self.top.walk() for r in link.remarks if r.kind == "goes on"]
        return list(dict.fromkeys(found))

    def to_json(self) -> dict[str, Any]:
        """The whole answer as one document."""
        return {
            "bench": self.bench,
            "provenance": self.provenance,
            "date": self.day.isoformat(),
            "whole": not self.faults,
            "faults": self.faults,
            "goes_on": self.ends,
            "chain": self.top.to_json(),
        }


def trace(config: BenchConfig, channel: str, *, on: date | None = None) -> Chain:
    """The chain of ``channel`` down to the certificates that can be seen.

    :param on: the day for which it is asked; that on which a run would start by default.
    :raises UsageError: if the bench has no such channel.
    """
    if channel not in config.channels:
        raise UsageError(
            f"there is no channel {channel!r}", where=str(config.path), remedy=nearest(channel, config.channels)
        )
    day = on or start_date(config)
    return Chain(config.name, day, config.provenance, _Tracer(config, day).channel(channel))


def _data_set(recorded: CalibrationRecord) -> Link:
    """Where the chain of a recorded reference value ends: what it was measured with is not the bench file's to say."""
    facts = {"date": recorded.date.isoformat(), "index": recorded.certificates["index"]}
    remark = Remark("goes on", "in the source that the data set names, where its reference values were measured")
    if recorded.provenance == "simulated":
        remark = Remark(
            "missing", "it was rendered, or does not say that it was recorded: no traceability to the SI is shown"
        )
    return Link("data set", recorded.instrument.model, facts, (remark,))


class _Tracer:
    def __init__(self, config: BenchConfig, day: date) -> None:
        self._config, self._day = config, day
        self._files = CertificateFiles(config)
        self._folder = config.path.parent
        self._is_real = config.sim is None

    def channel(self, name: str) -> Link:
        section = self._config.channels[name]
        roles = ", ".join(role for role, target in self._config.roles.items() if target == name)
        effects = [effect for effect, stated in self._config.effects.items() if stated.channel == name]
        facts = {"unit": section.unit, "provenance": self._config.provenance, "roles": roles}
        facts["declared effects"] = "; ".join(effects)
        return Link("channel", name, _given(facts), rests_on=(self._device(name),))

    def _device(self, channel: str) -> Link:
        name = self._config.channels[channel].device
        section = self._config.devices[name]
        facts = {"driver": section.driver, "address": section.address, "point": self._config.channels[channel].point}
        entry = self._config.instrument(channel)
        if entry is None and (recorded := replayed_record(self._config, channel)) is not None:
            return Link("device", name, facts, rests_on=(_data_set(recorded),))
        if entry is None:
            unknown = Remark("missing", f"nothing says which instrument it is; add instrument to [devices.{name}]")
            below = self._in_use(channel, None)
            return Link("device", name, facts, (unknown,), (below,) if below else ())
        return Link("device", name, facts, rests_on=(self._instrument(channel, entry),))

    def _instrument(self, channel: str, entry: InstrumentEntry) -> Link:
        remarks = [Remark("expired" if entry.due else "missing", text) for text in due_faults(entry, self._day)]
        remarks += [Remark("not applicable", text) for text in check_faults(self._config, channel, self._day)]
        remarks += self._listed(entry)
        below = self._in_use(channel, entry)
        if below is None:
            remarks.append(Remark("missing", f"{channel} has no calibration, so its uncertainty is unknown"))
        facts = _identity(entry.manufacturer, entry.model, entry.serial)
        facts |= {"route": entry.route, "due": entry.due.isoformat() if entry.due else ""}
        name = self._config.instrument_name(channel) or ""
        return Link("instrument", name, _given(facts), tuple(remarks), (below,) if below else ())

    def _listed(self, entry: InstrumentEntry) -> Iterator[Remark]:
        """What is wrong with the certificates that the register lists for an instrument."""
        register = (self._folder / self._config.bench.equipment).parent
        for each in entry.certificates:
            held = self._files.file(register / each.file)
            if held is None:
                yield Remark("missing", f"the register lists {each.file}, which is not there")
            elif held.sha256 != each.sha256:
                yield Remark("altered", f"{each.file} is not the file that the register accepted: its SHA-256 differs")

    def _in_use(self, channel: str, entry: InstrumentEntry | None) -> Link | None:
        """The certificate that a channel uses."""
        path = self._config.certificate(channel)
        if path is None:
            return None
        held = self._files.file(path)
        if held is None:
            return Link("certificate", self._shown(path), {}, (Remark("missing", "the file is not there"),))
        if held.document is None:
            return Link("certificate", self._shown(path), {"sha256": held.sha256}, (Remark("missing", str(held.read)),))
        facts, remarks = {}, list(self._unlisted(entry, held)) if entry else []
        if held.document.end > self._day:
            remarks.append(Remark("not applicable", f"it is of {held.document.end}, later than {self._day}"))
        fitness = assess(self._config, channel, on=self._day)
        if fitness.record is not None:
            facts["function"] = str(fitness.record.function.to_json()["kind"])
            facts["U"] = f"{expanded_in_the_middle(fitness.record)} (k = 2, one indication, declared effects included)"
            facts["assumption"] = fitness.record.assumption
            for each in correlation_dependence(self._config, channel):
                facts[f"if {_ASSUMED[each.assumed]}"] = each.told
        if entry is not None:
            remarks += [
                Remark(_kind(held.document, entry), fault)
                for fault in fitness.faults
                if fault not in (*due_faults(entry, self._day), *altered_faults(self._config, entry, path))
                and not fault.startswith("check standard")
            ]
        return self._certificate(held, held.document, facts, remarks, ())

    def _certificate(
        self,
        held: HeldFile,
        document: DccDocument,
        facts: dict[str, str],
        remarks: list[Remark],
        above: tuple[str, ...],
    ) -> Link:
        days = {
            "calibrated": document.end.isoformat(),
            "issued": document.issued.isoformat() if document.issued else "",
        }
        head = {"issuer": document.issuer, **days, "file": self._shown(held.path), "sha256": held.sha256}
        head["record"] = document.chain_head
        if "function" not in facts:
            facts = {"U": "; ".join(filter(None, map(_middle, document.results))), **facts}
        remarks = [*remarks, *self._claims(document)]
        standards = [each for each in document.equipment if each.certificate or _is_standard(each)]
        if not standards:
            onward = (
                f"the chain goes on at {document.issuer}, certificate {document.identifier}, which names no standard"
            )
            remarks.append(Remark("goes on", onward, fault=False))
        seen = (*above, held.sha256)
        below = tuple(self._standard(each, document, seen) for each in standards)
        return Link("certificate", document.identifier, _given({**head, **facts}), tuple(remarks), below)

    def _claims(self, document: DccDocument) -> Iterator[Remark]:
        if document.simulated:
            world = f", {document.world}" if document.world else ""
            yield Remark("simulated", f"its values come from a simulation{world}", fault=self._is_real)
        if document.traceable is False:
            yield Remark("not traceable", "it says of itself that it is not traceable", fault=self._is_real)

    def _standard(self, used: DccEquipment, by: DccDocument, above: tuple[str, ...]) -> Link:
        facts = _identity(used.manufacturer, used.model, used.serial)
        name, own = self._own(used)
        remarks = list(self._own_faults(name, own, by)) if own else []
        title = used.name or name or "unnamed"
        reference = used.certificate
        if reference is None:
            text = f"no certificate of {title} is named; the chain goes on at {by.issuer}, certificate {by.identifier}"
            return Link("standard", title, _given(facts), (*remarks, Remark("goes on", text, fault=False)))
        facts |= {"certificate": reference.identifier, "sha256": reference.sha256}
        if reference.in_range is False:
            remarks.append(Remark("not applicable", "it was used outside the range of its calibration"))
        held, found = self._find(reference.sha256, reference.identifier)
        remarks += found
        if held is None:
            if not any(remark.kind == "altered" for remark in found):
                number = f"certificate {reference.identifier or 'without number'}"
                if own:
                    remarks.append(
                        Remark("missing", f"{number} of our own {name} is not here; put it among the others")
                    )
                else:
                    text = f"the chain goes on at {by.issuer}, {number} of {title}, which is not here"
                    remarks.append(Remark("goes on", text, fault=False))
            return Link("standard", title, _given(facts), tuple(remarks))
        return Link("standard", title, _given(facts), tuple(remarks), (self._below(held, used, by, own, above),))

    def _below(
        self, held: HeldFile, used: DccEquipment, by: DccDocument, own: InstrumentEntry | None, above: tuple[str, ...]
    ) -> Link:
        """The certificate of a standard, held against what the certificate ``by`` says of it."""
        document = held.document
        if document is None:
            facts = {"file": self._shown(held.path), "sha256": held.sha256}
            text = f"it is here and unchanged, but cannot be read ({held.read}); the chain goes on in it"
            return Link("certificate", self._shown(held.path), facts, (Remark("goes on", text, fault=False),))
        if held.sha256 in above:
            return Link(
                "certificate", document.identifier, {}, (Remark("not applicable", "the chain comes back to it"),)
            )
        remarks = list(self._unlisted(own, held)) if own else []
        if used.serial and (fault := _foreign(document, used.manufacturer, used.model, used.serial)):
            remarks.append(Remark("other instrument", fault))
        if document.end > by.end:
            remarks.append(Remark("not applicable", f"it is of {document.end}, later than its use on {by.end}"))
        return self._certificate(held, document, {}, remarks, above)

    def _find(self, sha256: str, number: str) -> tuple[HeldFile | None, list[Remark]]:
        if sha256 and (held := self._files.with_hash(sha256)):
            return held, []
        bearing = self._files.with_number(number) if number else []
        if not bearing:
            return None, []
        where = ", ".join(self._shown(held.path) for held in bearing)
        if sha256:
            return None, [
                Remark("altered", f"{where} bears the number {number}, but its SHA-256 is not the one stated")
            ]
        if len(bearing) > 1:
            return None, [
                Remark("altered", f"{where} all bear the number {number}, and no SHA-256 says which is meant")
            ]
        return bearing[0], [Remark("note", "found by its number alone, for no SHA-256 is stated", fault=False)]

    def _own(self, used: DccEquipment) -> tuple[str, InstrumentEntry | None]:
        """The register's name and entry of a standard, if it is one of the laboratory's.

        A serial number alone is none: other makers number their instruments too.
        """
        if not (used.manufacturer or used.model):
            return "", None
        for name, entry in self._config.equipment.instruments.items():
            if _same(used.serial, entry.serial) and all(
                not stated or _same(stated, ours)
                for stated, ours in ((used.manufacturer, entry.manufacturer), (used.model, entry.model))
            ):
                return name, entry
        return "", None

    def _own_faults(self, name: str, entry: InstrumentEntry, by: DccDocument) -> Iterator[Remark]:
        if entry.due is None:
            yield Remark("missing", f"the register has no due date for {name}")
        elif entry.due < by.end:
            yield Remark("expired", f"{name} was due on {entry.due}, before its use on {by.end}")
        elif entry.due < self._day:
            yield Remark(
                "note", f"{name} is due since {entry.due}; on {by.end}, when it was used, it was not", fault=False
            )

    def _unlisted(self, entry: InstrumentEntry, held: HeldFile) -> Iterator[Remark]:
        if entry.certificates and held.sha256 not in {each.sha256 for each in entry.certificates}:
            yield Remark("note", "the register does not list it among the instrument's certificates", fault=False)

    def _shown(self, path: Path) -> str:
        try:
            return path.resolve().relative_to(self._folder.resolve()).as_posix()
        except ValueError:
            return str(path)


def _identity(manufacturer: str, model: str, serial: str) -> dict[str, str]:
    return _given({"manufacturer": manufacturer, "model": model, "serial": serial})


def _given(facts: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in facts.items() if value}


def _same(found: str, wanted: str) -> bool:
    return bool(found) and " ".join(found.split()).casefold() == " ".join(wanted.split()).casefold()


def _is_standard(used: DccEquipment) -> bool:
    return any(role in ("basic_normalUsed", "basic_standardUsed") for role in used.ref_types)


def _foreign(document: DccDocument, manufacturer: str, model: str, serial: str) -> str:
    """Why a certificate is not of that instrument, empty if it is."""
    from hil_calibration.calibration import Instrument
    from hil_calibration.certificate.importer import require_same

    item = document.items[0] if document.items else None
    kind = (manufacturer or (item.manufacturer if item else ""), model or (item.model if item else ""))
    try:
        require_same(document, Instrument(*kind, serial))
    except NotApplicable as error:
        return error.what
    return ""


def _kind(document: DccDocument, entry: InstrumentEntry) -> Kind:
    """The kind of a fault of the certificate in use."""
    foreign = _foreign(document, entry.manufacturer, entry.model, entry.serial)
    return "other instrument" if foreign else "simulated" if document.simulated else "not applicable"


def _middle(table: DccTable) -> str:
    """What a certificate's table states in the middle of its rows: U, its k, and the value that it belongs to."""
    from hil_calibration.unit import symbol

    stated = next(((q, form) for q in table.quantities for form in reversed(q.forms) if form.U and form.unit), None)
    if stated is None:
        return ""
    quantity, form = stated
    row = len(form.values) // 2
    value, at = form.values[row], symbol(form.unit)
    reference = table.role("basic_referenceValue")
    if reference is not None and reference is not quantity:
        given = next((f for f in reversed(reference.forms) if f.unit and len(f.values) == len(form.values)), None)
        if given is not None:
            value, at = given.values[row], symbol(given.unit)
    return f"{form.U[row]:g} {symbol(form.unit)} at {value:g} {at} (k = {form.k[row]:g})"
