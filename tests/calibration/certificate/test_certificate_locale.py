"""The same bytes before signing, wherever the program runs."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
SAMPLES = ROOT / "scripts" / "make_sample_certificates.py"
MAKE = """
import hashlib, importlib.util, locale, sys
from pathlib import Path
from hil_calibration.certificate import to_pdf, to_xml
try:
    locale.setlocale(locale.LC_ALL, "")
except locale.Error:
    pass
spec = importlib.util.spec_from_file_location("samples", sys.argv[1])
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
certificate = module.samples()["climate-probe.xml"]
xml = to_xml(certificate)
print(hashlib.sha256(xml).hexdigest(), hashlib.sha256(to_pdf(certificate, xml)).hexdigest())
"""
PLACES = {
    "C in the Pacific": {"LC_ALL": "C", "TZ": "Pacific/Kiritimati", "LANG": "C"},
    "Turkish, far west": {"LC_ALL": "tr_TR.UTF-8", "TZ": "Etc/GMT+12", "LANG": "tr_TR.UTF-8"},
    "Latin-1, other hashes": {"LC_ALL": "de_DE.ISO-8859-1", "TZ": "UTC", "PYTHONHASHSEED": "7", "PYTHONUTF8": "0"},
}


def digests(place: dict[str, str], home: Path) -> str:
    environment = {**{k: v for k, v in os.environ.items() if not k.startswith("LC_")}, **place, "HOME": str(home)}
    done = subprocess.run(
        [sys.executable, "-c", MAKE, str(SAMPLES)],
        env=environment,
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_locale_time_zone_and_directory_change_no_byte(tmp_path: Path) -> None:
    running = [digests(place, tmp_path) for place in PLACES.values()]
    assert len(set(running)) == 1
    shipped = ROOT / "hil" / "hil" / "benches" / "certificates" / "climate-probe.xml"
    assert running[0].split()[0] == hashlib.sha256(shipped.read_bytes()).hexdigest()
