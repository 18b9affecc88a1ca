"""Where a bench is reached from other machines: only by TLS and with tokens, on the machine itself too."""

from __future__ import annotations

import ipaddress
import json
import os
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ..errors import ConfigurationError
from .files import require_private

TOKENS_FILE = "tokens.json"

_WAITING = 128
"""Connections that may wait to be accepted."""


def service_folder() -> Path:
    """Where certificate and tokens are by default: in the user's state, or in what systemd gives a unit for it."""
    given, state = os.environ.get("STATE_DIRECTORY"), os.environ.get("XDG_STATE_HOME")
    if given:
        return Path(given.partition(":")[0]) / "service"
    return (Path(state) if state else Path.home() / ".local" / "state") / "hil" / "service"


@dataclass(frozen=True)
class Network:
    """Where and how a service listens for other machines.

    :param host: an IP address of this machine; 0.0.0.0 or :: for all of them.
    :param port: 0 takes any that is free.
    :param certificate: of the server, PEM.
    :param key: its private key, PEM, of mode 0600.
    :param tokens: the file of tokens.
    """

    host: str
    port: int
    certificate: Path
    key: Path
    tokens: Path

    def to_json(self) -> str:
        """As the gateway gets it: there is no secret in it."""
        files = {name: str(getattr(self, name).resolve()) for name in ("certificate", "key", "tokens")}
        return json.dumps({"host": self.host, "port": self.port, **files})

    @classmethod
    def from_json(cls, text: str) -> Network:
        """What `to_json` gave."""
        given = json.loads(text)
        files = (Path(given[name]) for name in ("certificate", "key", "tokens"))
        return cls(given["host"], given["port"], *files)

    def check(self) -> None:
        """Refuse what would let clients in without TLS and tokens, or let none in.

        :raises ConfigurationError: naming what is wrong.
        """
        from .tls import hosts_of, require_valid
        from .tokens import Tokens

        require_private(self.key)
        require_valid(self.certificate)
        hosts_of(self.certificate)
        tls_context(self)
        Tokens(self.tokens).all()


def network_at(address: str, folder: Path) -> Network:
    """Listening at ``address`` with the certificate and the tokens in ``folder``.

    :raises ConfigurationError: if it is no address.
    """
    from .tls import SERVER_FILE, SERVER_KEY_FILE

    host, port = parse_address(address)
    return Network(host, port, folder / SERVER_FILE, folder / SERVER_KEY_FILE, folder / TOKENS_FILE)


def tls_context(network: Network) -> ssl.SSLContext:
    """TLS of the server, 1.2 at least.

    :raises ConfigurationError: if certificate and key are none, or do not belong together.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(network.certificate, network.key)
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationError(
            f"certificate and key cannot be used together ({error})",
            where=str(network.certificate),
            remedy="make new ones with hil service certificate",
        ) from None
    return context


def parse_address(text: str) -> tuple[str, int]:
    """Host and port of ``192.0.2.5:8443`` or ``[::1]:8443``.

    :raises ConfigurationError: if it is none.
    """
    host, _, port = text.rpartition(":")
    host = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    try:
        ipaddress.ip_address(host)
        if not 0 <= int(port) <= 65_535:
            raise ValueError
    except ValueError:
        raise ConfigurationError(
            "is no address and port", where=text, remedy="write it like 192.0.2.5:8443 or 0.0.0.0:8443"
        ) from None
    return host, int(port)


@contextmanager
def listening_on(network: Network) -> Iterator[socket.socket]:
    """A TCP socket that listens as ``network`` says; it is closed afterwards.

    :raises ConfigurationError: if that is not safe (`Network.check`), or the address cannot be had.
    """
    network.check()
    family = socket.AF_INET6 if ipaddress.ip_address(network.host).version == 6 else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((network.host, network.port))
        except OSError as error:
            where = f"{network.host} port {network.port}"
            raise ConfigurationError(
                f"cannot be listened on ({error.strerror})", where=where, remedy="give another address or port"
            ) from None
        listener.listen(_WAITING)
        listener.setblocking(False)
        yield listener
