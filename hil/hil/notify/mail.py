"""Mail: one message to one address, by one connection that ends after it."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime

import aiosmtplib

from hil_drivers.clock import NANOSECONDS

from .config import MailSection, Settings
from .outbox import Message
from .text import clean
from .trying import DELIVERED, Outcome, failed, refused

DEADLINE = 30.0
"""Seconds that one try may take."""

STEP = 10.0
"""Seconds in which a mail server is to answer."""

GOODBYE = 2.0
"""Seconds for the end of a connection whose mail is taken."""

PORTS = {"starttls": 587, "tls": 465, "none": 25}


class Mailer:
    """Sends mail as ``[mail]`` says.

    :param deadline: seconds for one try.
    :param step: seconds for one answer of the server.
    """

    def __init__(
        self, section: MailSection, settings: Settings, *, deadline: float = DEADLINE, step: float = STEP
    ) -> None:
        self._section, self._password = section, settings.password
        self._deadline, self._step = deadline, step
        ca = settings.path(section.ca)
        self._tls = None if section.security == "none" else ssl.create_default_context(cafile=ca)

    async def send(self, message: Message) -> Outcome:
        """Try once to send ``message``; what came of it. No failure is raised."""
        try:
            mail = write(message, self._section.sender)
        except ValueError as error:
            return refused(f"cannot be written as a mail: {error}")
        server = self._server()
        try:
            async with asyncio.timeout(self._deadline):
                outcome = await self._send(server, mail, message.target)
        except TimeoutError:
            outcome = failed(f"the mail server did not take it within {self._deadline:g} s; it may have arrived")
        await self._leave(server)
        return outcome

    def _server(self) -> aiosmtplib.SMTP:
        section = self._section
        return aiosmtplib.SMTP(
            hostname=section.host,
            port=section.port or PORTS[section.security],
            username=section.user,
            password=self._password or None,
            local_hostname="localhost",
            timeout=self._step,
            use_tls=section.security == "tls",
            start_tls=section.security == "starttls",
            tls_context=self._tls,
        )

    async def _send(self, server: aiosmtplib.SMTP, mail: EmailMessage, to: str) -> Outcome:
        try:
            await server.connect()
            answers, _ = await server.send_message(mail, sender=self._section.sender, recipients=[to])
        except aiosmtplib.SMTPException as error:
            return judged(error)
        except OSError as error:
            return failed(f"the mail server cannot be reached: {error}")
        return _of_answers({address: (answer.code, answer.message) for address, answer in answers.items()})

    @staticmethod
    async def _leave(server: aiosmtplib.SMTP) -> None:
        """Say good-bye; what came of the mail is known before it."""
        if server.is_connected:
            with suppress(aiosmtplib.SMTPException, OSError):
                await server.quit(timeout=GOODBYE)
        server.close()


def write(message: Message, sender: str) -> EmailMessage:
    """The mail, the same for every try.

    :raises ValueError: if something in it cannot stand in a mail.
    """
    payload = json.loads(message.payload)
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, message.target, payload["subject"]
    mail["Date"] = format_datetime(datetime.fromtimestamp(payload["utc"] // NANOSECONDS, UTC))
    mail["Message-ID"] = f"<{message.name}@{sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(payload["body"])
    return mail


def judged(error: aiosmtplib.SMTPException) -> Outcome:
    """What a failure of the mail server comes to: 4xx, silence and a lost connection are tried again, 5xx is not."""
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        return _of_answers({each.recipient: (each.code, each.message) for each in error.recipients})
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return _of_code(error.code, error.message)
    if isinstance(error, aiosmtplib.SMTPConnectError):
        return failed(f"the mail server cannot be reached: {clean(error.message)}")
    if isinstance(error, aiosmtplib.SMTPTimeoutError | aiosmtplib.SMTPServerDisconnected):
        return failed(f"{clean(error.message)}; it may have arrived")
    return refused(f"[mail] does not fit the server: {clean(error.message)}")


def _of_answers(answers: Mapping[str, tuple[int, str]]) -> Outcome:
    """What the server said of those to whom it does not take the mail; it raises nothing for some of several."""
    for code, text in answers.values():
        return _of_code(code, text)
    return DELIVERED


def _of_code(code: int, text: str) -> Outcome:
    why = f"the mail server said {code} {clean(text)}"[:500]
    return refused(why) if 500 <= code < 600 else failed(why)
