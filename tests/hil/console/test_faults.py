"""A fault of the console: one sentence, and never a dialog that closes twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from console_rig import console, prompt
from hil.console.app import Console
from hil.console.dialogs.prompt import PromptDialog


async def test_a_prompt_that_is_withdrawn_while_it_closes_closes_once(tmp_path: Path) -> None:
    async with console(tmp_path, operator="ada") as rig:
        await rig.change(prompts=[prompt(1, "How bright is it?", "number", unit="lx")])
        dialog = rig.app.screen
        assert isinstance(dialog, PromptDialog)
        for _ in range(3):
            dialog.leave_with(True)
        await rig.until(lambda: not isinstance(rig.app.screen, PromptDialog))
        await rig.change(prompts=[])
        await rig.tick()
        assert rig.app.return_code is None


async def test_a_fault_is_told_in_a_sentence_without_a_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    class Faulty(Console):
        def on_mount(self) -> None:
            raise ZeroDivisionError("planted")

    def nobody() -> None:
        raise AssertionError("it is not reached")

    app = Faulty(nobody)  # type: ignore[arg-type]
    with pytest.raises(ZeroDivisionError, match="planted"):
        async with app.run_test():
            pass
    (told,) = map(str, app._exit_renderables) if app._exit_renderables else (capsys.readouterr().err,)
    assert "a fault in hil itself: ZeroDivisionError: planted" in told
    assert "Traceback" not in told
