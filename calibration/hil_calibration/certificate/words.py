"""Texts of a document: translated, or the same in every language; never markup, one paragraph each."""

from __future__ import annotations

from dataclasses import dataclass

from . import grammar


@dataclass(frozen=True)
class Text:
    """A text in the languages of a certificate.

    :param en: English, one paragraph.
    :param fr: French, one paragraph.
    :raises CertificateError: one of them is empty.
    """

    en: str
    fr: str

    def __post_init__(self) -> None:
        grammar.words(self.en, "English text")
        grammar.words(self.fr, "French text")


Words = Text | str
"""A translated text, or a string that is the same in every language (a name, a number)."""


def label(words: Words) -> str:
    """The English text, for messages."""
    return words.en if isinstance(words, Text) else words


def name(words: Words, what: str) -> None:
    """A name: a text of at most :data:`.grammar.LONGEST_NAME` characters.

    :raises CertificateError: it is empty, too long, or holds characters that no document may.
    """
    for text in (words.en, words.fr) if isinstance(words, Text) else (words,):
        grammar.name(text, what)


def optional(words: Words, what: str) -> None:
    """A text or nothing.

    :raises CertificateError: it holds characters that no document may.
    """
    if isinstance(words, str) and words:
        grammar.words(words, what)
