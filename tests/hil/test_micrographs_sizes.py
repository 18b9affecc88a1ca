"""Sizes by type: the same as those of the segmentation, and what a correction does to them and to their uncertainty."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from hil.micrographs.corrections import Contour
from hil.micrographs.outlines import outlines
from hil.micrographs.polygon import on_grid
from hil.micrographs.sizes import Particles, Sizes, edges, particles, sizes, together
from hil_drivers.virtual.micrograph import COUNTS, PIXEL, SIDE, U_PIXEL, Micrograph, scatter
from hil_drivers.virtual.particles import KINDS, U_RIM, segment

SEED, PICTURES = 3, 12


def picture(number: int) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    return np.asarray(Micrograph().make("inside", number, SEED).values["pixels"]).reshape(SIDE, SIDE)


def circle(diameter: float, kind: str = "isolated", predicted: int | None = None) -> Contour:
    angles = np.linspace(0.0, 2.0 * np.pi, 48, endpoint=False)
    wide = np.sqrt(np.pi / (24.0 * np.sin(2.0 * np.pi / 48)))
    around = 100.0 + diameter / 2.0 * wide * np.column_stack([np.cos(angles), np.sin(angles)])
    return Contour(kind, on_grid(around), predicted)


def by_kind(group: Particles) -> dict[str, Sizes]:
    return {one.kind: one for one in sizes(group, edges(group))}


def test_sizes_as_predicted_are_those_of_the_segmentation() -> None:
    pictures = [picture(number) for number in range(2)]
    found = []
    for shown in map(segment, pictures):
        each = zip(shown.touching, outlines(shown.labels), strict=True)
        contours = [Contour(KINDS[int(touching)], outline, number) for number, (touching, outline) in enumerate(each)]
        found.append(particles(contours, PIXEL, None))
    segmented = [segment(each) for each in pictures]
    diameters = PIXEL * np.concatenate([each.diameters for each in segmented])
    touching = np.concatenate([each.touching for each in segmented])
    ours = by_kind(together(found))
    for kind, chosen in zip(KINDS, (~touching, touching), strict=True):
        one, wanted = ours[kind], diameters[chosen]
        assert one.count == len(wanted)
        assert one.quartiles == pytest.approx(np.quantile(wanted, [0.0, 0.25, 0.5, 0.75, 1.0]), abs=0.01)
        effects = U_PIXEL * np.median(wanted), 2.0 * U_RIM * PIXEL
        assert (one.u_pixel, one.u_segmentation) == pytest.approx(effects, rel=1e-3)
        assert one.u == pytest.approx(math.hypot(*effects), rel=1e-3)
        assert one.u_by_hand == 0.0


def test_the_rims_found_lie_where_they_are_within_their_uncertainty() -> None:
    """Against the truth of the pictures: errors of the diameters of a kind have a mean of less than 2 u."""
    errors: dict[bool, list[float]] = {False: [], True: []}
    for number in range(PICTURES):
        rng = np.random.default_rng([SEED, list(COUNTS).index("inside"), number])
        true, found = scatter(rng, rng.uniform(16.0, 30.0)), segment(picture(number))
        middles = ndimage.center_of_mass(found.labels > 0, found.labels, range(1, len(found.diameters) + 1))
        for (y, x), diameter, touching in zip(middles, found.diameters, found.touching, strict=True):
            nearest = true[int(np.argmin([np.hypot(one.x - x - 0.5, one.y - y - 0.5) for one in true]))]
            if (nearest.kind == "touching") is bool(touching):
                errors[bool(touching)].append(diameter - nearest.diameter)
    for each in errors.values():
        assert len(each) > 80
        assert abs(np.mean(each)) < 2.0 * (2.0 * U_RIM)


def test_what_a_hand_drew_has_the_uncertainty_that_was_stated_and_not_that_of_the_model() -> None:
    drawn = by_kind(particles([circle(20.0), circle(22.0), circle(24.0)], 2.0, 0.5))["isolated"]
    assert drawn.u_segmentation == 0.0
    assert drawn.u_by_hand == pytest.approx(2.0)
    assert drawn.u == pytest.approx(np.hypot(2.0, U_PIXEL * 44.0), rel=1e-3)
    one_of_many = [circle(30.0), *(circle(10.0 + each / 10, predicted=each) for each in range(100))]
    found = by_kind(particles(one_of_many, 2.0, 0.5))["isolated"]
    assert found.u_by_hand == 0.0
    assert found.u_segmentation == pytest.approx(2.0 * U_RIM * 2.0, rel=1e-3)


def test_another_type_moves_a_particle_to_its_sizes() -> None:
    before = by_kind(particles([circle(20.0, "isolated", 0), circle(30.0, "touching", 1)], 1.0, None))
    after = by_kind(particles([circle(20.0, "isolated", 0), circle(30.0, "isolated", 1)], 1.0, None))
    assert {kind: one.count for kind, one in before.items()} == {"isolated": 1, "touching": 1}
    assert {kind: one.count for kind, one in after.items()} == {"isolated": 2}
    assert after["isolated"].quartiles == pytest.approx((20.0, 22.5, 25.0, 27.5, 30.0), abs=0.01)


def test_where_nothing_is_left_there_are_no_sizes() -> None:
    nothing = together([])
    assert sizes(nothing, edges(nothing)) == ()


diameters = st.lists(st.tuples(st.floats(8.0, 60.0), st.sampled_from(KINDS), st.booleans()), min_size=1, max_size=30)


@given(diameters, st.floats(0.01, 3.0), st.floats(0.5, 10.0))
def test_sizes_of_any_particles(given: list[tuple[float, str, bool]], u_rim: float, pixel: float) -> None:
    """Counts add up, quartiles are in order, no effect exceeds that of all rims, and a pixel only changes the unit."""
    contours = [circle(d, kind, None if hand else n) for n, (d, kind, hand) in enumerate(given)]
    group = particles(contours, pixel, u_rim)
    found, in_pixels = by_kind(group), by_kind(particles(contours, 1.0, u_rim))
    assert sum(one.count for one in found.values()) == len(given)
    for kind, one in found.items():
        assert sum(one.counts) == one.count
        assert list(one.quartiles) == sorted(one.quartiles)
        assert 0.0 <= one.u_by_hand <= 2.0 * u_rim * pixel * (1 + 1e-9)
        assert 0.0 <= one.u_segmentation <= 2.0 * U_RIM * pixel * (1 + 1e-9)
        assert one.u >= max(one.u_pixel, one.u_by_hand, one.u_segmentation)
        scaled = in_pixels[kind]
        assert one.quartiles == pytest.approx([pixel * each for each in scaled.quartiles])
        assert one.u == pytest.approx(pixel * scaled.u)
