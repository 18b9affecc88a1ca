"""``notify.toml``: what it may say, and each fault by file, line and key."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from hil.errors import ConfigurationError
from hil.notify.config import load_settings
from notifying import SECRET, TWO_LEVELS, settings, write

WHOLE = """\
[mail]
host = "mail.example.org"
sender = "bench@example.org"
user = "bench"
password_file = "password"

[webhook]
url = "https://example.org/alarms"
secret_file = "secret"

[[levels]]
mail = ["first@example.org"]

[[levels]]
after = "10 min"
mail = ["second@example.org", "third@example.org"]
webhook = true

[[levels]]
after = "30 min"
webhook = true

[quiet]
start = "22:00"
end = 07:00:00
zone = "Europe/Paris"

[watcher]
url = "https://example.org/ping/1"
every = "60 s"
"""


def test_a_whole_file_says_who_is_told_how_and_when(tmp_path: Path) -> None:
    found = settings(tmp_path, WHOLE)
    assert found.file.mail is not None
    assert found.file.mail.security == "starttls"
    assert [level.after for level in found.file.levels] == [0.0, 600.0, 1800.0]
    assert found.file.levels[1].mail == ("second@example.org", "third@example.org")
    assert found.file.quiet is not None
    assert (found.file.quiet.start.hour, found.file.quiet.end.hour) == (22, 7)
    assert (found.password, found.secret) == (SECRET.decode(), SECRET)
    assert SECRET.decode() not in repr(found)


@pytest.mark.parametrize(
    ("old", "new", "line", "sentence"),
    [
        ('host = "mail.example.org"', "", 1, "mail.host: missing; expected the name of the mail server"),
        ('user = "bench"', "", 1, "mail: user and password_file belong together"),
        ('user = "bench"', 'security = "none"\nuser = "bench"', 1, "a relay on this machine"),
        (
            'user = "bench"',
            'security = "ssl"\nuser = "bench"',
            4,
            'mail.security: expected "starttls", "tls" or "none"',
        ),
        ('"bench@example.org"', '"bench"', 3, "mail.sender: expected a mail address"),
        ('"bench@example.org"', '"a@b\\nBcc: c@d"', 3, "mail.sender: expected a mail address"),
        ('"third@example.org"', '"third@"', 16, "levels[1].mail[1]: expected a list of mail address"),
        ('"https://example.org/alarms"', '"http://example.org/alarms"', 8, "webhook.url: expected a URL that begins"),
        ('"https://example.org/alarms"', '"https://a:b@example.org/"', 8, "webhook.url: expected a URL that begins"),
        ('"https://example.org/alarms"', '"https://[example.org/"', 8, "webhook.url: expected a URL that begins"),
        ('secret_file = "secret"', 'secret_file = "none"', 9, "webhook.secret_file: "),
        ('after = "10 min"', "", 14, "levels[1].after: is not later than the level before"),
        ('after = "30 min"', 'after = "10 min"', 20, "levels[2].after: is not later than the level before"),
        ('after = "30 min"', "after = 30", 20, "levels[2].after: expected how long nobody has acknowledged"),
        ('mail = ["first@example.org"]', "", 11, "levels[0]: nobody is told; give mail or webhook"),
        ('mail = ["first@example.org"]', 'after = "1 s"\nwebhook = true', 12, "levels[0].after: the first level is"),
        ("webhook = true", "webhok = true", 17, "unknown key; did you mean 'webhook'?"),
        ('start = "22:00"', 'start = "25:00"', 24, 'quiet.start: expected a time of day such as "22:00"'),
        ('start = "22:00"', 'start = "07:00"', 23, "quiet: start and end are the same"),
        ('"Europe/Paris"', '"Europe/Pari"', 26, "quiet.zone: expected a time zone"),
        ('"Europe/Paris"', '"../../etc/passwd"', 26, "quiet.zone: expected a time zone"),
        ('every = "60 s"', 'every = "1 ms"', 30, "watcher.every: expected how often it is told"),
        ('every = "60 s"', 'ca = "none.pem"', 30, "watcher.ca: there is no file"),
    ],
)
def test_a_fault_is_named_by_file_line_and_key(tmp_path: Path, old: str, new: str, line: int, sentence: str) -> None:
    assert old in WHOLE
    path = write(tmp_path, WHOLE.replace(old, new, 1))
    with pytest.raises(ConfigurationError) as caught:
        load_settings(path)
    first = str(caught.value).splitlines()[0]
    assert first.startswith(f"{path}:{line}: ")
    assert sentence in first


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    path = write(tmp_path, "[[levels]]\nmail = ['a@example.org']\nwebhook = true\n[[levels]]\nafter = '1 s'\n")
    with pytest.raises(ConfigurationError) as caught:
        load_settings(path)
    assert [text.split(": ", 1)[1] for text in str(caught.value).splitlines()] == [
        "levels[0].mail: there is no [mail]; add it",
        "levels[0].webhook: there is no [webhook]; add it",
        "levels[1]: nobody is told; give mail or webhook",
    ]


def test_a_webhook_that_no_level_uses_is_a_fault(tmp_path: Path) -> None:
    path = write(tmp_path, WHOLE.replace("webhook = true", ""))
    with pytest.raises(ConfigurationError, match="webhook: no level uses it"):
        load_settings(path)


def test_a_secret_that_others_may_read_or_that_is_too_short_is_refused_and_not_shown(tmp_path: Path) -> None:
    path = write(tmp_path, WHOLE)
    (tmp_path / "password").chmod(0o640)
    (tmp_path / "secret").write_text("short-secret", encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load_settings(path)
    told = str(caught.value)
    assert f"{path}:5: mail.password_file: others may read {tmp_path / 'password'} (mode 0640); chmod 600 it" in told
    assert f"{path}:9: webhook.secret_file: " in told
    assert "short-secret" not in told
    assert SECRET.decode() not in told


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_settings(tmp_path / "notify.toml")


def test_this_machine_may_be_spoken_to_in_clear(tmp_path: Path) -> None:
    found = settings(tmp_path, TWO_LEVELS.format(mail=25, web=80))
    assert found.file.webhook is not None
    assert found.file.webhook.url == "http://127.0.0.1:80/alarms"


def test_the_core_can_check_the_file_without_the_libraries_of_the_child() -> None:
    program = (
        "import sys; import hil.notify.config, hil.notify.lines, hil.notify.extra; "
        "print({'aiosmtplib', 'httpx', 'apsw', 'GTC'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "set()\n", "")


def test_somebody_must_be_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"notify.toml:1: levels: nobody is told; add one or more"):
        load_settings(write(tmp_path, "levels = []\n"))
