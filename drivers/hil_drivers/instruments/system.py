"""What the drivers of systems under test have in common: what is declared of one, and what its identity is made of."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from ..capability import SystemIdentity
from ..errors import DeviceUnreachable, OptionError, RemoteProtocolError

Domain = Mapping[str, tuple[float, float]]
"""An operating domain: name of a quantity, with its unit, to lower and upper bound."""

LONGEST_DEADLINE = 3600.0


def declared(where: str, *, deadline: float, domain: Domain | None, **settings: Any) -> dict[str, Any]:
    """The settings of a system under test, as they go on record.

    :param where: the device's name.
    :param deadline: wall time for an answer, in seconds.
    :raises OptionError: for a deadline or a domain that cannot be.
    """
    if not 0 < deadline <= LONGEST_DEADLINE:
        raise OptionError(f"deadline = {deadline:g} s", where=where, remedy=f"give 0 to {LONGEST_DEADLINE:g}")
    for quantity, (lower, upper) in (domain or {}).items():
        if not lower <= upper:
            raise OptionError(f"domain of {quantity}: {lower:g} to {upper:g}", where=where, remedy="lower first")
    bounds = {quantity: list(each) for quantity, each in (domain or {}).items()}
    return {**settings, "deadline": deadline, "domain": bounds}


class Identity:
    """The identity of a system under test, which must stay the same for as long as its device is open.

    :param where: the device's name.
    """

    def __init__(self, where: str, settings: dict[str, Any]) -> None:
        self._where, self._settings = where, settings
        self._known: SystemIdentity | None = None

    @property
    def known(self) -> SystemIdentity:
        """What it is.

        :raises DeviceUnreachable: before the device is opened.
        """
        if self._known is None:
            raise DeviceUnreachable("is not open", where=self._where, remedy="open it first")
        return self._known

    def take(self, told: Mapping[str, Any], *, digests: Mapping[str, str], remedy: str) -> None:
        """Take in what it says of itself: ``name``, ``version``, and ``digests`` of its models by file.

        :param digests: what is known of it besides, by file.
        :raises RemoteProtocolError: if that is no identity, or another one than before.
        """
        name, version, own = told.get("name"), told.get("version"), told.get("digests", {})
        texts = isinstance(name, str) and isinstance(version, str) and isinstance(own, dict)
        if not texts or not all(isinstance(each, str) for each in own.values()):
            raise RemoteProtocolError(f"says what is no identity: {str(told)[:80]}", where=self._where, remedy=remedy)
        settings = sha256(json.dumps(self._settings, sort_keys=True).encode()).hexdigest()
        identity = SystemIdentity(
            name=str(name),
            version=str(version),
            digests={**own, **digests, "settings": settings},
            settings=self._settings,
        )
        if self._known not in (None, identity):
            raise RemoteProtocolError("the system under test changed while the bench was open", where=self._where)
        self._known = identity
