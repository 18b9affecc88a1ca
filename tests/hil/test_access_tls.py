"""The certificate of a service: what clients that trust its authority, and only they, accept."""

from __future__ import annotations

import socket
import ssl
import stat
import subprocess
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from hil.access.network import Network, listening_on, parse_address, tls_context
from hil.access.tls import hosts_of, make_certificate
from hil.errors import ConfigurationError, UsageError


def network_of(folder: Path, **other: Path) -> Network:
    files = {"certificate": folder / "server.pem", "key": folder / "server-key.pem", "tokens": folder / "tokens.json"}
    return Network("127.0.0.1", 0, **(files | other))


def greeted(network: Network, authority: Path, name: str) -> str:
    """The TLS version by which a client that trusts ``authority`` and wants ``name`` reaches a server."""
    with listening_on(network) as listener:
        listener.setblocking(True)

        def serve() -> None:
            connection, _ = listener.accept()
            try:
                with tls_context(network).wrap_socket(connection, server_side=True) as secured:
                    secured.sendall(b"hello")
            except ssl.SSLError:
                connection.close()

        server = threading.Thread(target=serve)
        server.start()
        try:
            context = ssl.create_default_context(cafile=str(authority))
            with (
                socket.create_connection(listener.getsockname(), timeout=10.0) as plain,
                context.wrap_socket(plain, server_hostname=name) as secured,
            ):
                assert secured.recv(5) == b"hello"
                return str(secured.version())
        finally:
            server.join()


def test_clients_that_trust_the_authority_reach_the_server_by_each_of_its_names(tmp_path: Path) -> None:
    made = make_certificate(tmp_path, ["bench-2.lab.example", "127.0.0.1"])
    assert tls_context(network_of(tmp_path)).minimum_version is ssl.TLSVersion.TLSv1_2
    assert hosts_of(made.certificate) == ["bench-2.lab.example", "127.0.0.1"]
    for name in ("bench-2.lab.example", "127.0.0.1"):
        assert greeted(network_of(tmp_path), made.authority, name) == "TLSv1.3"
    with pytest.raises(ssl.SSLCertVerificationError, match=r"Hostname mismatch"):
        greeted(network_of(tmp_path), made.authority, "bench-3.lab.example")
    other = make_certificate(tmp_path / "other", ["127.0.0.1"])
    with pytest.raises(ssl.SSLCertVerificationError):
        greeted(network_of(tmp_path), other.authority, "127.0.0.1")


def test_openssl_finds_the_chain_good_and_strict(tmp_path: Path) -> None:
    made = make_certificate(tmp_path, ["bench"])
    verify = ["openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-verify_hostname", "bench"]
    done = subprocess.run(
        [*verify, "-CAfile", str(made.authority), str(made.certificate)], capture_output=True, text=True
    )
    assert done.stdout.endswith("server.pem: OK\n"), done.stderr


def test_the_certificate_is_of_397_days_and_its_keys_are_private(tmp_path: Path) -> None:
    now = datetime(2026, 11, 27, 8, 0, tzinfo=UTC)
    made = make_certificate(tmp_path, ["bench"], now=now)
    assert made.expires == now + timedelta(days=397)
    for name in ("ca-key.pem", "server-key.pem"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
    found = x509.load_pem_x509_certificate(made.certificate.read_bytes())
    basic = found.extensions.get_extension_for_class(x509.BasicConstraints)
    assert (basic.critical, basic.value.ca) == (True, False)
    found.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier)
    found.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)


def test_a_new_certificate_is_by_the_same_authority(tmp_path: Path) -> None:
    first = make_certificate(tmp_path, ["bench"])
    before = first.authority.read_bytes()
    again = make_certificate(tmp_path, ["127.0.0.1"])
    assert (first.new_authority, again.new_authority) == (True, False)
    assert again.authority.read_bytes() == before
    greeted(network_of(tmp_path), again.authority, "127.0.0.1")


def test_what_is_not_safe_is_refused_before_anything_listens(tmp_path: Path) -> None:
    make_certificate(tmp_path, ["bench"])
    make_certificate(tmp_path / "other", ["bench"])
    make_certificate(tmp_path / "old", ["bench"], now=datetime(2020, 1, 1, tzinfo=UTC))
    broken = tmp_path / "broken.json"
    broken.write_text("{", encoding="utf-8")
    broken.chmod(0o600)
    open_key = tmp_path / "open.pem"
    open_key.write_bytes((tmp_path / "server-key.pem").read_bytes())
    open_key.chmod(0o644)
    refused = [
        ({"key": tmp_path / "other" / "server-key.pem"}, "cannot be used together"),
        ({"key": open_key}, "others than its owner"),
        ({"key": tmp_path / "none.pem"}, "No such file"),
        ({"certificate": tmp_path / "old" / "server.pem"}, r"has expired on 2021-02-01"),
        ({"certificate": tmp_path / "ca-key.pem"}, "is no certificate"),
        ({"certificate": tmp_path / "ca.pem"}, "names no host"),
        ({"tokens": broken}, "is no file of tokens"),
    ]
    for files, why in refused:
        with pytest.raises(ConfigurationError, match=why) as caught, listening_on(network_of(tmp_path, **files)):
            pass
        assert "://" not in str(caught.value)


def test_an_address_in_use_is_named(tmp_path: Path) -> None:
    make_certificate(tmp_path, ["bench"])
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        network = Network("127.0.0.1", port, tmp_path / "server.pem", tmp_path / "server-key.pem", tmp_path / "t.json")
        with (
            pytest.raises(ConfigurationError, match=f"127.0.0.1 port {port}: cannot be listened on"),
            listening_on(network),
        ):
            pass


def test_addresses() -> None:
    assert parse_address("192.0.2.5:8443") == ("192.0.2.5", 8443)
    assert parse_address("[::1]:0") == ("::1", 0)
    for text in ("", "8443", "bench:8443", "192.0.2.5:", "192.0.2.5:70000", "192.0.2.5:-1"):
        with pytest.raises(ConfigurationError, match="is no address and port"):
            parse_address(text)


@pytest.mark.parametrize("host", ["", "a b", "bench/", "*.lab", "x" * 300, "bühne"])
def test_what_is_no_host_is_refused(host: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="neither a host name nor an address"):
        make_certificate(tmp_path, [host])


def test_the_authority_is_not_used_without_its_own_key(tmp_path: Path) -> None:
    make_certificate(tmp_path, ["bench"])
    make_certificate(tmp_path / "other", ["bench"])
    (tmp_path / "ca-key.pem").write_bytes((tmp_path / "other" / "ca-key.pem").read_bytes())
    with pytest.raises(ConfigurationError, match="is not the key of the authority"):
        make_certificate(tmp_path, ["bench"])
    make_certificate(tmp_path / "old", ["bench"], now=datetime(2010, 1, 1, tzinfo=UTC))
    with pytest.raises(ConfigurationError, match="the authority has expired"):
        make_certificate(tmp_path / "old", ["bench"])


def test_what_the_gateway_is_given_has_no_secret_and_is_the_same_again(tmp_path: Path) -> None:
    make_certificate(tmp_path, ["bench"])
    network = network_of(tmp_path)
    assert Network.from_json(network.to_json()) == network
    assert "PRIVATE" not in network.to_json()
