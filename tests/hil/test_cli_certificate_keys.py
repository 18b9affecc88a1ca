"""``hil certificate keys``: a test authority that signs, and never writes over keys."""

from __future__ import annotations

from pathlib import Path

from bench_copy import hil
from hil_calibration.certificate.signing import load_identity


def test_keys_are_made_for_each_person(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    made = hil("certificate", "keys", folder, "--name", "Operator A", "--name", "Reviewer B", cwd=tmp_path)
    assert made.returncode == 0
    assert f"{folder / 'test-authority.pem'} (the root" in made.stdout
    for file, name in (("operator-a.pem", "Operator A"), ("reviewer-b.pem", "Reviewer B")):
        identity = load_identity(folder / file)
        assert (identity.name, identity.test) == (name, True)


def test_a_key_in_place_of_a_root_certificate_is_named(tmp_path: Path) -> None:
    hil("data", "keys", "new", "laboratory.pem", cwd=tmp_path)
    (tmp_path / "text.pem").write_text("nothing", encoding="utf-8")
    for file, told in (("laboratory.pub.pem", "a key and no certificate"), ("text.pem", "no certificate that can be")):
        refused = hil("certificate", "verify", "certificate.xml", "--trusted", file, cwd=tmp_path)
        assert (refused.returncode, refused.stdout) == (2, "")
        assert refused.stderr.startswith(f"hil: {file}: holds {told}")
        assert "give the root certificate of the authority" in refused.stderr
        assert "http" not in refused.stderr


def test_keys_are_never_written_over_and_names_are_needed(tmp_path: Path) -> None:
    first = hil("certificate", "keys", tmp_path, "--name", "Operator A", cwd=tmp_path)
    again = hil("certificate", "keys", tmp_path, "--name", "Operator A", cwd=tmp_path)
    unnamed = hil("certificate", "keys", tmp_path / "other", cwd=tmp_path)
    assert [first.returncode, again.returncode, unnamed.returncode] == [0, 2, 2]
    assert "is there already" in again.stderr
    assert "--name" in unnamed.stderr
