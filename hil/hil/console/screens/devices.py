"""The devices: how they do, and until when they are calibrated."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult

from ..context import Context
from ..reading import age, result
from ..summary import days_left
from ..widgets.listing import Listing
from ..widgets.words import Words
from .lists import DEVICES, device_entry
from .view import View


class DevicesView(View):
    """The devices, and of the one under the cursor all that is known."""

    DEFAULT_CSS = "DevicesView #detail { margin: 0 1; max-height: 12; }"

    def __init__(self, context: Context) -> None:
        self.listing = Listing(DEVICES, empty="this bench tells of no devices", plain=context.plain)
        self._detail = Words(plain=context.plain, most=12, id="detail")
        super().__init__(context, id="devices-view")

    def compose(self) -> ComposeResult:
        """The list, and the detail."""
        yield self.listing
        yield self._detail

    def paint(self) -> None:
        """Show what is known now."""
        self.listing.show([device_entry(device, self.context) for device in self.context.model.run.devices])
        self._detail.say(self._told())

    def channel(self) -> str | None:
        """The first channel of the device under the cursor."""
        return next(
            (live.facts.name for live in self.context.model.channels if live.facts.device == self.listing.current), None
        )

    def _told(self) -> str:
        model, now = self.context.model, self.context.times.now()
        device = next((each for each in model.run.devices if each.name == self.listing.current), None)
        if device is None:
            return ""
        left = days_left(device.due, self.context.bench_time)
        due = f", calibration ends {device.due}" + ("" if left is None else f" ({left} days)") if device.due else ""
        known = (
            f"{device.instrument}, serial {device.serial or '-'}" if device.instrument else "no entry of the register"
        )
        what = f"{known}, driver {device.driver}"
        lines = [f"{device.name}: {what}{due}"]
        if device.error:
            lines.append(f"last error: {device.error}")
        for live in model.channels:
            if live.facts.device == device.name:
                old = live.age(now)
                aged = "" if old is None else f", {age(old)} old"
                rests = f", {live.facts.note}" if live.facts.note else ""
                lines.append(f"  {live.facts.name} = {result(live.value, live.u, live.facts.symbol)}{aged}{rests}")
        return "\n".join(lines)

    @on(Listing.Highlighted)
    def _moved(self) -> None:
        self.paint()
