"""What is told of the micrographs of a run: documents for a page, and for programs."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from hil_drivers.virtual.micrograph import U_PIXEL
from hil_drivers.virtual.particles import KINDS, U_RIM

from .ledger import Kept, Ledger
from .sizes import Particles, Sizes, edges, particles, sizes, together
from .source import Micrographs

STATEMENTS = (
    "The pictures are synthetic, made by a seed: no particle was measured.",
    f"u of a median has three parts, each one error for all that it touches: the size of a pixel, {U_PIXEL:.1%}; the "
    f"place of the rims that the model found, {U_RIM:g} pixels; that of rims drawn by hand, as their author stated it.",
    "Not in it: that other particles would give another median. Nothing is corrected for the bias of the model.",
    "Pictures outside the domain of the model, or without an answer of it, are left out, corrected or not.",
    "Corrections change none of the results of the run, which are about the model: they are on record beside them.",
)
"""Of every page and document with sizes."""


def overview(micrographs: Micrographs, ledger: Ledger) -> dict[str, Any]:
    """All pictures, with what is known of them so far."""
    corrected = ledger.corrections()
    pictures = []
    for number, entry in enumerate(micrographs.entries):
        found, kept = micrographs.ready(number), corrected.get(number, [])
        contours = kept[-1].correction.contours if kept else found.contours if found else None
        told = {"number": number, "name": entry.name, "inside": entry.inside, "corrections": len(kept)}
        pictures.append(told | {"particles": None if contours is None else len(contours)})
    return {
        "run": micrographs.folder.name,
        "model": micrographs.model.facts(),
        "signer": ledger.signer,
        "unit": micrographs.unit,
        "kinds": KINDS,
        "done": micrographs.done,
        "pictures": pictures,
    }


def picture(micrographs: Micrographs, ledger: Ledger, number: int) -> dict[str, Any]:
    """One picture: what was predicted, what holds, and its corrections.

    :raises VerificationFailed: if it is not that of the record.
    """
    entry, found = micrographs.entries[number], micrographs.found(number)
    kept = ledger.corrections().get(number, [])
    last = kept[-1] if kept else None
    return {
        "number": number,
        "name": entry.name,
        "sha256": entry.sha256,
        "inside": entry.inside,
        "answer": entry.output,
        "width": found.width,
        "height": found.height,
        "pixel": found.pixel,
        "after": last.amendment.number if last else 0,
        "predicted": [asdict(one) for one in found.contours],
        "contours": [asdict(one) for one in (last.correction.contours if last else found.contours)],
        "u_rim": last.correction.u_rim if last else None,
        "corrections": [_kept(one) for one in kept],
    }


def _kept(one: Kept) -> dict[str, Any]:
    told = one.amendment
    return {name: getattr(told, name) for name in ("number", "who", "why", "what", "when", "signed")}


def dashboard(micrographs: Micrographs, ledger: Ledger) -> dict[str, Any]:
    """Sizes by type, as predicted and as corrected, of the pictures that are ready and inside the domain."""
    corrected = ledger.corrections()
    predicted, after, outside, counted = list[Particles](), list[Particles](), 0, 0
    for number, entry in enumerate(micrographs.entries):
        found, kept = micrographs.ready(number), corrected.get(number)
        if not entry.inside:
            outside += 1
        elif found is not None:
            predicted.append(found.particles)
            correction = kept[-1].correction if kept else None
            counted += correction is not None
            after.append(
                particles(correction.contours, found.pixel, correction.u_rim) if correction else found.particles
            )
    both = together(predicted), together(after)
    bins = edges(*both)
    return {
        "run": micrographs.folder.name,
        "unit": micrographs.unit,
        "pictures": len(predicted),
        "outside": outside,
        "corrected": counted,
        "edges": bins.tolist(),
        "predicted": [_sizes(one) for one in sizes(both[0], bins)],
        "after_correction": [_sizes(one) for one in sizes(both[1], bins)],
        "statements": STATEMENTS,
    }


def _sizes(one: Sizes) -> dict[str, Any]:
    return asdict(one) | {"median": one.quartiles[2], "u": one.u}
