"""The report: one self-contained, well-formed page that says what it is, with the numbers as given."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import Any

import pytest
from lxml import etree

from hil.outcome import BudgetTable, DetectionPicture
from hil.report import (
    Instrument,
    MeasurementReport,
    ReportData,
    System,
    measurement_html,
    report_html,
)
from hil.results import Outcome, SummaryTable, Verdict

XHTML = {"h": "http://www.w3.org/1999/xhtml", "s": "http://www.w3.org/2000/svg"}
CURVE = tuple(
    (x, 1.0 / (1.0 + (10.0 / x) ** 4), 0.9 / (1.0 + (10.0 / x) ** 4), 1.05 / (1.0 + (9.5 / x) ** 4))
    for x in (4.0 * 1.1**i for i in range(28))
)
PICTURE = DetectionPicture(
    unit="lx",
    stimulus="Illuminance at the sign",
    levels=((5.0, 1, 40), (10.0, 21, 40), (20.0, 38, 40), (40.0, 40, 40)),
    observations=((5.1, False), (10.2, True), (19.8, True), (40.3, True)),
    curve=CURVE,
    level=0.9,
    found=16.7,
    lower=15.2,
    upper=18.6,
    required=20.0,
)
DATA = ReportData(
    title="Detection against illuminance",
    question="At which illuminance does the system read nine signs in ten?",
    identifier="SIM-01EXAMPLE",
    provenance="simulated",
    verdict=Verdict(
        "PASS", "a90 is at most 20 lx", "PASS if the upper bound is at most it", "18.60 lx is at most 20 lx"
    ),
    picture=PICTURE,
    results=(("a90", "16.70 lx"), ("upper bound", "18.60 lx")),
    budget=(
        ("finite number of observations", "1.00", "98.9"),
        ("luxmeter", "0.10", "1.0"),
        ("combined standard uncertainty", "1.05", "100.0"),
    ),
    conditions=(("air temperature", "23.40 °C"),),
    counts=(("valid observations", "160"), ("false calls", "0 of 20")),
    fit=(("link", "logit"), ("deviance", "316.40")),
    instruments=(
        Instrument("luxmeter.illuminance", "Luxmeter", "Example Instruments", "LX", "SN-1", "SIM-CAL-7", "ab" * 32),
    ),
    systems=(System("reader", "recogniser", "1.4.4", (("model.onnx", "cd" * 32),), (("threads", "1"),)),),
    identification=(("run", "01EXAMPLE"), ("record's chain head", "ef" * 32)),
    limitations=("No conformity to a standard is claimed.",),
)


def parsed(page: str) -> Any:
    """The page as XML: stricter than any browser."""
    assert page.startswith("<!DOCTYPE html>\n")
    return etree.fromstring(page.partition("\n")[2].encode(), etree.XMLParser(resolve_entities=False))


def words(page: str) -> str:
    return " ".join(" ".join(parsed(page).xpath("//h:body//text()[not(ancestor::s:svg)]", namespaces=XHTML)).split())


def test_everything_is_on_the_page_as_given() -> None:
    text = words(report_html(DATA))
    for expected in (
        *(
            "Detection against illuminance",
            "SIM-01EXAMPLE",
            "PASS",
            "a90 is at most 20 lx",
            "18.60 lx is at most 20 lx",
        ),
        *("16.70 lx", "1.05", "98.9", "100.0", "23.40 °C", "0 of 20", "316.40", "SN-1", "SIM-CAL-7", "ab" * 32),
        *("recogniser, 1.4.4", "cd" * 32, "ef" * 32, "No conformity to a standard is claimed.", "Decision rule"),
    ):
        assert expected in text


def test_the_caption_has_the_words_of_the_trial() -> None:
    heard = replace(DATA, picture=replace(PICTURE, seen="heard", among="utterances"))
    page = report_html(heard)
    assert "proportion heard at each level" in page
    assert "average over utterances" in page
    assert "proportion read at each level" in report_html(DATA)


def test_nothing_is_loaded_and_nothing_runs() -> None:
    page = report_html(DATA)
    root = parsed(page)
    assert not root.xpath("//h:script | //h:link | //h:img | //h:iframe | //h:object", namespaces=XHTML)
    assert not re.search(r"@import|url\((?!#)|src=|javascript:|\son[a-z]+=", page)
    links = root.xpath("//@*[local-name()='href']")
    assert links
    assert all(link.startswith("#") for link in links)


def test_ids_are_unique() -> None:
    ids = parsed(report_html(DATA)).xpath("//@id")
    assert len(ids) == len(set(ids))


HOSTILE = "<b onload='x'>&\"\u00e9 $x^$"


def test_all_text_is_escaped() -> None:
    data = replace(
        DATA,
        title=HOSTILE,
        question=HOSTILE,
        identifier=HOSTILE,
        verdict=Verdict("PASS", HOSTILE, HOSTILE, HOSTILE),
        picture=replace(PICTURE, stimulus=HOSTILE, unit=HOSTILE),
        results=((HOSTILE, HOSTILE),),
        budget=((HOSTILE, HOSTILE, HOSTILE), (HOSTILE, HOSTILE, HOSTILE)),
        conditions=((HOSTILE, HOSTILE),),
        counts=((HOSTILE, HOSTILE),),
        fit=((HOSTILE, HOSTILE),),
        instruments=(Instrument(*[HOSTILE] * 7),),
        systems=(System(HOSTILE, HOSTILE, HOSTILE, ((HOSTILE, HOSTILE),), ((HOSTILE, HOSTILE),)),),
        identification=((HOSTILE, HOSTILE),),
        limitations=(HOSTILE,),
        notes=(HOSTILE,),
    )
    page = report_html(data)
    assert not parsed(page).xpath("//h:b", namespaces=XHTML)
    assert words(page).count("<b onload=") >= 25


def test_simulated_values_are_marked_everywhere() -> None:
    page = report_html(DATA)
    marks = parsed(page).xpath("//h:div[@class='watermark']//s:text/text()", namespaces=XHTML)
    assert set(marks) == {"SIMULATED"}
    assert "SIMULATED Every value comes from a simulated bench" in words(page)
    assert re.search(r"\.watermark \{ position: fixed", page)
    assert len(parsed(page).xpath("//h:figure[@class='marked']/s:svg", namespaces=XHTML)) == 1, "it bears a mark itself"
    assert re.search(r"figure\.marked > svg \{ position: relative; z-index: 10; background: #fff; \}", page)
    measured = report_html(replace(DATA, provenance="measured"))
    for unmarked in (measured, report_html(replace(DATA, provenance="replayed"))):
        assert 'class="marked"' not in unmarked
    assert "watermark" not in measured.partition("</style>")[2]
    assert "SIMULATED" not in words(measured)
    assert "REPLAYED" in words(report_html(replace(DATA, provenance="replayed")))


@pytest.mark.parametrize("outcome", ["PASS", "FAIL", "INCONCLUSIVE"])
def test_colour_is_for_the_abnormal(outcome: Outcome) -> None:
    page = report_html(replace(DATA, verdict=replace(DATA.verdict, outcome=outcome)))
    figure = page[page.index("<figure") : page.index("</figure>")]
    assert ("#b3261e" in figure) == (outcome == "FAIL")
    assert f'class="verdict {outcome.lower()}"' in page
    used = set(re.findall(r"#[0-9a-f]{6}\b", figure)) - {"#b3261e"}
    assert all(colour[1:3] == colour[3:5] == colour[5:7] for colour in used)


def test_a_missing_certificate_is_said() -> None:
    bare = Instrument("room.temperature", "Probe", "Example Instruments", "T", "SN-2")
    assert "none: not traceable" in words(report_html(replace(DATA, instruments=(bare,))))


def test_notes_stand_with_the_verdict() -> None:
    note = "Not traceable: a calibration had expired; deviation authorised."
    text = words(report_html(replace(DATA, notes=(note,))))
    assert text.index("Decision rule") < text.index(note) < text.index("Uncertainty budget")


def test_without_a_result_there_are_no_lines_and_no_budget() -> None:
    empty = replace(PICTURE, found=None, lower=None, upper=None, curve=())
    page = report_html(replace(DATA, picture=empty, budget=()))
    assert "Uncertainty budget" not in page
    parsed(page)


def test_the_same_data_give_the_same_bytes() -> None:
    assert report_html(DATA) == report_html(DATA)


def test_drawing_leaves_the_global_settings_alone() -> None:
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    report_html(DATA)
    assert dict(mpl.rcParams) == before
    assert math.isclose(float(mpl.rcParams["font.size"]), 10.0)


MEASURED = MeasurementReport(
    title="Soak",
    question="How steady is the air?",
    identifier="SIM-01EXAMPLE",
    provenance="simulated",
    verdict=None,
    tables=(SummaryTable("Soak", ("quantity", "value", "U"), (("mean", "40.523", "0.029"),)),),
    budgets=(BudgetTable("Mean", "K", (("thermometer", "0.014", "100.0"), ("combined", "0.014", "100.0"))),),
    conditions=(("temperature of the room", "23.1 °C"),),
    instruments=DATA.instruments,
    identification=DATA.identification,
    limitations=DATA.limitations,
)


def test_a_report_of_measurements_says_what_was_found() -> None:
    page = measurement_html(MEASURED)
    text = words(page)
    for expected in ("Report of measurements", "How steady is the air?", "40.523", "0.029", "u / K", "thermometer"):
        assert expected in text
    for expected in ("23.1 °C", "SIM-CAL-7", "SIMULATED", "ef" * 32, "No conformity to a standard is claimed."):
        assert expected in text
    assert "Decision rule" not in text, "nothing was required"
    assert not parsed(page).xpath("//h:script | //h:link | //h:img", namespaces=XHTML)
    assert "FAIL" in words(measurement_html(replace(MEASURED, verdict=Verdict("FAIL", "at most", "rule", "because"))))


def test_all_text_of_a_report_of_measurements_is_escaped() -> None:
    row = (HOSTILE, HOSTILE, HOSTILE)
    page = measurement_html(
        replace(
            MEASURED,
            title=HOSTILE,
            question=HOSTILE,
            identifier=HOSTILE,
            verdict=Verdict("PASS", HOSTILE, HOSTILE, HOSTILE),
            tables=(SummaryTable(HOSTILE, row, (row,)),),
            budgets=(BudgetTable(HOSTILE, HOSTILE, (row, row)),),
            conditions=((HOSTILE, HOSTILE),),
            instruments=(Instrument(*[HOSTILE] * 7),),
            identification=((HOSTILE, HOSTILE),),
            limitations=(HOSTILE,),
        )
    )
    assert not parsed(page).xpath("//h:b", namespaces=XHTML)
    assert words(page).count("<b onload=") >= 25
