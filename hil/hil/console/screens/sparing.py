"""A screen that lays out its widgets and looks up their styles no more often than it must."""

from __future__ import annotations

from textual.events import ScreenResume
from textual.geometry import Size
from textual.screen import Screen, ScreenResultType

from ..compositor import SparingCompositor


class SparingScreen(Screen[ScreenResultType]):
    """Textual's own does both twice before its first picture: styles as it is mounted and as it is resumed, the
    layout as it is resumed and as it is told of the size that it has.
    """

    def __init__(self, *, classes: str | None = None) -> None:
        super().__init__(classes=classes)
        self._compositor = SparingCompositor()
        self._fresh = True
        self._arranged: Size | None = None

    def _on_screen_resume(self, event: ScreenResume) -> None:
        """Called before Textual's own: at the first time, the styles are those of the mount, a moment ago."""
        if self._fresh:
            event.refresh_styles = self._fresh = False

    def _refresh_layout(self, size: Size | None = None, scroll: bool = False) -> None:
        self._arranged = self.outer_size if size is None else size
        super()._refresh_layout(size, scroll)

    def _screen_resized(self, size: Size) -> None:
        if size != self._arranged:
            super()._screen_resized(size)
