"""A trial's report as one self-contained HTML page: no script, nothing loaded from outside, well-formed XML too."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from importlib.resources import files

from .figures import detection_svg
from .model import Instrument, ReportData, Row, System

MARKS = {
    "simulated": ("SIMULATED", "Every value comes from a simulated bench; none was measured."),
    "replayed": ("REPLAYED", "The values were replayed from recorded inputs, not measured anew."),
}
CAPTION = (
    "Dots: proportion read at each level, with its exact interval. Line and grey band: fitted curve, average over "
    "signs. Ticks above and below: each observation, at the value measured for it."
)


def report_html(data: ReportData) -> str:
    """The report as a page. All text is escaped; numbers appear exactly as given."""
    mark = MARKS.get(data.provenance)
    body = "\n".join(
        [
            _watermark(mark[0]) if mark else "",
            f'<p class="kind"><span>Test report</span><span>{escape(data.identifier)}</span></p>',
            f"<h1>{escape(data.title)}</h1>",
            f'<p class="question">{escape(data.question)}</p>',
            _banner(*mark) if mark else "",
            _verdict(data),
            _notes(data.notes),
            _key(data.results),
            _figure(data),
            _budget(data),
            '<div class="columns">',
            f"<section><h2>Counts</h2>{_pairs(data.counts)}</section>",
            f"<section><h2>Conditions</h2>{_pairs(data.conditions)}</section>",
            "</div>",
            f"<h2>System under test</h2>{''.join(_system(system) for system in data.systems)}",
            f"<h2>Equipment</h2>{_equipment(data.instruments)}",
            f"<h2>Fitted model</h2>{_pairs(data.fit)}",
            f"<h2>Procedure and record</h2>{_pairs(data.identification, code=True)}",
            f"<h2>What this report does not prove</h2>{_list(data.limitations)}",
            _footer(data),
        ]
    )
    return (
        '<!DOCTYPE html>\n<html lang="en" xmlns="http://www.w3.org/1999/xhtml">\n<head>\n<meta charset="utf-8" />\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1" />\n'
        f"<title>{escape(data.title)} — {escape(data.identifier)}</title>\n<style>\n{_style()}</style>\n</head>\n"
        f"<body>\n{body}\n</body>\n</html>\n"
    )


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


def _verdict(data: ReportData) -> str:
    verdict = data.verdict
    return (
        f'<section class="verdict {verdict.outcome.lower()}"><div class="outcome">{escape(verdict.outcome)}</div><dl>'
        f'<dt>Requirement</dt><dd class="requirement">{escape(verdict.requirement)}</dd>'
        f"<dt>Because</dt><dd>{escape(verdict.reason)}</dd>"
        f"<dt>Decision rule</dt><dd>{escape(verdict.rule)}</dd></dl></section>"
    )


def _notes(notes: Iterable[str]) -> str:
    lines = "".join(f"<p>{escape(note)}</p>" for note in notes)
    return f'<div class="notes">{lines}</div>' if lines else ""


def _key(results: Iterable[Row]) -> str:
    cells = "".join(
        f'<div><span class="name">{escape(name)}</span><span class="value">{escape(value)}</span></div>'
        for name, value in results
    )
    return f'<section class="key">{cells}</section>'


def _figure(data: ReportData) -> str:
    failed = data.verdict.outcome == "FAIL"
    picture = detection_svg(data.picture, simulated=data.provenance == "simulated", abnormal=failed)
    return f"<figure>{picture.decode()}<figcaption>{escape(CAPTION)}</figcaption></figure>"


def _budget(data: ReportData) -> str:
    if not data.budget:
        return ""
    *lines, total = data.budget
    rows = "".join(_budget_line(*line) for line in lines)
    name, u, share = (escape(cell) for cell in total)
    return (
        f'<h2>Uncertainty budget</h2><table><tr><th>Source</th><th class="number">u / {escape(data.picture.unit)}</th>'
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


def _pairs(rows: Iterable[Row], *, code: bool = False) -> str:
    def cell(value: str) -> str:
        long = code and " " not in value and len(value) > 24
        return f"<code>{escape(value)}</code>" if long else escape(value)

    lines = "".join(f"<tr><td>{escape(name)}</td><td>{cell(value)}</td></tr>" for name, value in rows)
    return f'<table class="pairs">{lines}</table>'


def _system(system: System) -> str:
    rows = [("role", system.role), ("name, version", f"{system.name}, {system.version}"), *system.settings]
    digests = [(f"SHA-256 of {name}", digest) for name, digest in system.digests]
    return _pairs([*rows, *digests], code=True)


def _equipment(instruments: Iterable[Instrument]) -> str:
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


def _list(sentences: Iterable[str]) -> str:
    return f"<ul>{''.join(f'<li>{escape(sentence)}</li>' for sentence in sentences)}</ul>"


def _footer(data: ReportData) -> str:
    origin = {"simulated": "Simulated. ", "replayed": "Replayed. "}.get(data.provenance, "")
    return (
        f"<footer>{escape(data.identifier)}. {origin}This report is not a calibration certificate and claims no "
        "accreditation. It carries no signature. The numbers can be made again from the run's record, whose chain head "
        "is given above.</footer>"
    )
