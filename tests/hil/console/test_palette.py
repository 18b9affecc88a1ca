"""Colours of the console: readable, told apart by everybody, and never alone."""

from __future__ import annotations

import itertools

import pytest
from wcwidth import wcwidth

from hil.console import palette
from hil.console.colour import VISIONS, contrast, difference
from hil.console.palette import LOOKS, PLAIN, Level, plain, style, theme

READABLE, APART = 4.5, 20.0
GROUNDS = sorted({look.ground for level, look in LOOKS.items() if level is not Level.NORMAL})


def test_contrast_and_difference_are_those_of_known_colours() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.478, abs=1e-3)
    assert difference("#ffffff", "#000000") == pytest.approx(100, abs=0.01)
    assert difference("#ff0000", "#00ff00") == pytest.approx(170.6, abs=0.1)
    assert difference("#b8bec4", "#b8bec4", "deutan") == 0


def test_red_and_green_of_equal_lightness_look_alike_without_the_green_cone() -> None:
    assert difference("#b05b3b", "#7a7a39", "deutan") < difference("#b05b3b", "#7a7a39") / 2


@pytest.mark.parametrize("level", Level)
def test_text_of_a_level_is_readable(level: Level) -> None:
    assert contrast(LOOKS[level].text, LOOKS[level].ground) >= READABLE


@pytest.mark.parametrize("light", [False, True])
def test_text_of_a_theme_is_readable_also_under_the_cursor(light: bool) -> None:
    colours = theme(light=light)
    inks = palette.LIGHT if light else palette.DARK
    assert (colours.foreground, colours.background) == (inks.text, inks.ground)
    assert contrast(inks.text, inks.ground) >= READABLE
    assert contrast(inks.muted, inks.ground) >= READABLE
    assert contrast(inks.limit, inks.ground) >= READABLE
    assert contrast(inks.text, inks.cursor) >= READABLE


@pytest.mark.parametrize("vision", VISIONS)
@pytest.mark.parametrize("ground", [palette.DARK.ground, palette.LIGHT.ground])
def test_levels_are_told_apart_from_each_other_and_from_the_ground(ground: str, vision: str) -> None:
    pairs = itertools.combinations([ground, *GROUNDS], 2)
    assert min(difference(one, other, vision) for one, other in pairs) >= APART


def test_each_level_has_a_glyph_and_a_word_of_its_own() -> None:
    looks = [LOOKS[level] for level in Level if level is not Level.NORMAL]
    assert len({look.glyph for look in looks}) == len({look.word for look in looks}) == len(looks)
    assert all(look.glyph <= "\uffff" and wcwidth(look.glyph) == 1 for look in looks)
    assert all(len(plain(look.glyph)) == 1 and plain(look.glyph).isascii() for look in looks)


def test_there_is_no_green() -> None:
    def green(colour: str) -> bool:
        red, middle, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
        return middle > 1.2 * red and middle > 1.2 * blue

    assert not any(green(colour) for look in LOOKS.values() for colour in (look.text, look.ground))


def test_symbols_become_ascii() -> None:
    assert plain("▲HI2 ±0.15 °C µs ⠤") == "^HI2 +-0.15 degC us ?"
    assert all(wcwidth(symbol) == 1 for symbol in PLAIN)
    assert all(text.isascii() and text.isprintable() for text in PLAIN.values())


def test_only_what_nobody_has_acknowledged_is_filled_and_the_dark_half_of_a_blink_is_reversed() -> None:
    assert style(Level.HIGH).bgcolor != style(Level.HIGH, bright=False).bgcolor
    assert style(Level.HIGH, acknowledged=True).bgcolor is None
    assert not style(Level.NORMAL)
