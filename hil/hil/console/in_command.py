"""Being in command of a bench, handing it over, and leaving it."""

from __future__ import annotations

from textual import work

from ..commanding.verb import Verb
from ..errors import HilError
from .acting import Acting
from .dialogs.leave import Leave
from .dialogs.stopped import StopDialog
from .dialogs.text import Field, Form, Telling


class InCommand(Acting):
    """The actions of whoever commands the bench, or wants to."""

    @work
    async def action_lease(self) -> None:
        """Take, ask for, give or release command."""
        lease = self.model.run.lease
        if not self.model.known:
            self.say("no bench is reached yet")
        elif not self.model.run.service:
            self.say("this is one run: whoever answers first commands")
        elif self.desk.in_command and lease is not None and lease.requested_by:
            self.order(Verb.LEASE_OFFER, {"to": lease.requested_by})
        elif self.desk.in_command:
            self.order(Verb.LEASE_RELEASE)
        elif self.desk.another_commands and (lease is None or lease.offered_to != self.desk.name):
            self.order(Verb.LEASE_REQUEST)
        elif not self.desk.handover_waits or await self._read_handover():
            self.order(Verb.LEASE_TAKE, {"client": self.desk.client})

    @work
    async def action_override(self) -> None:
        """Take command from somebody, as a reviewer."""
        text = "Whoever is in command is put out of it, and told why. It takes the role review."
        texts = await self.push_screen_wait(Form(self.context, "TAKE COMMAND FROM SOMEBODY", text, [Field("why")]))
        if texts is not None:
            self.order(Verb.LEASE_OVERRIDE, {"client": self.desk.client}, texts[0])

    @work
    async def action_handover(self) -> None:
        """Read the note of the shift before, or leave one for the next."""
        if self.desk.handover_waits:
            await self._read_handover()
            return
        before = self.model.run.handover
        told = f"The last one, by {before.by}: {before.text}" if before is not None and before.text else ""
        texts = await self.push_screen_wait(Form(self.context, "NOTE TO THE NEXT SHIFT", told, [Field("note")]))
        if texts is not None:
            self.order(Verb.HANDOVER, reason=texts[0])

    async def _read_handover(self) -> bool:
        """Show the note of the shift before; whether it was read."""
        note = self.model.run.handover
        if note is None:
            return True
        text = f"{note.text}\n\nEnter says that you have read it. Nobody takes command before."
        read = await self.push_screen_wait(Telling(self.context, f"NOTE OF {note.by} TO THE NEXT SHIFT", text))
        if read:
            self.order(Verb.HANDOVER_READ)
        return bool(read)

    def action_detach(self) -> None:
        """Leave; the bench goes on."""
        self.exit(0)

    def action_explain_leave(self) -> None:
        """Ctrl-C is no way to leave a bench."""
        self.say("q or d leaves the console, ^x is SAFE STOP")

    @work
    async def action_leave(self) -> None:
        """Leave, after asking what is to become of the bench where this console commands it."""
        if not self.desk.in_command:
            self.exit(0)
            return
        what = await self.push_screen_wait(Leave(self.context))
        try:
            if what == "release":
                await self.desk.do(Verb.LEASE_RELEASE)
            elif what == "stop":
                stopped = await self.desk.stop()
                if not stopped.accepted:
                    self.push_screen(StopDialog(self.context, stopped))
                    return
        except HilError as error:
            self.say(f"still here: {error}", wrong=True)
            return
        if what is not None:
            self.exit(0)
