"""Make the sample certificates that ship with the simulated benches. Everything in them is fictitious."""

from __future__ import annotations

import tomllib
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from hil_calibration import CalibrationRecord, CallendarVanDusen, Instrument
from hil_calibration.certificate import to_xml
from hil_calibration.certificate.importer import embedded_function
from hil_calibration.certificate.model import (
    Certificate,
    Column,
    Condition,
    Equipment,
    Function,
    Item,
    Method,
    Organisation,
    Person,
    Reference,
    Result,
    Software,
    Statement,
    Text,
)
from hil_calibration.certificate.text import UNCERTAINTY, standard_statements
from hil_calibration.effect import Effect
from hil_calibration.rounding import report

BENCHES = Path(__file__).resolve().parents[1] / "hil" / "hil" / "benches"

SAMPLE = Statement(
    Text(
        "SAMPLE. This certificate is fictitious: the laboratory does not exist, no item was calibrated and no "
        "metrological traceability exists. It serves simulated benches only.",
        "SPÉCIMEN (SAMPLE). Ce certificat est fictif : le laboratoire n'existe pas, aucun objet n'a été étalonné et il "
        "n'existe aucune traçabilité métrologique. Il ne sert qu'à des bancs simulés.",
    ),
    traceable=False,
)
LABORATORY = Organisation(
    name="Example Calibration Laboratory (fictitious)",
    street="3 Example Street",
    post_code="00000",
    city="Exampletown",
    country="XX",
    email="calibration@example.org",
)
CUSTOMER = Organisation(
    name="Example Laboratory (fictitious)",
    street="1 Example Street",
    post_code="00000",
    city="Exampletown",
    country="XX",
    email="laboratory@example.org",
)
ROOM = (
    Condition(
        Text("Ambient temperature", "Température ambiante"),
        "basic_temperature",
        "Cel",
        minimum="22.8",
        maximum="23.2",
        value="23.0",
        U="0.3",
        k="2",
    ),
    Condition(
        Text("Relative humidity of the air", "Humidité relative de l'air"),
        "basic_humidityRelative",
        "%",
        minimum="43",
        maximum="47",
        value="45",
        U="2",
        k="2",
    ),
)
REFERENCE_VALUE = Text("Reference value", "Valeur de référence")
INDICATION = Text("Indication", "Indication")
ERROR = Text("Error of indication", "Erreur d'indication")


def columns(unit: str, points: list[tuple[str, str, str]], difference: str) -> tuple[Column, ...]:
    """Reference values, indications and errors of (reference, indication, U), rounded to the last digit of U."""
    rows = []
    for reference, indication, expanded in points:
        error = report(Decimal(indication) - Decimal(reference), Decimal(expanded))
        rows.append((reference, indication, error.value, error.U))
    references, indications, errors, expandeds = (tuple(column) for column in zip(*rows, strict=True))
    return (
        Column(REFERENCE_VALUE, "basic_referenceValue", unit, references),
        Column(INDICATION, "basic_measuredValue", unit, indications),
        Column(ERROR, "basic_measurementError", difference, errors, expandeds),
    )


def relative(points: list[tuple[str, str]], U: str) -> list[tuple[str, str, str]]:  # noqa: N803
    """Points with U as a part of the reference value."""
    return [(reference, indication, str(Decimal(reference) * Decimal(U))) for reference, indication in points]


def certificate(
    identifier: str,
    instrument: dict[str, Any],
    day: str,
    issued: str,
    *,
    standard: Equipment,
    method: Method,
    results: tuple[Result, ...],
    function: Function | None = None,
) -> Certificate:
    """A sample certificate of one instrument of the register."""
    return Certificate(
        identifier=identifier,
        laboratory=LABORATORY,
        customer=CUSTOMER,
        item=Item(
            Text(**instrument["description"]), instrument["manufacturer"], instrument["model"], instrument["serial"]
        ),
        equipment=(standard,),
        methods=(method, UNCERTAINTY),
        conditions=ROOM,
        results=results,
        function=function,
        statements=(SAMPLE, *(s for s in standard_statements(simulated=False, deviations="none") if not s.traceable)),
        persons=(
            Person("Technical Manager X", "technical manager", main_signer=True),
            Person("Metrologist Y", "metrologist"),
        ),
        software=Software("hil, scripts/make_sample_certificates.py", "v0.1.0"),
        begin=day,
        end=day,
        issued=issued,
        simulated=False,
    )


def reference_luxmeter(instrument: dict[str, Any]) -> Certificate:
    """Ten levels from 1 lx to 1000 lx, U = 0.9 % (k = 2)."""
    points = [
        ("1.0000", "1.0045"),
        ("2.000", "2.009"),
        ("5.000", "5.022"),
        ("10.00", "10.05"),
        ("20.00", "20.11"),
        ("50.00", "50.22"),
        ("100.0", "100.5"),
        ("200.0", "201.2"),
        ("500.0", "503.4"),
        ("1000.0", "1007.0"),
    ]
    name = Text("Illuminance", "Éclairement lumineux")
    return certificate(
        "SAMPLE-2026-0001",
        instrument,
        "2026-03-10",
        "2026-03-12",
        standard=Equipment(
            Text("Luminous intensity standard lamp", "Lampe étalon d'intensité lumineuse"),
            "Example Instruments",
            "EX-LAMP 1",
            "90001",
            Reference("SAMPLE-2025-0901", "0" * 64),
        ),
        method=Method(
            Text("Calibration of illuminance meters", "Étalonnage de luxmètres"),
            Text(
                "Comparison on a photometric bench with the illuminance of a standard lamp, CIE standard illuminant A, "
                "normal incidence, distance from 0.5 m to 7 m.",
                "Comparaison sur un banc photométrique avec l'éclairement d'une lampe étalon, illuminant normalisé "
                "CIE A, incidence normale, distance de 0,5 m à 7 m.",
            ),
            norm="EX-P-01 (fictitious procedure)",
            ref_type="gp_method",
        ),
        results=(Result(name, columns("lx", relative(points, "0.009"), "lx"), ref_type="gp_measuringResult1"),),
    )


def climate_probe(instrument: dict[str, Any]) -> Certificate:
    """Temperature from 10 °C to 40 °C (U = 0.10 K) and relative humidity from 20 % to 70 % (U = 1.2 %), k = 2."""
    temperature = [("10.00", "10.04"), ("20.00", "20.03"), ("30.00", "30.05"), ("40.00", "40.06")]
    humidity = [("20.0", "20.6"), ("45.0", "45.4"), ("70.0", "69.5")]
    return certificate(
        "SAMPLE-2026-0002",
        instrument,
        "2026-02-17",
        "2026-02-19",
        standard=Equipment(
            Text(
                "Two-pressure humidity generator with thermometer",
                "Générateur d'humidité à deux pressions avec thermomètre",
            ),
            "Example Instruments",
            "EX-HUMIGEN 1",
            "90002",
            Reference("SAMPLE-2025-0902", "0" * 64),
        ),
        method=Method(
            Text("Calibration of hygrometers and thermometers", "Étalonnage d'hygromètres et de thermomètres"),
            Text(
                "Comparison with the reference values of a humidity generator, the whole probe in its chamber; the "
                "humidity was set at 23 °C, rising.",
                "Comparaison aux valeurs de référence d'un générateur d'humidité, sonde entière dans la chambre ; "
                "humidité réglée à 23 °C, en montée.",
            ),
            norm="EX-P-02 (fictitious procedure)",
            ref_type="gp_method",
        ),
        results=(
            Result(Text("Temperature", "Température"), columns("Cel", [(*p, "0.10") for p in temperature], "K")),
            Result(Text("Relative humidity", "Humidité relative"), columns("%", [(*p, "1.2") for p in humidity], "%")),
        ),
    )


def chamber_probe(instrument: dict[str, Any]) -> Certificate:
    """Temperature from -20 °C to 80 °C (U = 0.10 K) and relative humidity from 10 % to 95 % (U = 1.2 %), k = 2."""
    temperature = [("-20.00", "-19.95"), ("0.00", "0.03"), ("25.00", "25.04"), ("50.00", "50.06"), ("80.00", "80.09")]
    humidity = [("10.0", "10.5"), ("30.0", "30.4"), ("50.0", "50.2"), ("70.0", "69.7"), ("95.0", "94.2")]
    method = climate_probe(instrument).methods[0]
    standard = climate_probe(instrument).equipment[0]
    results = (
        Result(Text("Temperature", "Température"), columns("Cel", [(*p, "0.10") for p in temperature], "K")),
        Result(Text("Relative humidity", "Humidité relative"), columns("%", [(*p, "1.2") for p in humidity], "%")),
    )
    return certificate(
        "SAMPLE-2026-0003", instrument, "2026-02-17", "2026-02-19", standard=standard, method=method, results=results
    )


def distance_meter(instrument: dict[str, Any]) -> Certificate:
    """Distances from 0.5 m to 20 m, U = 6 mm (k = 2)."""
    points = [("0.500", "0.503"), ("2.000", "2.004"), ("5.000", "5.004"), ("10.000", "10.006"), ("20.000", "20.009")]
    return certificate(
        "SAMPLE-2026-0004",
        instrument,
        "2026-03-03",
        "2026-03-05",
        standard=Equipment(
            Text("Interferometer on a measuring rail", "Interféromètre sur un banc de mesure"),
            "Example Instruments",
            "EX-INTERF 1",
            "90004",
            Reference("SAMPLE-2025-0904", "0" * 64),
        ),
        method=Method(
            Text("Calibration of distance meters", "Étalonnage de distancemètres"),
            Text(
                "Comparison with an interferometer on a rail, white diffuse target, normal incidence.",
                "Comparaison à un interféromètre sur un banc, cible blanche diffusante, incidence normale.",
            ),
            norm="EX-P-04 (fictitious procedure)",
            ref_type="gp_method",
        ),
        results=(Result(Text("Distance", "Distance"), columns("m", [(*p, "0.006") for p in points], "m")),),
    )


def tracked_body(instrument: dict[str, Any], number: int) -> Certificate:
    """The place of one rigid body of a motion capture system along an axis of its volume, U = 0.8 mm (k = 2)."""
    places = range(-4, 5)
    points = [(f"{x:.4f}", f"{x + 2e-4 + (0.5 + 0.3 * number) * 1e-4 * x:.4f}", "0.0008") for x in places]
    return certificate(
        f"SAMPLE-2026-{20 + number:04d}",
        instrument,
        "2026-04-14",
        "2026-04-16",
        standard=Equipment(
            Text("Laser tracker", "Laser de poursuite"),
            "Example Instruments",
            "EX-TRACK 1",
            "90005",
            Reference("SAMPLE-2025-0905", "0" * 64),
        ),
        method=Method(
            Text("Calibration of motion capture systems", "Étalonnage de systèmes de capture de mouvement"),
            Text(
                "Comparison with a laser tracker, the rigid body on a carriage along the axes of the hall, at rest.",
                "Comparaison à un laser de poursuite, corps rigide sur un chariot le long des axes du hall, au repos.",
            ),
            norm="EX-P-05 (fictitious procedure)",
            ref_type="gp_method",
        ),
        results=(Result(Text("Position", "Position"), columns("m", points, "m")),),
    )


def motion_capture(instrument: dict[str, Any]) -> Certificate:
    """A coordinate in the volume from -1 m to 1 m, any axis, U = 0.20 mm (k = 2)."""
    points = [
        ("-1.0000", "-1.0001"),
        ("-0.5000", "-0.5000"),
        ("0.0000", "0.0001"),
        ("0.5000", "0.5002"),
        ("1.0000", "1.0002"),
    ]
    return certificate(
        "SAMPLE-2026-0005",
        instrument,
        "2026-03-17",
        "2026-03-19",
        standard=Equipment(
            Text(
                "Artefact of spheres, measured by a laser tracker", "Artefact à sphères, mesuré au laser de poursuite"
            ),
            "Example Instruments",
            "EX-ARTEFACT 1",
            "90006",
            Reference("SAMPLE-2025-0906", "0" * 64),
        ),
        method=Method(
            Text("Calibration of motion capture systems", "Étalonnage de systèmes de capture de mouvement"),
            Text(
                "Comparison with the spheres of an artefact at rest, brought to places all over the volume, along each "
                "axis; the indication is the mean of 500 frames. U holds for any axis.",
                "Comparaison aux sphères d'un artefact au repos, placé dans tout le volume selon chaque axe ; "
                "l'indication est la moyenne de 500 images. U vaut pour chaque axe.",
            ),
            norm="EX-P-06 (fictitious procedure)",
            ref_type="gp_method",
        ),
        results=(Result(Text("Coordinate", "Coordonnée"), columns("m", [(*p, "0.00020") for p in points], "m")),),
    )


def audio_analyser(instrument: dict[str, Any]) -> Certificate:
    """Ratios of the powers of two sounds from 0.01 to 100 (U = 2 %), times in a record to 60 s (U = 0.1 ms), k = 2."""
    points = [
        ("0.01000", "0.01004"),
        ("0.1000", "0.1003"),
        ("0.3000", "0.3008"),
        ("1.0000", "1.0024"),
        ("3.000", "3.008"),
        ("10.00", "10.04"),
        ("100.0", "100.5"),
    ]
    times = [(f"{t:.4f}", f"{t:.4f}", "0.0001") for t in (0.0, 1.0, 10.0, 60.0)]
    name = Text("Ratio of the powers of two sounds", "Rapport des puissances de deux sons")
    return certificate(
        "SAMPLE-2026-0006",
        instrument,
        "2026-03-24",
        "2026-03-26",
        standard=Equipment(
            Text("Multi-frequency sound calibrator", "Calibreur acoustique multifréquence"),
            "Example Instruments",
            "EX-SOUND 1",
            "90007",
            Reference("SAMPLE-2025-0907", "0" * 64),
        ),
        method=Method(
            Text("Calibration of sound analysers", "Étalonnage d'analyseurs de sons"),
            Text(
                "The microphone in the coupler of a sound calibrator, pairs of levels from 44 dB to 94 dB one after "
                "the other, octave bands from 125 Hz to 4 kHz. Times: sounds that a pulse generator begins and ends.",
                "Microphone dans le coupleur d'un calibreur acoustique, paires de niveaux entre 44 dB et 94 dB l'un "
                "après l'autre, bandes d'octave de 125 Hz à 4 kHz. Temps : sons qu'un générateur d'impulsions commence "
                "et termine.",
            ),
            norm="EX-P-07 (fictitious procedure)",
            ref_type="gp_method",
        ),
        results=(
            Result(name, columns("1", relative(points, "0.02"), "1")),
            Result(Text("Time in a record", "Temps dans un enregistrement"), columns("s", times, "s")),
        ),
    )


SHARED = (
    Effect(
        name="reference thermometer of SAMPLE-2026-0011 to 0019",
        kind="absolute",
        u=0.010,
        source="one reference thermometer for nine thermometers",
    ),
    Effect(
        name="bath of SAMPLE-2026-0011 to 0019",
        kind="absolute",
        distribution="rectangular",
        half_width=0.010,
        source="uniformity between the reference and the block that held all nine",
    ),
)
"""What all nine thermometers have in common: they were calibrated together, on the scanner that they are used with."""


def thermometer(instrument: dict[str, Any], number: int) -> Certificate:
    """A platinum thermometer from -20 °C to 80 °C, its Callendar-Van Dusen function embedded with shared effects."""
    temperatures = np.array([-20.0, 0.0, 25.0, 50.0, 80.0])
    function = CallendarVanDusen(100.0 + 0.007 * (number - 5), 3.9083e-3 + 4e-7 * (number % 3 - 1))
    record = CalibrationRecord(
        instrument=Instrument(instrument["manufacturer"], instrument["model"], instrument["serial"]),
        quantity="temperature",
        unit="Cel",
        indication_unit="Ohm",
        function=function,
        covariance=np.diag(np.square([2e-3, 3e-7, 0.0, 0.0])),
        effects=SHARED,
        valid_range=tuple(function.inverse([-21.0, 81.0]).tolist()),
        date=date(2026, 2, 24),
    )
    ohms = function.inverse(temperatures)
    u = np.sqrt(
        np.square(function.jacobian(ohms)) @ record.covariance.diagonal() + sum(effect.u**2 for effect in SHARED)
    )
    results = Result(
        Text("Temperature", "Température"),
        (
            Column(
                REFERENCE_VALUE,
                "basic_referenceValue",
                "Cel",
                tuple(f"{value:.3f}" for value in temperatures),
                tuple(f"{2.0 * value:.3f}" for value in u),
            ),
            Column(Text("Resistance", "Résistance"), "basic_measuredValue", "Ohm", tuple(f"{r:.4f}" for r in ohms)),
        ),
    )
    return certificate(
        f"SAMPLE-2026-{10 + number:04d}",
        instrument,
        "2026-02-24",
        "2026-02-26",
        standard=Equipment(
            Text("Standard platinum resistance thermometer", "Thermomètre étalon à résistance de platine"),
            "Example Instruments",
            "EX-SPRT 1",
            "90003",
            Reference("SAMPLE-2025-0903", "0" * 64),
        ),
        method=Method(
            Text("Calibration of resistance thermometers", "Étalonnage de thermomètres à résistance"),
            Text(
                "Comparison with a standard thermometer in a stirred bath, all nine thermometers in one block, read by "
                "the scanner that they are used with.",
                "Comparaison à un thermomètre étalon dans un bain agité, les neuf thermomètres dans un même bloc, lus "
                "par le scrutateur avec lequel ils sont utilisés.",
            ),
            norm="EX-P-03 (fictitious procedure)",
            ref_type="gp_method",
        ),
        results=(results,),
        function=embedded_function(record),
    )


def samples() -> dict[str, Certificate]:
    """The sample certificates by file name."""
    instruments = tomllib.loads((BENCHES / "equipment.toml").read_text("utf-8"))["instruments"]
    return {
        "reference-luxmeter.xml": reference_luxmeter(instruments["reference-luxmeter"]),
        "climate-probe.xml": climate_probe(instruments["climate-probe"]),
        "chamber-probe.xml": chamber_probe(instruments["chamber-probe"]),
        "distance-meter.xml": distance_meter(instruments["distance-meter"]),
        "motion-capture.xml": motion_capture(instruments["motion-capture"]),
        "audio-analyser.xml": audio_analyser(instruments["audio-analyser"]),
        "mocap-robot.xml": tracked_body(instruments["tracked-robot"], 1),
        "mocap-obstacle.xml": tracked_body(instruments["tracked-obstacle"], 2),
        **{f"pt100-{i}.xml": thermometer(instruments[f"pt100-{i}"], i) for i in range(1, 10)},
    }


if __name__ == "__main__":
    for name, made in samples().items():
        (BENCHES / "certificates" / name).write_bytes(to_xml(made))
