"""A certificate as Digital Calibration Certificate: DCC 3.3.0 with D-SI 2.2.1 (PTB), same bytes for same content.

Uncertainties are written in the current form (`si:measurementUncertaintyUnivariateXMLList`). Temperatures in Celsius
and values in percent stand beside their SI form in a `si:hybrid`, converted exactly.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Context, Decimal

from lxml import etree

from ..unit import to_dsi
from . import model, namespace, record
from .conformity import Conformity
from .labels import LABELS, LIMITS, ROLES
from .namespace import Element, Maker
from .statements import all_statements
from .text import IN_CMC

_PREFIXES = {"dcc": namespace.DCC, "si": namespace.SI, "xsi": namespace.XSI}
_LOCATION = f"{namespace.DCC} https://ptb.de/dcc/v{namespace.VERSION}/dcc.xsd"

DCC = Maker(namespace.DCC, _PREFIXES)
SI = Maker(namespace.SI, _PREFIXES)

_SI_FORMS = {
    "Cel": ("K", Decimal("273.15"), Decimal(1)),
    "%": ("1", Decimal(0), Decimal("1E-2")),
    "[ppm]": ("1", Decimal(0), Decimal("1E-6")),
    "min": ("s", Decimal(0), Decimal(60)),
    "h": ("s", Decimal(0), Decimal(3600)),
    "d": ("s", Decimal(0), Decimal(86400)),
    "L": ("m3", Decimal(0), Decimal("1E-3")),
    "bar": ("Pa", Decimal(0), Decimal("1E5")),
    "mbar": ("Pa", Decimal(0), Decimal("1E2")),
    "t": ("kg", Decimal(0), Decimal("1E3")),
}
"""Practical unit: its SI unit, the offset and the factor that lead there, both exact."""

_EXACT = Context(prec=200)


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
            *(self._original(certificate.amends) if certificate.amends else ()),
        )

    def _original(self, amendment: model.Amendment) -> Iterator[Element]:
        yield DCC.reportAmendedSubstituted(
            DCC.typeOfChange(amendment.change), DCC.replacedUniqueIdentifier(amendment.identifier)
        )
        yield DCC.previousReport(
            self._words("referral", LABELS["title"]),
            DCC.referralID(amendment.identifier),
            DCC.procedure("SHA256"),
            DCC.value(amendment.sha256),
            self._words("description", amendment.reason),
        )

    def _item(self, item: model.Item) -> Element:
        return DCC.item(
            self._words("name", item.description),
            *self._optional("description", item.condition),
            DCC.manufacturer(self._words("name", item.manufacturer)),
            DCC.model(item.model),
            DCC.identifications(
                self._identification("manufacturer", item.serial, "serial"),
                *([self._identification("customer", item.customer_id, "customer_id")] if item.customer_id else []),
            ),
        )

    def _identification(self, issuer: str, value: str, name: str) -> Element:
        return DCC.identification(DCC.issuer(issuer), DCC.value(value), self._words("name", LABELS[name]))

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
            *self._optional("description", ROLES.get(person.role, "")),
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
            *([DCC.date(statement.day)] if statement.day else []),
            *([self._contact("respAuthority", statement.authority)] if statement.authority else []),
        )

    def measurements(self, certificate: model.Certificate) -> Element:
        statuses = dict.fromkeys(result.status for result in certificate.results)
        return DCC.measurementResults(*(self._measurement(certificate, status) for status in statuses))

    def _measurement(self, certificate: model.Certificate, status: model.Status) -> Element:
        results = [result for result in certificate.results if result.status == status]
        return DCC.measurementResult(
            self._words("name", LABELS["results"]),
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
            DCC.identifications(self._identification("manufacturer", equipment.serial, "serial")),
        )

    def _certificate(self, reference: model.Reference) -> Element:
        return DCC.certificate(
            self._words("referral", LABELS["title"]),
            DCC.referralID(reference.identifier),
            DCC.procedure("SHA256"),
            DCC.value(reference.sha256),
        )

    def _condition(self, condition: model.Condition, status: model.Status) -> Element:
        bounds = (("minimum", "Min", condition.minimum), ("maximum", "Max", condition.maximum))
        mean = []
        if condition.value:
            forms = _reals(condition.unit, condition.value, condition.U, condition.k)
            mean = [DCC.quantity(self._words("name", LABELS["mean"]), forms)]
        return DCC.influenceCondition(
            _role(condition.ref_type),
            self._words("name", condition.name),
            *([DCC.status(status)] if status else []),
            DCC.data(
                *mean,
                *(
                    DCC.quantity(
                        _role(_bound_role(condition.ref_type, suffix)),
                        self._words("name", LABELS[name]),
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
        about = [
            *([self._conformity(column.conformity, column.unit)] if column.conformity else []),
            *([self._capability(column.in_cmc)] if column.in_cmc else []),
        ]
        return DCC.quantity(
            _role(column.ref_type),
            self._words("name", column.name),
            _lists(column),
            *([DCC.measurementMetaData(*about)] if about else []),
        )

    def _conformity(self, conformity: Conformity, unit: str) -> Element:
        """As PTB's good-practice certificates write it: verdicts per value, limits of tolerance and acceptance."""
        return DCC.metaData(
            _role("basic_conformity"),
            self._words("name", LABELS["conformity"]),
            self._words("description", conformity.specification),
            *([DCC.norm(conformity.norm)] if conformity.norm else []),
            self._words("declaration", conformity.rule),
            DCC.conformityXMLList(" ".join(conformity.verdicts)),
            DCC.data(*(self._limit(role, unit, values) for role, values in conformity.limits())),
        )

    def _limit(self, role: str, unit: str, values: tuple[str, ...]) -> Element:
        forms = (_plain_list(form_unit, converted) for form_unit, converted, _ in _forms(unit, values, ()))
        return DCC.quantity(_role(role), self._words("name", LIMITS[role]), _hybrid(list(forms)))

    def _capability(self, inside: tuple[bool, ...]) -> Element:
        return DCC.metaData(
            _role("basic_isInCMC"),
            self._words("name", LABELS["in_cmc"]),
            self._words("declaration", IN_CMC),
            DCC.validXMLList(" ".join(str(each).lower() for each in inside)),
        )


def _role(ref_type: str) -> dict[str, str]:
    return {"refType": ref_type} if ref_type else {}


def _bound_role(ref_type: str, suffix: str) -> str:
    return f"{ref_type}{suffix}" if ref_type in ("basic_temperature", "basic_humidityRelative") else ""


def _forms(unit: str, values: Iterable[str], expanded: Iterable[str]) -> list[tuple[str, list[str], list[str]]]:
    """Unit, values and uncertainties in SI and, where that differs, in the practical unit; conversion is exact."""
    practical = (unit, list(values), list(expanded))
    if unit not in _SI_FORMS:
        return [practical]
    si_unit, offset, factor = _SI_FORMS[unit]
    converted = [_plain(_EXACT.fma(Decimal(value), factor, offset)) for value in practical[1]]
    return [(si_unit, converted, [_plain(_EXACT.multiply(Decimal(u), factor)) for u in practical[2]]), practical]


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
    element = _plain_list(unit, values)
    if expanded:
        stated = SI.expandedMUXMLList(
            SI.valueExpandedMUXMLList(" ".join(expanded)),
            SI.coverageFactorXMLList(column.k),
            SI.coverageProbabilityXMLList(column.coverage),
            SI.distributionXMLList(column.distribution),
        )
        element.append(SI.measurementUncertaintyUnivariateXMLList(stated))
    return element


def _plain_list(unit: str, values: Iterable[str]) -> Element:
    return SI.realListXMLList(SI.valueXMLList(" ".join(values)), SI.unitXMLList(to_dsi(unit)))
