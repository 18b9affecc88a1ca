"""Mail against real servers on loopback that greylist, refuse, drop, hang, or offer no encryption."""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from authority import Authority
from hil.notify.config import Settings
from hil.notify.courier import Courier
from hil.notify.desk import MAIL, Bell, Desk
from hil.notify.lines import DrillLine
from hil.notify.mail import Mailer
from hil.notify.notices import Notice
from hil.notify.outbox import Message, Outbox
from hil.notify.trying import Verdict
from mail_server import Habits, cut, logs_in, mail_server, silent_server, tls
from notifying import SECRET, Hand, line, settings

ONE_LEVEL = """
[mail]
host = "{host}"
port = {port}
sender = "bench@example.org"
{more}

[[levels]]
mail = ["first@example.org", "other@example.org"]

[[levels]]
after = "10 min"
mail = ["second@example.org"]
"""


def message(to: str = "first@example.org") -> Message:
    payload = '{"subject": "[HIGH] bench: hot", "body": "value: 81 ± 1 °C\\n", "utc": 1800000000000000000}'
    return Message(1, f"key to {to}", "mail", to, Notice(level=0, tellings=()), payload, 0, 0)


def given(folder: Path, port: int, more: str = 'security = "none"', host: str = "127.0.0.1") -> Settings:
    return settings(folder, ONE_LEVEL.format(host=host, port=port, more=more))


def mailer(found: Settings, **more: float) -> Mailer:
    assert found.file.mail is not None
    return Mailer(found.file.mail, found, **more)


async def test_a_mail_comes_with_the_headers_that_it_must_have(tmp_path: Path) -> None:
    async with mail_server(habits := Habits()) as port:
        sender = mailer(given(tmp_path, port))
        assert (await sender.send(message())).verdict is Verdict.DELIVERED
        assert (await sender.send(message())).verdict is Verdict.DELIVERED
    one, two = habits.mails
    assert one["Message-ID"] == two["Message-ID"]
    assert one["Message-ID"].endswith("@example.org>")
    assert (one["From"], one["To"]) == ("bench@example.org", "first@example.org")
    assert one["Subject"] == "[HIGH] bench: hot"
    assert one["Auto-Submitted"] == "auto-generated"
    assert one["Date"] == "Fri, 15 Jan 2027 08:00:00 +0000"
    assert one.get_content().strip() == "value: 81 ± 1 °C"


@pytest.mark.parametrize(
    ("code", "verdict"), [("451 try again later", Verdict.FAILED), ("550 no such person", Verdict.REFUSED)]
)
@pytest.mark.parametrize("where", ["at_rcpt", "at_data"])
async def test_4xx_is_tried_again_and_5xx_is_not(tmp_path: Path, where: str, code: str, verdict: Verdict) -> None:
    habits = Habits(at_rcpt=lambda _: code) if where == "at_rcpt" else Habits(at_data=lambda: code)
    async with mail_server(habits) as port:
        outcome = await mailer(given(tmp_path, port)).send(message())
    assert outcome.verdict is verdict
    assert outcome.why == f"the mail server said {code}"


async def test_a_server_that_refuses_a_sender_or_speaks_of_itself_is_taken_at_its_code(tmp_path: Path) -> None:
    async with silent_server(b"421 too busy\r\n") as port:
        assert (await mailer(given(tmp_path, port)).send(message())).verdict is Verdict.FAILED
    async with silent_server(b"554 no mail from here\r\n") as port:
        assert (await mailer(given(tmp_path, port)).send(message())).verdict is Verdict.REFUSED


async def test_a_server_that_is_silent_is_left_and_tried_again(tmp_path: Path) -> None:
    async with silent_server() as port:
        outcome = await mailer(given(tmp_path, port), step=0.05).send(message())
        assert outcome.verdict is Verdict.FAILED
        outcome = await mailer(given(tmp_path, port), deadline=0.05).send(message())
        assert (outcome.verdict, "within 0.05 s" in outcome.why) == (Verdict.FAILED, True)
    async with silent_server(b"220 hello\r\n") as port:
        outcome = await mailer(given(tmp_path, port), step=0.05).send(message())
        assert (outcome.verdict, "may have arrived" in outcome.why) == (Verdict.FAILED, True)


async def test_a_server_that_is_down_is_tried_again(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    outcome = await mailer(given(tmp_path, port)).send(message())
    assert outcome.verdict is Verdict.FAILED
    assert outcome.why.startswith("the mail server cannot be reached")


async def test_a_line_that_drops_after_the_mail_is_tried_again_under_the_same_name(tmp_path: Path) -> None:
    async with mail_server(habits := Habits(after_data=cut)) as port:
        outcomes = [await mailer(given(tmp_path, port)).send(message()) for _ in range(2)]
    assert [outcome.verdict for outcome in outcomes] == [Verdict.FAILED] * 2
    assert "may have arrived" in outcomes[0].why
    assert len({mail["Message-ID"] for mail in habits.mails}) == 1


async def test_a_server_that_hangs_on_goodbye_has_the_mail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def hang(*_: Any) -> str:
        await asyncio.Event().wait()
        return ""

    monkeypatch.setattr("hil.notify.mail.GOODBYE", 0.05)
    habits = Habits()
    habits.handle_QUIT = hang  # type: ignore[attr-defined]
    async with mail_server(habits) as port:
        assert (await mailer(given(tmp_path, port)).send(message())).verdict is Verdict.DELIVERED


async def test_no_mail_goes_out_in_clear_where_encryption_is_wanted_and_not_offered(tmp_path: Path) -> None:
    async with mail_server(habits := Habits()) as port:
        outcome = await mailer(given(tmp_path, port, 'security = "starttls"')).send(message())
    assert (outcome.verdict, habits.mails) == (Verdict.REFUSED, [])
    assert "[mail] does not fit the server" in outcome.why


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_encrypted_mail_goes_out_where_the_laboratorys_authority_signed_for_the_server(
    tmp_path: Path, security: str
) -> None:
    context = tls(Authority(tmp_path / "ca").issue("server"))
    offers: dict[str, Any] = {"tls_context": context, "require_starttls": True}
    if security == "tls":
        offers = {"listens_with": context}
    async with mail_server(habits := Habits(), **offers) as port:
        known = given(tmp_path, port, f'security = "{security}"\nca = "ca/ca.pem"')
        assert (await mailer(known).send(message())).verdict is Verdict.DELIVERED
        strange = given(tmp_path, port, f'security = "{security}"')
        outcome = await mailer(strange).send(message())
    assert (outcome.verdict, len(habits.mails)) == (Verdict.FAILED, 1)
    assert "certificate verify failed" in outcome.why


@pytest.mark.parametrize(("password", "verdict"), [(SECRET, Verdict.DELIVERED), (b"wrong", Verdict.REFUSED)])
async def test_the_bench_logs_in_with_the_password_of_its_file(
    tmp_path: Path, password: bytes, verdict: Verdict
) -> None:
    context = tls(Authority(tmp_path / "ca").issue("server"))
    server = mail_server(
        Habits(), tls_context=context, authenticator=logs_in("bench", password.decode()), auth_required=True
    )
    async with server as port:
        found = given(tmp_path, port, 'ca = "ca/ca.pem"\nuser = "bench"\npassword_file = "password"')
        outcome = await mailer(found).send(message())
    assert outcome.verdict is verdict
    assert SECRET.decode() not in outcome.why


class Post:
    """A desk and a courier of mail, with a clock that is set by hand; what they say is kept."""

    def __init__(self, folder: Path, port: int) -> None:
        found = given(folder, port)
        self.hand = Hand()
        self.said: list[dict[str, Any]] = []
        self.outbox = Outbox(folder / "outbox", self.hand().t)
        bell = Bell()
        self.desk = Desk(found.file, "bench", self.outbox, self.hand, self.say, bell)
        self.courier = Courier(MAIL, mailer(found).send, self.outbox, self.desk, self.hand, self.say, bell)

    def say(self, outcome: str, **more: Any) -> None:
        self.said.append({"outcome": outcome, **more})

    async def after(self, seconds: float) -> None:
        self.hand.advance(seconds)
        self.desk.tick()
        while await self.courier.once():
            pass

    def outcomes(self, to: str) -> list[str]:
        return [each["outcome"] for each in self.said if each.get("to") == f"{to}@example.org"]


async def test_one_who_is_refused_for_now_is_tried_again_and_nobody_else(tmp_path: Path) -> None:
    refused: Counter[str] = Counter()

    def greylist(address: str) -> str:
        refused[address] += 1
        return "451 come back" if address.startswith("other") and refused[address] < 3 else ""

    async with mail_server(habits := Habits(at_rcpt=greylist)) as port:
        post = Post(tmp_path, port)
        post.desk.take(line(number=1))
        for seconds in (0, 59, 1, 119, 1, 3600):
            post.desk.take(line("acknowledged", number=2))
            await post.after(seconds)
    assert habits.taken == ["first@example.org", "other@example.org"]
    assert post.outcomes("first") == ["delivered"]
    assert post.outcomes("other") == ["failed", "failed", "delivered"]
    assert (post.said[0], post.outbox.waiting) == ({"outcome": "taken", "number": 1}, 0)
    post.outbox.close()


async def test_one_who_is_refused_for_good_is_not_tried_again_and_the_next_level_waits_while_another_is_told(
    tmp_path: Path,
) -> None:
    habits = Habits(at_rcpt=lambda address: "550 no such person" if address.startswith("other") else "")
    async with mail_server(habits) as port:
        post = Post(tmp_path, port)
        post.desk.take(line())
        await post.after(0)
        assert post.outcomes("other") == ["refused"]
        assert post.outcomes("second") == []
        await post.after(599)
        assert post.outcomes("second") == []
        await post.after(1)
        await post.after(86_400)
    assert habits.taken == ["first@example.org", "second@example.org"]
    assert [mail["Subject"] for mail in habits.mails] == [
        "[HIGH] bench: lamp hot",
        "[HIGH] bench: not acknowledged: lamp hot",
    ]
    post.outbox.close()


async def test_where_a_whole_level_is_refused_the_next_is_told_at_once_and_where_all_are_the_core_knows(
    tmp_path: Path,
) -> None:
    known = {"second@example.org"}
    async with mail_server(Habits(at_rcpt=lambda to: "" if to in known else "550 no such person")) as port:
        post = Post(tmp_path, port)
        post.desk.take(line())
        await post.after(0)
        assert post.outcomes("second") == ["delivered"]
        known.clear()
        post.desk.take(line(alarm="other"))
        await post.after(0)
    assert post.outcomes("second") == ["delivered", "refused"]
    assert post.said[-1] == {"outcome": "unreached", "alarm": "other", "episode": 1, "run": "run-1"}
    post.outbox.close()


async def test_a_dead_mail_server_is_tried_for_a_day_then_given_up_and_said_so_each_time(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        post = Post(tmp_path, closed.getsockname()[1])
    post.desk.take(line(priority="low"))
    for _ in range(25 * 60):
        await post.after(60)
    told = post.outcomes("first")
    assert told[-1] == "gave up"
    assert set(told[:-1]) == {"failed"}
    assert 24 <= len(told) <= 30
    assert "unreached" in [each["outcome"] for each in post.said]
    assert post.outbox.waiting == 0
    post.outbox.close()


async def test_whatever_a_sender_meets_the_message_is_tried_again(tmp_path: Path) -> None:
    async def broken(_: Message) -> Any:
        raise RuntimeError("a bug")

    post = Post(tmp_path, 1)
    post.desk.take(line())
    courier = Courier(MAIL, broken, post.outbox, post.desk, post.hand, post.say, Bell())
    assert await courier.once()
    assert (post.said[-1]["outcome"], post.said[-1]["why"]) == ("failed", "RuntimeError: a bug")
    assert post.outbox.waiting == 2
    post.outbox.close()


async def test_everybody_is_told_of_a_test_once(tmp_path: Path) -> None:
    async with mail_server(habits := Habits()) as port:
        post = Post(tmp_path, port)
        for name in ("a", "a", "b"):
            post.desk.take(DrillLine(test=name))
        await post.after(0)
    assert sorted(habits.taken) == sorted(["first@example.org", "other@example.org", "second@example.org"] * 2)
    assert {mail["Subject"] for mail in habits.mails} == {"[TEST] bench: this is a test"}
    assert [said["test"] for said in post.said] == ["a"] * 3 + ["b"] * 3
    post.outbox.close()
