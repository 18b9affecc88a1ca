"""Draw docs/images/particle-sizes.png: a synthetic micrograph with the rims found in it, histograms, box plots."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import numpy as np

mpl.use("Agg")
from matplotlib import pyplot as plt

from hil.micrographs.corrections import Contour
from hil.micrographs.outlines import outlines
from hil.micrographs.sizes import edges, particles, sizes, together
from hil_drivers.virtual.micrograph import PIXEL, SIDE, Micrograph
from hil_drivers.virtual.particles import KINDS, segment

TARGET = Path(__file__).parents[1] / "docs" / "images" / "particle-sizes.png"
PICTURES = 30


def main() -> None:
    """Draw it."""
    made = [Micrograph().make("inside", number, 5) for number in range(PICTURES)]
    pictures = [np.asarray(one.values["pixels"]).reshape(SIDE, SIDE) for one in made]
    segmented = [segment(picture) for picture in pictures]
    found = together(
        particles(
            [
                Contour(KINDS[int(touching)], outline, number)
                for number, (outline, touching) in enumerate(zip(outlines(one.labels), one.touching, strict=True))
            ],
            PIXEL,
            None,
        )
        for one in segmented
    )
    bins = edges(found)
    told = sizes(found, bins)
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(12, 4), layout="constrained")
    left.imshow(pictures[0], cmap="gray")
    labels = segmented[0].labels
    for number in range(1, labels.max() + 1):
        left.contour(labels == number, [0.5], colors="tab:orange", linewidths=1)
    left.set(title="A micrograph, and the rims found", xticks=[], yticks=[])
    for one in told:
        label = f"{one.kind}: {one.count}, median {one.quartiles[2]:.1f} nm, u = {one.u:.1f} nm"
        middle.stairs(one.counts, bins, label=label, fill=True, alpha=0.5)
    middle.set(xlabel="equivalent diameter / nm", ylabel="particles")
    middle.legend(fontsize=8, loc="upper center", bbox_to_anchor=(0.5, 1.18))
    kinds = [one.kind for one in told]
    right.boxplot([found.of(kind).diameters for kind in kinds], tick_labels=kinds)
    right.set(ylabel="equivalent diameter / nm")
    figure.savefig(TARGET, dpi=80, metadata={"Software": None})


if __name__ == "__main__":
    main()
