"""Who may sign: test authorities, key files, and each reason for which one is refused."""

from __future__ import annotations

import datetime as dt
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, NoEncryption, pkcs12
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hil_calibration.certificate.signing import load_identity, make_authority
from hil_calibration.certificate.signing.certificates import TEST_POLICY, TEST_SUBJECT
from hil_calibration.errors import CertificateError
from signing_keys import LABORATORY, PERSON, Issued, Keys, issue, make_keys, pem, root, secret_file

NOW = dt.datetime(2026, 11, 26, 12, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    return make_keys(tmp_path_factory.mktemp("keys") / "authority")


@pytest.fixture(scope="module")
def other() -> Issued:
    """An authority that is not one of tests."""
    return root()


def test_a_test_authority_makes_a_root_and_a_key_file_for_each_person(tmp_path: Path) -> None:
    files = make_authority(tmp_path / "new" / "keys", ["Signer A", "Réviseur B"], laboratory=LABORATORY, now=NOW)

    assert [file.name for file in files] == ["test-authority.pem", "signer-a.pem", "réviseur-b.pem"]
    assert [stat.S_IMODE(file.stat().st_mode) for file in files[1:]] == [0o600, 0o600]
    assert b"PRIVATE KEY" not in files[0].read_bytes()
    for file, name in zip(files[1:], ("Signer A", "Réviseur B"), strict=True):
        identity = load_identity(file, now=NOW)
        assert (identity.name, identity.test) == (name, True)


def test_openssl_verifies_the_chain_and_reads_the_marks(keys: Keys, tmp_path: Path) -> None:
    leaf = secret_file(tmp_path / "leaf.pem", pem(keys.identity.certificate))

    verified = _openssl("verify", "-x509_strict", "-CAfile", keys.root, leaf)
    shown = _openssl("x509", "-in", leaf, "-noout", "-text")

    assert verified.strip() == f"{leaf}: OK"
    assert TEST_SUBJECT in shown
    assert TEST_POLICY.dotted_string in shown
    for needed in ("Subject Key Identifier", "Authority Key Identifier", "Digital Signature, Non Repudiation"):
        assert needed in shown
    assert f"O = {LABORATORY}" in shown


def test_nothing_is_overwritten(keys: Keys) -> None:
    before = keys.signer.read_bytes()
    with pytest.raises(CertificateError, match="is there already"):
        make_authority(keys.root.parent, [PERSON], laboratory=LABORATORY)
    assert keys.signer.read_bytes() == before


def test_a_folder_that_cannot_be_written_is_left_without_half_an_authority(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CertificateError, match="cannot be written"):
        make_authority(tmp_path / "file", ["a"], laboratory=LABORATORY)
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "b.pem").symlink_to(tmp_path / "nowhere" / "b.pem")
    with pytest.raises(CertificateError, match="cannot be written"):
        make_authority(tmp_path / "keys", ["a", "b"], laboratory=LABORATORY)
    assert [file.name for file in (tmp_path / "keys").iterdir()] == ["b.pem"]


@pytest.mark.parametrize("names", [[], [""], [" "], ["a\n"], ["a" * 65], ["é" * 33], ["‮a"], ["---"], ["A", "a"]])
def test_names_that_cannot_be_used_are_refused(tmp_path: Path, names: list[str]) -> None:
    with pytest.raises(CertificateError):
        make_authority(tmp_path / "keys", names, laboratory=LABORATORY)
    assert not (tmp_path / "keys").exists()


def test_a_person_called_as_the_authority_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CertificateError, match="same file name"):
        make_authority(tmp_path, ["Test authority"], laboratory=LABORATORY)


def test_a_key_of_another_authority_is_no_test_key(other: Issued, tmp_path: Path) -> None:
    signer = issue(PERSON, other)
    identity = load_identity(secret_file(tmp_path / "a.pem", pem(other, signer, signer.key)))
    assert (identity.name, identity.test, len(identity.chain)) == (PERSON, False, 2)


def test_the_name_of_a_test_authority_alone_makes_no_test_key(tmp_path: Path) -> None:
    above = root(TEST_SUBJECT)
    signer = issue(PERSON, above)
    assert not load_identity(secret_file(tmp_path / "a.pem", pem(signer.key, signer, above))).test


def test_a_test_key_without_its_root_is_still_one(keys: Keys, tmp_path: Path) -> None:
    """Cutting the root out of the file would otherwise let a test key sign measured values."""
    identity = keys.identity
    file = secret_file(tmp_path / "a.pem", pem(identity.key, identity.certificate))
    assert (load_identity(file).test, len(load_identity(file).chain)) == (True, 1)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_a_key_file_that_others_may_read_is_refused(keys: Keys, tmp_path: Path, mode: int) -> None:
    file = secret_file(tmp_path / "a.pem", keys.signer.read_bytes(), mode)
    with pytest.raises(CertificateError, match=f"others may read it .*{mode:04o}.*chmod 600"):
        load_identity(file)


def test_each_fault_of_a_key_file_is_named(other: Issued, tmp_path: Path) -> None:
    good, sealed = issue(PERSON, other), issue(PERSON, other, usage="key_encipherment")
    late = issue(PERSON, other, begin=NOW - dt.timedelta(days=90))
    early = issue(PERSON, other, begin=NOW + dt.timedelta(days=9000))
    big = issue(PERSON, other, key=ec.generate_private_key(ec.SECP384R1()))
    old = issue(PERSON, other, key=rsa.generate_private_key(65537, 2048))
    authority, bare = issue(PERSON, other, authority=True), issue(PERSON, other, usage="")
    stranger = ec.generate_private_key(ec.SECP256R1())
    garbled = b"-----BEGIN CERTIFICATE-----\nMAAA\n-----END CERTIFICATE-----\n"
    cases = {
        "has no private key": pem(good, other),
        "has no certificate": pem(good.key),
        "does not match": pem(stranger, good, other),
        "has expired": pem(late.key, late, other),
        "not yet valid": pem(early.key, early, other),
        "neither digitalSignature nor contentCommitment": pem(sealed.key, sealed, other),
        "nor contentCommitment": pem(bare.key, bare, other),
        "is an authority": pem(authority.key, authority, other),
        "not ECDSA on the curve P-256": pem(big.key, big, other),
        "not ECDSA": pem(old.key, old, other),
        "no PEM that can be read": b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n" + pem(good),
        "Unable to load PEM file": b"-----BEGIN PRIVATE KEY-----",
        "certificate in it cannot be read": pem(good.key) + garbled,
        "opens without a pass phrase": b"nothing of the kind",
        "larger than 1 MiB": b"\0" * (1024 * 1024 + 1),
    }
    for number, (told, content) in enumerate(cases.items()):
        file = secret_file(tmp_path / f"{number}.pem", content)
        with pytest.raises(CertificateError, match=told) as refused:
            load_identity(file)
        assert refused.value.where == str(file), told
        assert "://" not in str(refused.value)
    with pytest.raises(CertificateError, match="cannot be read"):
        load_identity(tmp_path / "absent.pem")
    with pytest.raises(CertificateError, match="cannot be read"):
        load_identity(tmp_path)


def test_content_commitment_alone_suffices(other: Issued, tmp_path: Path) -> None:
    signer = issue(PERSON, other, usage="content_commitment")
    assert load_identity(secret_file(tmp_path / "a.pem", pem(signer.key, signer))).name == PERSON


def test_an_expired_certificate_is_refused_on_a_later_day(keys: Keys) -> None:
    """The computer's own clock, in a process of its own."""
    script = "import pathlib, sys; from hil_calibration.certificate.signing import load_identity as load\n"
    command = [sys.executable, "-c", f"{script}load(pathlib.Path(sys.argv[1]))", str(keys.signer)]
    done = subprocess.run(["faketime", "2031-01-01", *command], capture_output=True, text=True, check=False)
    assert "has expired: it ended" in done.stderr
    assert done.returncode == 1


@pytest.fixture(scope="module")
def bag(tmp_path_factory: pytest.TempPathFactory, keys: Keys) -> Path:
    """A PKCS #12 file as openssl makes it."""
    folder = tmp_path_factory.mktemp("bag")
    (folder / "phrase").write_text("naïve phrase\nnot this line\n")
    (folder / "phrase").chmod(0o600)
    _openssl("pkcs12", "-export", "-in", keys.signer, "-out", folder / "a.p12", "-passout", f"file:{folder / 'phrase'}")
    return folder / "a.p12"


def test_pkcs12_opens_with_the_first_line_of_the_pass_file(bag: Path, keys: Keys) -> None:
    identity = load_identity(bag, pass_file=bag.with_name("phrase"))
    assert identity == keys.identity or identity.chain == keys.identity.chain
    assert identity.test


def test_pkcs12_opens_with_the_phrase_of_the_environment(bag: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HIL_PASS_PHRASE", "naïve phrase")
    assert load_identity(bag).name == PERSON


def test_pkcs12_with_the_wrong_phrase_or_none_is_refused(bag: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CertificateError, match="--pass-file or HIL_PASS_PHRASE"):
        load_identity(bag)
    monkeypatch.setenv("HIL_PASS_PHRASE", "wrong")
    with pytest.raises(CertificateError, match="that the pass phrase opens"):
        load_identity(bag)


def test_pass_files_that_others_may_read_or_that_are_empty_are_refused(bag: Path, tmp_path: Path) -> None:
    with pytest.raises(CertificateError, match="others may read it"):
        load_identity(bag, pass_file=secret_file(tmp_path / "a", b"naive", 0o644))
    with pytest.raises(CertificateError, match="no pass phrase in its first line"):
        load_identity(bag, pass_file=secret_file(tmp_path / "b", b"\nnaive"))
    with pytest.raises(CertificateError, match="cannot be read"):
        load_identity(bag, pass_file=tmp_path / "absent")


def test_pkcs12_without_a_key_is_refused(keys: Keys, tmp_path: Path) -> None:
    content = pkcs12.serialize_key_and_certificates(
        b"a", None, None, [x509.load_pem_x509_certificate(keys.root.read_bytes())], BestAvailableEncryption(b"phrase")
    )
    file = secret_file(tmp_path / "a.p12", content)
    with pytest.raises(CertificateError, match="no private key"):
        load_identity(file, pass_file=secret_file(tmp_path / "phrase", b"phrase"))


def test_pkcs12_that_anybody_opens_is_as_secret_as_a_plain_key(keys: Keys, tmp_path: Path) -> None:
    identity = keys.identity
    content = pkcs12.serialize_key_and_certificates(b"a", identity.key, identity.certificate, None, NoEncryption())
    assert load_identity(secret_file(tmp_path / "a.p12", content)).name == PERSON
    with pytest.raises(CertificateError, match="others may read it"):
        load_identity(secret_file(tmp_path / "b.p12", content, 0o644))


def test_a_key_file_with_a_pass_phrase(keys: Keys, tmp_path: Path) -> None:
    phrase = secret_file(tmp_path / "phrase", b"phrase\n")
    _openssl("pkcs8", "-topk8", "-in", keys.signer, "-out", tmp_path / "key", "-passout", f"file:{phrase}")
    sealed = (tmp_path / "key").read_bytes() + pem(*keys.identity.chain)
    file = secret_file(tmp_path / "a.pem", sealed)
    assert load_identity(file, pass_file=phrase).name == PERSON
    with pytest.raises(CertificateError, match="HIL_PASS_PHRASE"):
        load_identity(file)


def test_the_private_key_is_not_shown(keys: Keys) -> None:
    assert repr(keys.identity) == f"Identity(name={PERSON!r}, test=True)"


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_broken_key_file_raises_anything_else(keys: Keys, tmp_path: Path, data: st.DataObject) -> None:
    content = bytearray(keys.signer.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    file = secret_file(tmp_path / "a.pem", bytes(content[: data.draw(st.integers(0, len(content)))]))
    try:
        load_identity(file)
    except CertificateError:
        return


def _openssl(*arguments: str | Path) -> str:
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
