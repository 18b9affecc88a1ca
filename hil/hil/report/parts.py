"""What the pages of all reports are made of: no script, nothing loaded from outside, well-formed XML too."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from importlib.resources import files

from ..results import SummaryTable, Verdict
from .model import Instrument, Provenance, Recordings, Row

MARKS = {
    "simulated": ("SIMULATED", "Every value comes from a simulated bench; none was measured."),
    "replayed": ("REPLAYED", "The values were replayed from recorded inputs, not measured anew."),
}

RECORDINGS: dict[Recordings, str] = {
    "recorded": "The values were obtained from recordings with reference values made elsewhere; nothing was measured "
    "on this bench. The report holds for the conditions of these recordings.",
    "synthetic": "The values were replayed from recordings that are synthetic: nothing physical was measured.",
    "not stated": "The values were replayed, not measured anew. Origin of recordings not stated: nothing shows that "
    "they are of anything real.",
}
"""What is said of replayed values, by what was replayed."""


def page(title: str, identifier: str, body: Iterable[str]) -> str:
    """A whole page; ``body`` is escaped already."""
    text = "\n".join(body)
    return (
        '<!DOCTYPE html>\n<html lang="en" xmlns="http://www.w3.org/1999/xhtml">\n<head>\n<meta charset="utf-8" />\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1" />\n'
        f"<title>{escape(title)} — {escape(identifier)}</title>\n<style>\n{_style()}</style>\n</head>\n"
        f"<body>\n{text}\n</body>\n</html>\n"
    )


def heading(
    kind: str,
    title: str,
    question: str,
    identifier: str,
    provenance: Provenance,
    recordings: Recordings = "none",
    *,
    origin: str = "",
) -> Iterable[str]:
    """The head of a page; whatever was not measured is marked behind every line of it.

    :param recordings: what was replayed, where the values were.
    :param origin: says where the values come from, in place of the sentence for that ``provenance``.
    """
    mark = MARKS.get(provenance)
    yield _watermark(mark[0]) if mark else ""
    yield f'<p class="kind"><span>{escape(kind)}</span><span>{escape(identifier)}</span></p>'
    yield f"<h1>{escape(title)}</h1>"
    yield f'<p class="question">{escape(question)}</p>'
    yield _banner(mark[0], origin or RECORDINGS.get(recordings) or mark[1]) if mark else ""


def figure(svg: bytes, caption: str, *, marked: bool) -> str:
    """A picture with its caption.

    :param marked: whether the picture bears the mark of the page itself; that of the page then lies behind it, so that
        it stands there once.
    """
    kind = ' class="marked"' if marked else ""
    return f"<figure{kind}>{svg.decode()}<figcaption>{escape(caption)}</figcaption></figure>"


def _style() -> str:
    return (files(__package__) / "report.css").read_text(encoding="utf-8")


def _watermark(word: str) -> str:
    return (
        '<div class="watermark" aria-hidden="true"><svg xmlns="http://www.w3.org/2000/svg"><defs>'
        '<pattern id="watermark" width="330" height="210" patternUnits="userSpaceOnUse" patternTransform="rotate(-28)">'
        '<text x="6" y="60" font-family="Arial, Helvetica, sans-serif" font-size="44" font-weight="700" '
        f'letter-spacing="3">{escape(word)}</text>'
        '<text x="-159" y="165" font-family="Arial, Helvetica, sans-serif" font-size="44" font-weight="700" '
        f'letter-spacing="3">{escape(word)}</text>'
        '<text x="171" y="165" font-family="Arial, Helvetica, sans-serif" font-size="44" font-weight="700" '
        f'letter-spacing="3">{escape(word)}</text>'
        '</pattern></defs><rect width="100%" height="100%" fill="url(#watermark)" /></svg></div>'
    )


def _banner(word: str, sentence: str) -> str:
    return f'<div class="banner" role="note"><strong>{escape(word)}</strong><span>{escape(sentence)}</span></div>'


def verdict_section(verdict: Verdict, risk: str = "") -> str:
    """The outcome, and why, and at which risk."""
    risked = f"<dt>Risk</dt><dd>{escape(risk)}</dd>" if risk else ""
    return (
        f'<section class="verdict {verdict.outcome.lower()}"><div class="outcome">{escape(verdict.outcome)}</div><dl>'
        f'<dt>Requirement</dt><dd class="requirement">{escape(verdict.requirement)}</dd>'
        f"<dt>Because</dt><dd>{escape(verdict.reason)}</dd>"
        f"<dt>Decision rule</dt><dd>{escape(verdict.rule)}</dd>{risked}</dl></section>"
    )


def notes_section(notes: Iterable[str]) -> str:
    """What qualifies the result."""
    lines = "".join(f"<p>{escape(note)}</p>" for note in notes)
    return f'<div class="notes">{lines}</div>' if lines else ""


def table(made: SummaryTable) -> str:
    """A table with its title; every column but the first holds numbers."""
    heads = "".join(f"<th{_number(place)}>{escape(head)}</th>" for place, head in enumerate(made.columns))
    rows = "".join(
        "<tr>" + "".join(f"<td{_number(place)}>{escape(cell)}</td>" for place, cell in enumerate(row)) + "</tr>"
        for row in made.rows
    )
    return f"<h2>{escape(made.title)}</h2><table><tr>{heads}</tr>{rows}</table>"


def _number(place: int) -> str:
    return ' class="number"' if place else ""


def budget_section(title: str, unit: str, budget: Sequence[tuple[str, str, str]]) -> str:
    """An uncertainty budget; its last row is the combined standard uncertainty."""
    if not budget:
        return ""
    *lines, total = budget
    rows = "".join(_budget_line(*line) for line in lines)
    name, u, share = (escape(cell) for cell in total)
    return (
        f'<h2>{escape(title)}</h2><table><tr><th>Source</th><th class="number">u / {escape(unit)}</th>'
        f'<th class="number">share / %</th><th class="share"></th></tr>{rows}<tr class="total"><td>{name}</td>'
        f'<td class="number">{u}</td><td class="number">{share}</td><td></td></tr></table>'
    )


def _budget_line(name: str, u: str, share: str) -> str:
    try:
        width = min(100.0, max(0.0, float(share)))
    except ValueError:
        width = 0.0
    return (
        f'<tr><td>{escape(name)}</td><td class="number">{escape(u)}</td><td class="number">{escape(share)}</td>'
        f'<td class="share"><span class="bar" style="width:{width:.1f}%"></span></td></tr>'
    )


def pairs(rows: Iterable[Row], *, code: bool = False) -> str:
    """Names and what belongs to them."""

    def cell(value: str) -> str:
        long = code and " " not in value and len(value) > 24
        return f"<code>{escape(value)}</code>" if long else escape(value)

    lines = "".join(f"<tr><td>{escape(name)}</td><td>{cell(value)}</td></tr>" for name, value in rows)
    return f'<table class="pairs">{lines}</table>'


def equipment(instruments: Iterable[Instrument]) -> str:
    """The instruments that measured, with their certificates."""
    head = "<tr><th>Instrument</th><th>Manufacturer, model</th><th>Serial number</th><th>Certificate</th></tr>"
    return f"<table>{head}{''.join(_instrument(instrument) for instrument in instruments)}</table>"


def _instrument(instrument: Instrument) -> str:
    certificate = '<span class="missing">none: not traceable</span>'
    if instrument.certificate:
        certificate = f"{escape(instrument.certificate)}<br /><code>SHA-256 {escape(instrument.sha256)}</code>"
    return (
        f"<tr><td>{escape(instrument.description)}<br /><code>{escape(instrument.role)}</code></td>"
        f"<td>{escape(instrument.manufacturer)}, {escape(instrument.model)}</td>"
        f"<td>{escape(instrument.serial)}</td><td>{certificate}</td></tr>"
    )


def sentences_list(sentences: Iterable[str]) -> str:
    """One sentence for each line."""
    return f"<ul>{''.join(f'<li>{escape(sentence)}</li>' for sentence in sentences)}</ul>"


AGAIN = "The numbers can be made again from the run's record, whose chain head is given above."


def footer(identifier: str, provenance: Provenance, again: str = AGAIN) -> str:
    """What the page is not, and how its numbers are made ``again``."""
    origin = {"simulated": "Simulated. ", "replayed": "Replayed. "}.get(provenance, "")
    return (
        f"<footer>{escape(identifier)}. {origin}This report is not a calibration certificate and claims no "
        f"accreditation. It carries no signature. {escape(again)}</footer>"
    )
