"""A certificate as Digital Calibration Certificate: DCC 3.3.0 with D-SI 2.2.1 (PTB), same bytes for same content.

Uncertainties are written in the current form (`si:measurementUncertaintyUnivariateXMLList`). Temperatures in Celsius
and values in percent stand beside their SI form in a `si:hybrid`, converted exactly.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from lxml import etree

from ..unit import to_dsi
from . import model, namespace, record, text
from .namespace import Element, Maker

_PREFIXES = {"dcc": namespace.DCC, "si": namespace.SI, "xsi": namespace.XSI}
_LOCATION = f"{namespace.DCC} https://ptb.de/dcc/v{namespace.VERSION}/dcc.xsd"

DCC = Maker(namespace.DCC, _PREFIXES)
SI = Maker(namespace.SI, _PREFIXES)

_SI_FORMS = {"Cel": ("K", Decimal("273.15"), 0), "%": ("1", Decimal(0), -2)}
"""Practical unit: its SI unit, the offset and the power of ten that lead there."""


def to_xml(certificate: model.Certificate) -> bytes:
    """A certificate as DCC 3.3.0, UTF-8, indented; deterministic.

    :raises UnitError: a unit that D-SI has no name for.
    """
    writer = _Writer(certificate.languages)
    root = DCC.digitalCalibrationCertificate(
        {f"{{{namespace.XSI}}}schemaLocation": _LOCATION, "schemaVersion": namespace.VERSION},
        writer.administrative(certificate),
        writer.measurements(certificate),
    )
    own = record.to_element(certificate)
    if own is not None:
        root.append(DCC.comment(own))
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


class _Writer:
    """Builds the parts of a DCC in the languages of the certificate."""

    def __init__(self, languages: Iterable[str]) -> None:
        self._languages = tuple(languages)

    def _words(self, tag: str, words: model.Words) -> Element:
        element = DCC(tag)
        if isinstance(words, model.Text):
            for language in self._languages:
                element.append(DCC.content({"lang": language}, getattr(words, language)))
        else:
            element.append(DCC.content(words))
        return element

    def _optional(self, tag: str, words: model.Words) -> list[Element]:
        return [self._words(tag, words)] if words else []

    def administrative(self, certificate: model.Certificate) -> Element:
        software = certificate.software
        return DCC.administrativeData(
            DCC.dccSoftware(
                DCC.software(self._words("name", software.name), DCC.release(software.release), DCC.type("application"))
            ),
            self._core(certificate),
            DCC.items(self._item(certificate.item)),
            DCC.calibrationLaboratory(self._contact("contact", certificate.laboratory)),
            DCC.respPersons(*map(self._person, certificate.persons)),
            self._contact("customer", certificate.customer),
            DCC.statements(*map(self._statement, all_statements(certificate))),
        )

    def _core(self, certificate: model.Certificate) -> Element:
        received = certificate.item.received
        return DCC.coreData(
            DCC.countryCodeISO3166_1(certificate.laboratory.country),
            *(DCC.usedLangCodeISO639_1(language) for language in self._languages),
            DCC.mandatoryLangCodeISO639_1(self._languages[0]),
            DCC.uniqueIdentifier(certificate.identifier),
            *([DCC.receiptDate(received)] if received else []),
            DCC.beginPerformanceDate(certificate.begin),
            DCC.endPerformanceDate(certificate.end),
            DCC.performanceLocation(certificate.place),
            DCC.issueDate(certificate.issued),
        )

    def _item(self, item: model.Item) -> Element:
        return DCC.item(
            self._words("name", item.description),
            *self._optional("description", item.condition),
            DCC.manufacturer(self._words("name", item.manufacturer)),
            DCC.model(item.model),
            self._serial(item.serial),
        )

    def _serial(self, serial: str) -> Element:
        name = self._words("name", text.LABELS["serial"])
        return DCC.identifications(DCC.identification(DCC.issuer("manufacturer"), DCC.value(serial), name))

    def _contact(self, tag: str, organisation: model.Organisation) -> Element:
        further = organisation.accreditation
        return DCC(
            tag,
            self._words("name", organisation.name),
            *([DCC.eMail(organisation.email)] if organisation.email else []),
            *([DCC.phone(organisation.phone)] if organisation.phone else []),
            DCC.location(
                DCC.city(organisation.city),
                DCC.countryCode(organisation.country),
                DCC.postCode(organisation.post_code),
                DCC.street(organisation.street),
                *self._optional("further", further),
            ),
        )

    def _person(self, person: model.Person) -> Element:
        return DCC.respPerson(
            DCC.person(self._words("name", person.name)),
            DCC.role(person.role),
            *([DCC.mainSigner("true")] if person.main_signer else []),
        )

    def _statement(self, statement: model.Statement) -> Element:
        traceable = statement.traceable
        return DCC.statement(
            _role(statement.ref_type),
            *self._optional("name", statement.name),
            *([DCC.traceable(str(traceable).lower())] if traceable is not None else []),
            *([DCC.norm(statement.norm)] if statement.norm else []),
            *([DCC.reference(statement.reference)] if statement.reference else []),
            self._words("declaration", statement.declaration),
        )

    def measurements(self, certificate: model.Certificate) -> Element:
        statuses = dict.fromkeys(result.status for result in certificate.results)
        return DCC.measurementResults(*(self._measurement(certificate, status) for status in statuses))

    def _measurement(self, certificate: model.Certificate, status: model.Status) -> Element:
        results = [result for result in certificate.results if result.status == status]
        return DCC.measurementResult(
            self._words("name", text.LABELS["results"]),
            DCC.usedMethods(*map(self._method, certificate.methods)),
            DCC.measuringEquipments(*map(self._equipment, certificate.equipment)),
            DCC.influenceConditions(*(self._condition(condition, status) for condition in certificate.conditions)),
            DCC.results(*map(self._result, results)),
        )

    def _method(self, method: model.Method) -> Element:
        return DCC.usedMethod(
            _role(method.ref_type),
            self._words("name", method.name),
            self._words("description", method.description),
            *([DCC.norm(method.norm)] if method.norm else []),
            *([DCC.reference(method.reference)] if method.reference else []),
        )

    def _equipment(self, equipment: model.Equipment) -> Element:
        standard = equipment.certificate
        return DCC.measuringEquipment(
            _role("basic_normalUsed" if standard else ""),
            self._words("name", equipment.name),
            *([self._certificate(standard)] if standard else []),
            DCC.manufacturer(self._words("name", equipment.manufacturer)),
            DCC.model(equipment.model),
            self._serial(equipment.serial),
        )

    def _certificate(self, reference: model.Reference) -> Element:
        return DCC.certificate(
            self._words("referral", text.LABELS["title"]),
            DCC.referralID(reference.identifier),
            DCC.procedure("SHA256"),
            DCC.value(reference.sha256),
        )

    def _condition(self, condition: model.Condition, status: model.Status) -> Element:
        bounds = (("minimum", "Min", condition.minimum), ("maximum", "Max", condition.maximum))
        mean = []
        if condition.value:
            forms = _reals(condition.unit, condition.value, condition.U, condition.k)
            mean = [DCC.quantity(self._words("name", text.LABELS["mean"]), forms)]
        return DCC.influenceCondition(
            _role(condition.ref_type),
            self._words("name", condition.name),
            *([DCC.status(status)] if status else []),
            DCC.data(
                *mean,
                *(
                    DCC.quantity(
                        _role(_bound_role(condition.ref_type, suffix)),
                        self._words("name", text.LABELS[name]),
                        _reals(condition.unit, value),
                    )
                    for name, suffix, value in bounds
                ),
            ),
        )

    def _result(self, result: model.Result) -> Element:
        return DCC.result(
            _role(result.ref_type),
            self._words("name", result.name),
            *self._optional("description", result.description),
            DCC.data(DCC.list(*map(self._column, result.columns))),
        )

    def _column(self, column: model.Column) -> Element:
        return DCC.quantity(_role(column.ref_type), self._words("name", column.name), _lists(column))


def all_statements(certificate: model.Certificate) -> tuple[model.Statement, ...]:
    """The statements as written: a simulated certificate says SIMULATED before everything else."""
    first = (text.SIMULATED,) if certificate.simulated else ()
    place = certificate.place_description
    there = (_place(place),) if place else ()
    return (*first, *there, *certificate.statements)


def _place(place: model.Text) -> model.Statement:
    return model.Statement(place, name=text.LABELS["place"], norm="ISO/IEC 17025:2017", reference="7.8.2.1 c")


def _role(ref_type: str) -> dict[str, str]:
    return {"refType": ref_type} if ref_type else {}


def _bound_role(ref_type: str, suffix: str) -> str:
    return f"{ref_type}{suffix}" if ref_type in ("basic_temperature", "basic_humidityRelative") else ""


def _forms(unit: str, values: Iterable[str], expanded: Iterable[str]) -> list[tuple[str, list[str], list[str]]]:
    """Unit, values and uncertainties in SI and, where that differs, in the practical unit; conversion is exact."""
    practical = (unit, list(values), list(expanded))
    if unit not in _SI_FORMS:
        return [practical]
    si_unit, offset, power = _SI_FORMS[unit]
    converted = [_plain(Decimal(value).scaleb(power) + offset) for value in practical[1]]
    return [(si_unit, converted, [_plain(Decimal(u).scaleb(power)) for u in practical[2]]), practical]


def _plain(number: Decimal) -> str:
    return format(number, "f")


def _hybrid(elements: list[Element]) -> Element:
    return elements[0] if len(elements) == 1 else SI.hybrid(*elements)


def _reals(unit: str, value: str, expanded: str = "", k: str = "") -> Element:
    return _hybrid([_real(*form, k) for form in _forms(unit, [value], [expanded] if expanded else [])])


def _real(unit: str, values: list[str], expanded: list[str], k: str) -> Element:
    element = SI.real(SI.value(values[0]), SI.unit(to_dsi(unit)))
    if expanded:
        stated = SI.expandedMU(
            SI.valueExpandedMU(expanded[0]),
            SI.coverageFactor(k),
            SI.coverageProbability("0.95"),
            SI.distribution("normal"),
        )
        element.append(SI.measurementUncertaintyUnivariate(stated))
    return element


def _lists(column: model.Column) -> Element:
    return _hybrid([_list(column, *form) for form in _forms(column.unit, column.values, column.U)])


def _list(column: model.Column, unit: str, values: list[str], expanded: list[str]) -> Element:
    element = SI.realListXMLList(SI.valueXMLList(" ".join(values)), SI.unitXMLList(to_dsi(unit)))
    if expanded:
        stated = SI.expandedMUXMLList(
            SI.valueExpandedMUXMLList(" ".join(expanded)),
            SI.coverageFactorXMLList(column.k),
            SI.coverageProbabilityXMLList(column.coverage),
            SI.distributionXMLList(column.distribution),
        )
        element.append(SI.measurementUncertaintyUnivariateXMLList(stated))
    return element
