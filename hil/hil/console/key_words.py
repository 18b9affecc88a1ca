"""What the console says in the place of a command line that a refusal names: the key that does it here."""

from __future__ import annotations

_INSTEAD = {
    "hil lease request": "L",
    "hil handover read": "H",
    "hil queue add": "o in the queue (3)",
    "hil queue list": "the queue (3)",
    "hil abort": "^p Abort",
    "hil answer": "i",
    "hil status": "the overview (1)",
    "hil stop": "^x",
}


def with_keys(words: str) -> str:
    """``words`` with keys of the console instead of commands.

    >>> with_keys("ask for it with hil lease request")
    'ask for it with L'
    """
    for command, key in _INSTEAD.items():
        words = words.replace(command, key)
    return words
