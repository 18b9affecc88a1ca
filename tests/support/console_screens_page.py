"""The page of the console's screens, from what was seen of them."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import fill

HEAD = """\
# Screens of the console

What is seen here was taken from a real terminal (80 × 24 where nothing else is said), a real browser, and simulated
benches in service, by `python scripts/make_console_screens.py`. In colour, what is not normal stands out; here
glyph and word say the same. The keys are in [use the console](../how-to/use-the-console.md).

The bench is `action-sim` with an [E-stop chain](../how-to/make-a-bench-safe.md), an interlock `too bright` that
brings it to its safe state, an alarm `room warm`, and a climate probe whose cable is pulled 75 s after a run
begins. The trial shows a sign at rising illuminance, asks two questions, and its last level trips the interlock.
"""

SECTIONS = (
    (
        "Before the run",
        "In service and idle: channels are watched, the queue is held. `below` is only noted, as nobody uses "
        "the channel now.",
        ("idle",),
    ),
    (
        "Calibration assistant",
        "An item without a certificate against a reference. How steady both are is told against U, per minute; of an "
        "item that has none, against the U of its reference. What is taken goes into the record as a note.",
        ("calibration",),
    ),
    ("Queue", "What waits; `S` starts it.", ("queue",)),
    ("A prompt", "It opens by itself for whoever is in command.", ("prompt",)),
    (
        "Overview, with a lost sensor",
        "The prompt was left for later (`Input(1)`). The climate probe has lost its link: its values stay, "
        "with `?` and their age.",
        ("overview", "overview-wide"),
    ),
    (
        "Trends",
        "Value, band of U (k = 2), limits. A dotted column is the band of one reading.",
        ("trends", "trends-wide"),
    ),
    ("Alarms", "Those that wait for a person above, those that somebody knows below.", ("alarms",)),
    ("Devices", "State, day on which the calibration ends, last error.", ("devices",)),
    ("Log", "", ("log",)),
    ("Help, and every command by name", "`?` and `Ctrl-P`; SAFE STOP stays in sight.", ("help", "palette")),
    (
        "A prompt with a picture",
        "Half blocks, coarse: `F7` opens the picture in a viewer, `F9` and `F10` answer at once.",
        ("picture",),
    ),
)

CAMERA = (
    "Camera preview",
    "What the camera of the bench saw last, in half blocks; the picture from the browser below "
    "shows such blocks with their shades.",
    ("camera",),
)

BROWSER = """
## In a browser

The status page of a bench in service, on a phone and on a desk, at that moment. It shows, and never commands.

![The status page on a phone: alarm, tripped interlock, question with its picture, run](../images/status-page-phone.png)

![The status page at the width of a desk](../images/status-page-desktop.png)

The console in a browser (`hil web --console`), with its colours:

![The console in a browser: the question with the picture of the sign in half blocks](../images/console-in-browser.png)
"""

CLOSED = "The terminal as it was last seen, before its window was killed in the middle of the run:"
STATUS = "The run goes on. `hil status` in another terminal:"
AGAIN = "A new console, attached to the same run. The question waits as it did:"

AFTER = (
    (
        "A tripped interlock",
        "The answer let the run go on to its last level. The interlock has brought the bench to its safe state, the "
        "run has ended, the queue is held.",
        ("tripped", "alarms-tripped", "queue-after"),
    ),
    ("SAFE STOP", "One key, from everywhere. It tells whether the bench has taken it.", ("stop",)),
    (
        "Link lost",
        "The service was killed (`kill -9`): everything stays, with its age, and the console tries again by itself.",
        ("lost",),
    ),
    ("Path", "The tool of the arm of the bench `arm-sim` during `pose-accuracy` (120 × 40).", ("path",)),
)


def page_of(seen: Mapping[str, str]) -> str:
    """The page; ``seen`` is by name what stood on the screen."""
    parts = [HEAD, *(_section(seen, *each) for each in (*SECTIONS, CAMERA)), BROWSER]
    parts += ["\n## A terminal that is closed, and attached again\n", CLOSED, _block(seen["closed"])]
    parts += [STATUS, _block(seen["status"]), AGAIN, _block(seen["again"])]
    parts += [_section(seen, *each) for each in AFTER]
    return "\n".join(part.rstrip("\n") + "\n" for part in parts if part)


def _section(seen: Mapping[str, str], title: str, text: str, names: tuple[str, ...]) -> str:
    return "\n".join(
        [f"\n## {title}\n", *([fill(text, 118) + "\n"] if text else []), *(_block(seen[name]) for name in names)]
    )


def _block(text: str) -> str:
    rows = [row.rstrip() for row in text.rstrip().splitlines()]
    return "\n".join(["```text", *rows, "```\n"])
