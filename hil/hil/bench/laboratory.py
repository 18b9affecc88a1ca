"""The laboratory: who it is, who works there, and how it reports (``lab.toml``)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from pydantic import Field

from ..errors import UsageError
from ..suggest import nearest
from .files import Fault, SourceFile
from .model import Name, Section

Role = Literal["operator", "reviewer", "authoriser"]


class OrganisationSection(Section):
    """``[laboratory]`` or ``[customer]``: a name and an address."""

    name: Name = Field(description="the organisation's name")
    street: Name = Field(description="street and number")
    post_code: Name = Field(description="the post code, as text")
    city: Name = Field(description="the city")
    country: str = Field(pattern="^[A-Z]{2}$", description="two capitals (ISO 3166-1)")
    email: str = Field(default="", description="an address for mail")
    phone: str = Field(default="", description="a telephone number, as text")


class LaboratorySection(OrganisationSection):
    """``[laboratory]``: also the accreditation that it holds, as it is to be printed; none is claimed by default."""

    accreditation: str = Field(default="", description="the accreditation as it is to be printed, body and number")


class PersonSection(Section):
    """``[persons."NAME"]``: what a person may do."""

    roles: tuple[Role, ...] = Field(
        strict=False, min_length=1, description='a list of "operator", "reviewer" and "authoriser"'
    )


class ReportingSection(Section):
    """``[reporting]``: languages of every document, and the laboratory's policies.

    ``rounding`` is the rule for U: to the nearest, always up, or up where rounding down would lower U by
    more than 5 % (``ea5``). U has two significant digits. ``coverage`` is how its coverage factor is chosen: always 2;
    Student's t for 95.45 % or 95 %; or 2 from 50 degrees of freedom on, and t for 95.45 % below. ``decision_rule`` is
    that of statements of conformity (JCGM 106), where a procedure is given no other; the guard band is U.
    """

    languages: tuple[Literal["en", "fr"], ...] = Field(
        default=("en", "fr"), strict=False, min_length=1, description='a list of "en" and "fr"'
    )
    rounding: Literal["nearest", "up", "ea5"] = Field(default="nearest", description='"nearest", "up" or "ea5"')
    coverage: Literal["k=2", "95.45 %", "95 %", "about 95 %"] = Field(
        default="about 95 %", description='"k=2", "95.45 %", "95 %" or "about 95 %"'
    )
    decision_rule: Literal["simple", "guarded-acceptance"] = Field(
        default="guarded-acceptance", description='"simple" or "guarded-acceptance"'
    )
    template: Name | None = Field(
        default=None, description="a typst file for certificates; a relative path starts at the laboratory file"
    )
    report_template: Name | None = Field(
        default=None, description="a typst file for test reports; a relative path starts at the laboratory file"
    )


class SigningSection(Section):
    """``[signing]``: the laboratory's key, with which sealed runs and amendments are signed.

    A private key of Ed25519 in a PEM file of mode 0600, outside of any folder that is shared; ``hil data keys new``
    makes one.
    """

    key: Name | None = Field(default=None, description="a file; a relative path starts at the laboratory file")


class Laboratory(Section):
    """A laboratory file. An accreditation is printed as it says; capabilities stand in the register."""

    laboratory: LaboratorySection
    customer: OrganisationSection
    persons: dict[str, PersonSection]
    reporting: ReportingSection = ReportingSection()
    signing: SigningSection = SigningSection()

    def persons_with(self, role: Role) -> list[str]:
        """The names of the persons who hold ``role``, in the order of the file."""
        return [name for name, person in self.persons.items() if role in person.roles]

    def require_role(self, person: str, role: Role) -> None:
        """Refuse a person without the right.

        :raises UsageError: nobody of that name has the role.
        """
        holders = self.persons_with(role)
        if person in holders:
            return
        known = person in self.persons
        fault = f'{person!r} does not have the role "{role}"' if known else f"the laboratory has no person {person!r}"
        remedy = nearest(person, holders) if holders else f'give the role "{role}" to somebody in the laboratory file'
        raise UsageError(fault, remedy=remedy)

    def operator(self, name: str | None = None) -> str:
        """The operator called ``name``; the only one there is by default.

        :raises UsageError: if nobody is called so, or there are several to choose from.
        """
        return self._one_of(name, self.persons_with("operator"), "operator")

    def reviewer(self, name: str | None = None) -> str:
        """The person called ``name`` who may review or authorise; the only one there is by default.

        :raises UsageError: if nobody is called so, or there are several to choose from.
        """
        holders = [*self.persons_with("reviewer"), *self.persons_with("authoriser")]
        return self._one_of(name, list(dict.fromkeys(holders)), "reviewer")

    def _one_of(self, name: str | None, holders: list[str], what: str) -> str:
        if name in holders:
            return str(name)
        if name is not None:
            raise UsageError(f"the laboratory has no {what} {name!r}", remedy=nearest(name, holders))
        if len(holders) > 1:
            raise UsageError("nobody says who runs it", remedy=f"give --operator, one of {', '.join(holders)}")
        return holders[0]


def load_laboratory(path: Path) -> Laboratory:
    """Read a laboratory file.

    :raises ConfigurationError: with one sentence for each fault of the file.
    """
    return laboratory_in(SourceFile.read(path))


def laboratory_in(source: SourceFile) -> Laboratory:
    """What a laboratory file says.

    :raises ConfigurationError: with one sentence for each fault of the file.
    """
    laboratory = source.validated(Laboratory)
    source.refuse(_missing_roles(laboratory))
    return laboratory


def _missing_roles(laboratory: Laboratory) -> Iterator[Fault]:
    roles: tuple[Role, ...] = ("operator", "authoriser")
    for role in roles:
        if not laboratory.persons_with(role):
            yield Fault(("persons",), f'nobody has the role "{role}"; give it to a person')
