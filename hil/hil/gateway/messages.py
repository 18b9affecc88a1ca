"""What clients may send, to the last key: nothing else reaches the core."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from ..commanding.verbs import Verb
from ..errors import UsageError

_Model = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)

LARGEST_INTEGER = 2**53
"""What every JSON parser reads as it was written."""

_Name = Annotated[str, Field(max_length=200)]
_Count = Annotated[int, Field(ge=0, le=10**9)]


class Arguments(BaseModel):
    """What a verb needs beside operator and reason: each takes its own, and nothing else."""

    model_config = _Model
    alarm: _Name | None = None
    seconds: float | None = Field(default=None, gt=0, le=1e9)
    prompt: int | None = Field(default=None, gt=0, le=10**9)
    value: str | None = Field(default=None, max_length=2000)
    procedure: _Name | None = None
    settings: dict[_Name, _Name] | None = Field(default=None, max_length=100)
    seed: _Count | None = None
    speed: float | None = Field(default=None, gt=0, le=1e9)
    position: _Count | None = None
    item: _Name | None = None
    revision: _Count | None = None
    client: _Name | None = None
    to: _Name | None = None


class CommandBody(BaseModel):
    """A command to the run, or to the service. All but a few need a ``command_id``: the same one again has the same
    answer. ``lease`` is the secret of the lease, for what needs it.
    """

    model_config = _Model
    verb: Annotated[Verb, Field(strict=False)]
    args: Arguments = Arguments()
    operator: str | None = Field(default=None, max_length=200)
    reason: str = Field(default="", max_length=2000)
    command_id: str = Field(default="", max_length=64)
    expect: str | None = Field(default=None, max_length=200)
    lease: str = Field(default="", max_length=64)

    def request(self) -> dict[str, Any]:
        """As the core takes it."""
        return self.model_dump(mode="json", exclude_unset=True)


class CommandMessage(BaseModel):
    """A command; its answer has the same ``command_id``."""

    model_config = _Model
    command: CommandBody


class RateMessage(BaseModel):
    """How many deltas a client wants in a second, at most."""

    model_config = _Model
    rate: float = Field(ge=0.2, le=20.0)


class SubscribeMessage(BaseModel):
    """The channels whose values a client wants, by globs."""

    model_config = _Model
    subscribe: list[_Name] = Field(max_length=64)


class SeenMessage(BaseModel):
    """The last frame that a client has worked off. Who says so once is waited for."""

    model_config = _Model
    seen: int = Field(ge=0, le=LARGEST_INTEGER)


class PicturesMessage(BaseModel):
    """Whether a client wants to see what the cameras see."""

    model_config = _Model
    pictures: bool


Message = CommandMessage | RateMessage | SubscribeMessage | SeenMessage | PicturesMessage

_message: TypeAdapter[Message] = TypeAdapter(Message)


def parse_message(text: str) -> Message:
    """What a client says on its stream.

    :raises UsageError: if it is nothing that it may say.
    """
    try:
        return _message.validate_json(text)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in fault["loc"] if not str(part).endswith("Message"))
        raise UsageError(
            f"is no message ({fault['msg']})",
            where=place or "message",
            remedy="send command, rate, subscribe, seen or pictures",
        ) from None
