"""Tokens: shown once, kept as a digest, good for a time, and gone at once when they are revoked."""

from __future__ import annotations

import hashlib
import json
import stat
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil.access.tokens import DAY, Tokens
from hil.errors import ConfigurationError, UsageError


class Wall:
    """A clock that is set by hand."""

    now = 1_790_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def wall() -> Wall:
    return Wall()


@pytest.fixture
def tokens(tmp_path: Path, wall: Wall) -> Tokens:
    return Tokens(tmp_path / "service" / "tokens.json", wall=wall)


def test_a_token_is_known_and_only_its_digest_is_kept(tokens: Tokens) -> None:
    secret, made = tokens.create("Console of room 2", "operate")
    assert secret.startswith("hil_")
    assert len(secret) >= 47
    assert tokens.find(secret) == made
    assert tokens.good(made.id) == made
    kept = tokens.path.read_text(encoding="utf-8")
    assert secret not in kept
    assert secret[4:] not in kept
    assert hashlib.sha256(secret.encode()).hexdigest() in kept
    assert stat.S_IMODE(tokens.path.stat().st_mode) == 0o600
    for other in ("", "hil_", secret[:-1], secret + "x", made.sha256, made.id, "hil_\udcff"):
        assert tokens.find(other) is None


def test_a_token_ends_by_time_and_by_hand_in_every_process(tokens: Tokens, wall: Wall) -> None:
    elsewhere = Tokens(tokens.path, wall=wall)
    short, _ = tokens.create("short", "view", days=1)
    long, _ = tokens.create("long", "view", days=2)
    assert elsewhere.find(short) is not None
    wall.now += DAY
    assert elsewhere.find(short) is None
    assert elsewhere.find(long) is not None
    tokens.revoke("long")
    assert elsewhere.find(long) is None
    assert [each.state(wall.now) for each in elsewhere.all()] == ["expired", "revoked"]
    again, _ = tokens.create("long", "review")
    found = elsewhere.find(again)
    assert found is not None
    assert found.role == "review"


def test_last_use_is_kept_but_not_every_one(tokens: Tokens, wall: Wall) -> None:
    secret, made = tokens.create("a", "view")
    tokens.used(made)
    first = tokens.path.stat().st_mtime_ns
    wall.now += 10
    found = tokens.find(secret)
    assert found is not None
    assert found.last_used == 1_790_000_000
    tokens.used(found)
    assert tokens.path.stat().st_mtime_ns == first
    wall.now += 60
    tokens.used(found)
    assert tokens.all()[0].last_used == 1_790_000_070


def test_a_file_that_others_can_read_lets_nobody_in(tokens: Tokens) -> None:
    secret, _ = tokens.create("a", "view")
    tokens.path.chmod(0o640)
    assert tokens.find(secret) is None
    with pytest.raises(ConfigurationError, match=r"others than its owner may use it; chmod 600"):
        tokens.all()
    tokens.path.chmod(0o600)
    assert tokens.find(secret) is not None


@pytest.mark.parametrize(
    "content",
    ["", "{}", "[]", '{"version": 2, "tokens": []}', '{"version": 1, "tokens": [{}]}', '{"version": 1, "tokens": 5}'],
)
def test_a_damaged_file_lets_nobody_in(tokens: Tokens, content: str) -> None:
    secret, _ = tokens.create("a", "view")
    tokens.path.write_text(content, encoding="utf-8")
    assert tokens.find(secret) is None
    with pytest.raises(ConfigurationError, match="is no file of tokens"):
        tokens.create("b", "view")
    assert tokens.path.read_text(encoding="utf-8") == content


@pytest.mark.parametrize(("field", "value"), [("role", "root"), ("expires", True), ("name", 3), ("revoked", "no")])
def test_a_token_of_another_kind_lets_nobody_in(tokens: Tokens, field: str, value: object) -> None:
    secret, _ = tokens.create("a", "view")
    document = json.loads(tokens.path.read_text(encoding="utf-8"))
    document["tokens"][0][field] = value
    tokens.path.write_text(json.dumps(document), encoding="utf-8")
    assert tokens.find(secret) is None


def test_what_is_asked_wrongly_is_refused(tokens: Tokens) -> None:
    tokens.create("a", "view")
    with pytest.raises(UsageError, match="has this name already"):
        tokens.create("a", "operate")
    for name in ("", " a", "a\n", "x" * 101):
        with pytest.raises(UsageError, match="is no name"):
            tokens.create(name, "view")
    with pytest.raises(UsageError, match="days"):
        tokens.create("b", "view", days=float("nan"))
    with pytest.raises(UsageError, match="no valid token"):
        tokens.revoke("b")


def test_two_that_change_at_once_lose_nothing(tokens: Tokens) -> None:
    def make(number: int) -> None:
        for each in range(5):
            Tokens(tokens.path).create(f"{number} {each}", "view")

    threads = [threading.Thread(target=make, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(tokens.all()) == 20
    assert [path.name for path in sorted(tokens.path.parent.iterdir())] == ["tokens.json", "tokens.json.lock"]


@given(st.text())
def test_whatever_is_sent_is_no_token(sent: str) -> None:
    assert Tokens(Path("/nowhere/tokens.json")).find(sent) is None
