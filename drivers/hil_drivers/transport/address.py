"""Addresses: where a device is, as one string.

serial:///dev/ttyUSB0?baudrate=9600      tcp://host:5025         udp://host:6454
modbus+tcp://host:502?device_id=1        modbus+rtu:///dev/ttyUSB0?device_id=1
mqtt://host/topic     ros2:///topic      video:///file.mkv       video+http://host:8080/camera.y4m
http://host:8000/path                    pylon:///SERIAL
sim:NAME              process:COMMAND         console:       dataset:
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from types import MappingProxyType
from urllib.parse import unquote

from ..errors import AddressError

MAX_LENGTH = 2048


@dataclass(frozen=True, slots=True)
class _Scheme:
    """What an address of one scheme must have. ``port`` is the default port, ``None`` if it must be given."""

    host: bool = False
    path: bool = False
    port: int | None = None
    options: frozenset[str] = frozenset()


_LINE = frozenset({"baudrate", "bytesize", "parity", "stopbits", "xonxoff", "backend"})
_BROKER = frozenset(
    {"tls", "ca", "cert", "key", "username", "password_file", "qos", "client_id", "keepalive", "persistent"}
)
_SCHEMES = {
    "serial": _Scheme(path=True, options=_LINE),
    "tcp": _Scheme(host=True),
    "udp": _Scheme(host=True),
    "modbus+tcp": _Scheme(host=True, port=502, options=frozenset({"device_id"})),
    "modbus+rtu": _Scheme(path=True, options=_LINE | {"device_id"}),
    "mqtt": _Scheme(host=True, port=1883, path=True, options=_BROKER),
    "ros2": _Scheme(path=True, options=frozenset({"domain", "range"})),
    "http": _Scheme(host=True, port=80, path=True),
    "https": _Scheme(host=True, port=443, path=True),
    "pylon": _Scheme(path=True),
    "video": _Scheme(path=True),
    "video+http": _Scheme(host=True, port=80, path=True),
}
_BARE = ("sim", "process", "console", "dataset")

_PRINTABLE = re.compile(r"[\x21-\x7e]+")
_AUTHORITY = re.compile(r"(?P<host>\[[0-9A-Fa-f:.%]+\]|[A-Za-z0-9._-]+)(?::(?P<port>[0-9]{1,5}))?")
_NUMBER = re.compile(r"[0-9]{1,9}")
_SECRET = re.compile(r"//[^/?]*@|[?&](?:password|passwd|pwd|pass)=", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Address:
    """One parsed address.

    ``text`` is the string it was parsed from, ``port`` is 0 and ``host`` empty where the scheme has none.
    """

    text: str
    scheme: str
    host: str
    port: int
    path: str
    options: Mapping[str, str]

    def integer(self, key: str, default: int, *, lower: int, upper: int) -> int:
        """An option as an integer within bounds.

        :raises AddressError: if it is none.
        """
        given = self.options.get(key)
        if given is None:
            return default
        if not _NUMBER.fullmatch(given) or not lower <= int(given) <= upper:
            raise AddressError(f"{key}={given} is no integer from {lower} to {upper}", where=self.text)
        return int(given)

    def choice(self, key: str, choices: Sequence[str]) -> str:
        """An option that is one of ``choices``, the first by default.

        :raises AddressError: if it is none of them.
        """
        given = self.options.get(key, choices[0])
        if given not in choices:
            raise AddressError(f"{key}={given} is none of {', '.join(choices)}", where=self.text)
        return given


def parse(text: str, *, allowed: Sequence[str] = ()) -> Address:
    """Parse an address.

    >>> parse("tcp://192.0.2.7:5025").port
    5025

    :param allowed: the schemes the caller can use; empty for all.
    :raises AddressError: naming what is wrong, and what was expected.
    """
    if _SECRET.search(text):
        raise AddressError(
            "holds a user or a password, which records and messages would show",
            where=f"{text.partition(':')[0][:20]}:…",
            remedy="write username=NAME and password_file=FILE where the scheme has them",
        )
    if len(text) > MAX_LENGTH or not _PRINTABLE.fullmatch(text):
        raise AddressError(
            "an address is printable ASCII without blanks",
            where=repr(text[:80]),
            remedy="write special characters as %XX",
        )
    scheme, colon, rest = text.partition(":")
    if not colon or (scheme not in _SCHEMES and scheme not in _BARE):
        raise _unknown_scheme(text, scheme)
    if allowed and scheme not in allowed:
        raise _not_allowed(text, scheme, allowed)
    if scheme in _BARE:
        return Address(text, scheme, "", 0, rest, MappingProxyType({}))
    return _located(text, scheme, rest)


def _located(text: str, scheme: str, rest: str) -> Address:
    rule = _SCHEMES[scheme]
    if not rest.startswith("//"):
        raise AddressError(f"lacks // after {scheme}:", where=text, remedy=f"write {scheme}://")
    location, _, query = rest[2:].partition("?")
    authority, slash, path = location.partition("/")
    host, port = _authority(text, rule, authority)
    if rule.path and not path:
        raise AddressError("lacks a path", where=text, remedy=f"write {scheme}://{authority}/PATH")
    if path and not rule.path:
        raise AddressError(f"an address of {scheme}:// has no path", where=text, remedy=f"leave out /{path}")
    return Address(text, scheme, host, port, _unquote(text, slash + path), _options(text, rule, query))


def _authority(text: str, rule: _Scheme, authority: str) -> tuple[str, int]:
    if not rule.host:
        if authority:
            raise AddressError(
                f"names the host {authority!r}, which it cannot have",
                where=text,
                remedy="write three slashes",
            )
        return "", 0
    found = _AUTHORITY.fullmatch(authority)
    if found is None:
        raise AddressError(f"has no host and port in {authority!r}", where=text, remedy="write HOST:PORT")
    port = int(found["port"]) if found["port"] else rule.port
    if port is None:
        raise AddressError("lacks a port", where=text, remedy="write HOST:PORT")
    if not 1 <= port <= 65535:
        raise AddressError(f"{port} is no port", where=text, remedy="use 1 to 65535")
    return found["host"].strip("[]"), port


def _options(text: str, rule: _Scheme, query: str) -> Mapping[str, str]:
    options: dict[str, str] = {}
    for pair in filter(None, query.split("&")):
        key, equals, value = pair.partition("=")
        if key not in rule.options:
            near = get_close_matches(key, rule.options, n=1) or sorted(rule.options)
            remedy = f"use {', '.join(near)}" if near else "leave it out"
            raise AddressError(f"has the unknown option {key!r}", where=text, remedy=remedy)
        if not equals or key in options:
            raise AddressError(f"gives the option {key!r} no value or twice", where=text)
        options[key] = _unquote(text, value)
    return MappingProxyType(options)


def _unquote(text: str, part: str) -> str:
    plain = unquote(part, errors="replace")
    if not plain.isprintable() or "\ufffd" in plain:
        raise AddressError("has a %XX that is no printable character", where=text)
    return plain


def _unknown_scheme(text: str, scheme: str) -> AddressError:
    known = [*_SCHEMES, *_BARE]
    near = get_close_matches(scheme, known, n=1) or known
    return AddressError(f"has no scheme that is known ({scheme!r})", where=text, remedy=f"begin with {', '.join(near)}")


def _not_allowed(text: str, scheme: str, allowed: Sequence[str]) -> AddressError:
    if scheme == "sim":
        return AddressError("is served by no simulator", where=text, remedy="open it through a bench with [sim]")
    return AddressError(
        f"a {scheme} address does not fit this driver", where=text, remedy=f"use {' or '.join(allowed)}"
    )
