"""Who is told of alarms, how, and when (``notify.toml``)."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import time
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from ..bench.files import Fault, SourceFile
from ..bench.model import Duration, Name, Section

LOOPBACK = ("localhost", "127.0.0.1", "::1")
"""Hosts to which nothing needs to be encrypted: it does not leave the machine."""

SHORTEST_SECRET = 16
"""Characters that the secret of a webhook has at least."""


def _address(value: str) -> str:
    local, at, domain = value.rpartition("@")
    if not (local and at and domain) or not value.isascii() or any(c <= " " or c in '<>,;:"\x7f' for c in value):
        raise ValueError("not an address")
    return value


def _url(value: str) -> str:
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError("not a URL") from None
    if not host or not value.isascii() or any(c <= " " for c in value) or parts.username or parts.fragment:
        raise ValueError("not a URL")
    if parts.scheme != "https" and not (parts.scheme == "http" and host in LOOPBACK):
        raise ValueError("it would leave the machine in clear")
    return value


def _time_of_day(value: object) -> time:
    found = value if isinstance(value, time) else time.fromisoformat(str(value))
    if found.tzinfo is not None or found.second or found.microsecond:
        raise ValueError("not a time of day")
    return found


Address = Annotated[str, AfterValidator(_address)]
Url = Annotated[str, AfterValidator(_url)]
TimeOfDay = Annotated[time, BeforeValidator(_time_of_day)]

_ADDRESS = 'a mail address such as "person@example.org"'
_URL = "a URL that begins with https:// (http:// to this machine only)"


class MailSection(Section):
    """``[mail]``: the server that takes mail from the bench.

    ``starttls`` insists on encryption before anything is said; ``tls`` speaks nothing else; ``none`` is for a relay on
    this machine.
    """

    host: Name = Field(description="the name of the mail server")
    port: int | None = Field(
        default=None, ge=1, le=65535, description="a port from 1 to 65535; 587, 465 or 25 by default"
    )
    security: Literal["starttls", "tls", "none"] = Field(default="starttls", description='"starttls", "tls" or "none"')
    sender: Address = Field(description=_ADDRESS)
    user: Name | None = Field(default=None, description="the name with which the bench logs in")
    password_file: Name | None = Field(
        default=None, description="a file of mode 0600; a relative path starts at this file"
    )
    ca: Name | None = Field(
        default=None, description="a PEM file with the laboratory's own authority; a relative path starts at this file"
    )

    @model_validator(mode="after")
    def _check(self) -> MailSection:
        if (self.user is None) != (self.password_file is None):
            raise ValueError("user and password_file belong together; give both, or none")
        if self.security == "none" and self.host not in LOOPBACK:
            raise ValueError('security = "none" is for a relay on this machine; use "starttls" or "tls"')
        return self


class WebhookSection(Section):
    """``[webhook]``: a program that is told by HTTP; each request is signed with the secret (HMAC-SHA256)."""

    url: Url = Field(description=_URL)
    secret_file: Name = Field(
        description=f"a file of mode 0600 with {SHORTEST_SECRET} characters or more; a relative path starts at this "
        "file"
    )
    ca: Name | None = Field(
        default=None, description="a PEM file with the laboratory's own authority; a relative path starts at this file"
    )


class LevelSection(Section):
    """``[[levels]]``: who is told first; then who is told when nobody acknowledges for ``after``."""

    after: Duration = Field(
        default=0.0, description='how long nobody has acknowledged, such as "10 min"; none for the first'
    )
    mail: tuple[Address, ...] = Field(default=(), strict=False, description=f"a list of {_ADDRESS[2:]}")
    webhook: bool = Field(default=False, description="true or false: whether the webhook is told")


class QuietSection(Section):
    """``[quiet]``: hours in which alarms of priority low and medium are held back; high and safety never are."""

    start: TimeOfDay = Field(description='a time of day such as "22:00"')
    end: TimeOfDay = Field(description='a time of day such as "07:00"; before start: of the next day')
    zone: str = Field(description='a time zone such as "Europe/Paris"')

    @model_validator(mode="after")
    def _check(self) -> QuietSection:
        if self.start == self.end:
            raise ValueError("start and end are the same; leave [quiet] out where nothing is to be held back")
        return self


class WatcherSection(Section):
    """``[watcher]``: a program elsewhere that calls somebody when it hears nothing any more."""

    url: Url = Field(description=_URL)
    every: Duration = Field(default=60.0, ge=1, description='how often it is told, such as "60 s"; 1 s at least')
    end_url: Url | None = Field(default=None, description=f"{_URL}; told of an end that is planned")
    ca: Name | None = Field(
        default=None, description="a PEM file with the laboratory's own authority; a relative path starts at this file"
    )


class NotifyFile(Section):
    """A whole ``notify.toml``."""

    levels: tuple[LevelSection, ...] = Field(strict=False, description="one or more [[levels]]")
    mail: MailSection | None = None
    webhook: WebhookSection | None = None
    quiet: QuietSection | None = None
    watcher: WatcherSection | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """What a ``notify.toml`` says, its files read."""

    file: NotifyFile
    folder: Path
    password: str = field(default="", repr=False)
    secret: bytes = field(default=b"", repr=False)

    def path(self, name: str | None) -> Path | None:
        """A file that it names."""
        return None if name is None else self.folder / name


def load_settings(path: Path) -> Settings:
    """Read a ``notify.toml`` and the secrets that it names.

    :raises ConfigurationError: with one sentence for each fault: file, line, key, and what is expected.
    """
    source = SourceFile.read(path)
    file = source.validated(NotifyFile)
    secrets = _Secrets(path.parent)
    password = secrets.read(("mail", "password_file"), file.mail.password_file if file.mail else None, 1)
    secret = secrets.read(
        ("webhook", "secret_file"), file.webhook.secret_file if file.webhook else None, SHORTEST_SECRET
    )
    source.refuse([*_level_faults(file), *_file_faults(file, path.parent), *secrets.faults])
    return Settings(file, path.parent, password, secret.encode())


def _level_faults(file: NotifyFile) -> Iterator[Fault]:
    if not file.levels:
        yield Fault(("levels",), "nobody is told; add one or more [[levels]]")
    for number, level in enumerate(file.levels):
        key = ("levels", number)
        if not (level.mail or level.webhook):
            yield Fault(key, "nobody is told; give mail or webhook")
        if level.mail and file.mail is None:
            yield Fault((*key, "mail"), "there is no [mail]; add it")
        if level.webhook and file.webhook is None:
            yield Fault((*key, "webhook"), "there is no [webhook]; add it")
        if number == 0 and level.after:
            yield Fault((*key, "after"), "the first level is told at once; remove it")
        if number and level.after <= file.levels[number - 1].after:
            yield Fault((*key, "after"), "is not later than the level before; give a longer time")
    if file.webhook is not None and not any(level.webhook for level in file.levels):
        yield Fault(("webhook",), "no level uses it; write webhook = true at one, or remove it")
    if file.quiet is not None and not _known(file.quiet.zone):
        yield Fault(("quiet", "zone"), f'expected a time zone such as "Europe/Paris", found {file.quiet.zone!r}')


def _known(zone: str) -> bool:
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _file_faults(file: NotifyFile, folder: Path) -> Iterator[Fault]:
    for name in ("mail", "webhook", "watcher"):
        section: MailSection | WebhookSection | WatcherSection | None = getattr(file, name)
        if section is not None and section.ca is not None and not (folder / section.ca).is_file():
            yield Fault((name, "ca"), f"there is no file {folder / section.ca}")


class _Secrets:
    """Reads secrets, and keeps what is wrong with them; never their content."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.faults: list[Fault] = []

    def read(self, key: tuple[str, str], name: str | None, shortest: int) -> str:
        if name is None:
            return ""
        path = self._folder / name
        try:
            with path.open(encoding="utf-8") as file:
                mode = stat.S_IMODE(path.stat().st_mode)
                text = file.read(4096).strip()
        except (OSError, UnicodeDecodeError) as error:
            self._wrong(key, f"{path} cannot be read: {getattr(error, 'strerror', None) or 'it is not UTF-8'}")
            return ""
        if mode & 0o077:
            self._wrong(key, f"others may read {path} (mode {mode:04o}); chmod 600 it")
        if len(text) < shortest or "\n" in text:
            self._wrong(key, f"{path} does not hold one line of {shortest} characters or more")
        return text

    def _wrong(self, key: tuple[str, str], message: str) -> None:
        self.faults.append(Fault(key, message))
