"""The protocol of an audio analyser, without any input or output."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil_drivers.errors import RemoteProtocolError
from hil_drivers.wire.audio import BLOCK, MOST_BLOCKS, STAMPED, Answers, pack, unpack, whole


def line(number: int, payload: bytes = b"", **body: Any) -> bytes:
    octets = {"bytes": len(payload)} if payload else {}
    return json.dumps({"id": number, "clock": 7, **body, **octets}).encode() + b"\n" + payload


@given(st.lists(st.integers(-(2**62), 2**62), min_size=1, max_size=4), st.integers(0, 2**32 - 1))
def test_blocks_come_out_as_they_went_in(stamps: list[int], seed: int) -> None:
    samples = np.random.default_rng(seed).integers(-32768, 32768, len(stamps) * BLOCK).astype(np.int16)
    found, read = unpack(pack(stamps, samples))
    assert found == stamps
    assert np.array_equal(read, samples)


@given(st.integers(1, 3 * STAMPED).filter(lambda n: n % STAMPED != 0))
def test_half_a_block_is_refused(count: int) -> None:
    with pytest.raises(RemoteProtocolError, match="no whole blocks"):
        unpack(bytes(count), "analyser")


@given(st.binary(min_size=1, max_size=200), st.lists(st.integers(1, 60), max_size=20))
def test_an_answer_is_the_same_however_it_is_cut(payload: bytes, cuts: list[int]) -> None:
    sent, answers = line(1, b"\n\n") + line(2, payload, blocks=1), Answers(2, "analyser")
    for cut in [*cuts, len(sent)]:
        answers.receive_data(sent[:cut])
        sent = sent[cut:]
    told = answers.next_event()
    assert told is not None
    assert (told.id, told.clock, told.payload, told.count("blocks")) == (2, 7, payload, 1)
    assert answers.next_event() is None


def test_what_was_not_asked_or_is_too_much_is_refused() -> None:
    for sent, said in ((line(3), "which was not made"), (b'{"id":2,"clock":1,"bytes":999999}\n', "announces 999999")):
        answers = Answers(2)
        answers.receive_data(sent)
        with pytest.raises(RemoteProtocolError, match=said):
            answers.next_event()
    with pytest.raises(RemoteProtocolError, match="without end"):
        Answers(2).receive_data(b"x" * 5000)
    assert MOST_BLOCKS * STAMPED < 65536


@given(st.lists(st.binary(max_size=200), max_size=20))
def test_any_bytes_are_answers_or_refused(parts: list[bytes]) -> None:
    answers = Answers(1)
    with suppress(RemoteProtocolError):
        for part in parts:
            answers.receive_data(part)
            while (event := answers.next_event()) is not None:
                assert event.id == 1


def test_samples_are_rounded_and_clipped() -> None:
    assert whole(np.array([-2.0, -1.0, 0.0, 0.4 / 32768, 1.0])).tolist() == [-32768, -32768, 0, 0, 32767]
