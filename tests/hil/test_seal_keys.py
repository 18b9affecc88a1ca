"""The laboratory's key: only its owner may read it, and only Ed25519 is taken."""

from __future__ import annotations

import stat
import subprocess
from pathlib import Path

import pytest

from bench_copy import copy_bench, hil
from hil.errors import UsageError
from hil.sealing.keys import load_private, load_public, new_key, public_of
from runs import make_key, write_run


def test_a_new_key_is_its_owners_alone(tmp_path: Path) -> None:
    """Mode 0600 for the private one; the identifier is of the public one."""
    private, public = make_key(tmp_path)
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    assert load_public(public) == load_private(private).public == load_public(private)
    assert load_public(public).verifies(load_private(private).sign(b"x"), b"x")
    assert not load_public(public).verifies(load_private(private).sign(b"x"), b"y")


def test_a_key_is_never_written_over(tmp_path: Path) -> None:
    """Neither the private nor the public one."""
    private, public = make_key(tmp_path)
    before = private.read_bytes()
    with pytest.raises(UsageError, match="is there already"):
        new_key(private)
    public.unlink()
    with pytest.raises(UsageError, match="keys are kept"):
        new_key(private)
    assert private.read_bytes() == before
    with pytest.raises(UsageError, match="cannot be written"):
        new_key(tmp_path / "absent" / "key.pem")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_a_key_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    """It says what to do."""
    private, _ = make_key(tmp_path)
    private.chmod(mode)
    with pytest.raises(UsageError, match=rf"its mode is {mode:04o}\); chmod 600"):
        load_private(private)


def test_a_public_key_in_place_of_the_private_one_is_called_that(tmp_path: Path) -> None:
    """Whatever its mode, which is not what is wrong with it."""
    _, public = make_key(tmp_path)
    for mode in (0o644, 0o600):
        public.chmod(mode)
        with pytest.raises(UsageError, match="is a public key, not a private one; give the private key that belongs"):
            load_private(public)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"], "not one of Ed25519"),
        (["-algorithm", "ed25519", "-aes256", "-pass", "pass:secret"], "without pass phrase"),
    ],
)
def test_other_keys_are_refused(tmp_path: Path, arguments: list[str], message: str) -> None:
    """Another algorithm; a pass phrase. Both keys are OpenSSL's."""
    path = tmp_path / "other.pem"
    subprocess.run(["openssl", "genpkey", *arguments, "-out", path], check=True, capture_output=True)
    path.chmod(0o600)
    with pytest.raises(UsageError, match=message):
        load_private(path)


def test_a_key_that_openssl_made_is_taken(tmp_path: Path) -> None:
    """PKCS #8 is PKCS #8."""
    path = tmp_path / "key.pem"
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", path], check=True, capture_output=True)
    path.chmod(0o600)
    public = tmp_path / "public.pem"
    subprocess.run(["openssl", "pkey", "-in", path, "-pubout", "-out", public], check=True, capture_output=True)
    assert load_private(path).public == load_public(public)


def test_what_is_no_key(tmp_path: Path) -> None:
    """A missing file, another file, other bytes."""
    with pytest.raises(UsageError, match="cannot be read"):
        load_private(tmp_path / "absent.pem")
    (tmp_path / "text").write_text("no key")
    (tmp_path / "text").chmod(0o600)
    for load in (load_private, load_public):
        with pytest.raises(UsageError, match="is not a p") as caught:
            load(tmp_path / "text")
        assert "http" not in str(caught.value)
    with pytest.raises(ValueError, match="not a public key"):
        public_of(b"no key")


async def test_a_bench_names_the_key_of_its_laboratory(tmp_path: Path) -> None:
    """On the command line; without [signing] it says what to write, and nothing is sealed."""
    bench = copy_bench(tmp_path / "bench")
    make_key(tmp_path / "bench", "signing")
    await write_run(tmp_path / "runs" / "run", 10)
    refused = hil("data", "seal", "run", "--bench", bench, cwd=tmp_path)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "lab.toml: names no key; write key = " in refused.stderr
    with (tmp_path / "bench" / "lab.toml").open("a", encoding="utf-8") as file:
        file.write('\n[signing]\nkey = "signing.pem"\n')
    sealed = hil("data", "seal", "run", "--bench", bench, cwd=tmp_path)
    assert sealed.returncode == 0, sealed.stderr
    assert "signed by the key" in sealed.stdout
    verified = hil("data", "verify", "run", "--key", tmp_path / "bench" / "signing.pub.pem", cwd=tmp_path)
    assert verified.returncode == 0, verified.stderr
    assert "that was given" in verified.stdout


def test_keys_on_the_command_line(tmp_path: Path) -> None:
    """Made, shown, and not made twice."""
    made = hil("data", "keys", "new", "lab.pem", cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    shown = hil("data", "keys", "show", "lab.pub.pem", cwd=tmp_path)
    assert made.stdout.endswith(f"identifier {shown.stdout}")
    assert hil("data", "keys", "new", "lab.pem", cwd=tmp_path).returncode == 2
