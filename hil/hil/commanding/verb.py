"""The words for what may be asked of a run or a service; what each of them means is in `hil.commanding.verbs`."""

from __future__ import annotations

from enum import StrEnum


class Verb(StrEnum):
    """What may be asked."""

    STATE = "state"
    PAUSE = "pause"
    PAUSE_NOW = "pause-now"
    RESUME = "resume"
    ABORT = "abort"
    STOP = "stop"
    ACK = "ack"
    SHELVE = "shelve"
    ANSWER = "answer"
    NOTE = "note"
    START = "start"
    HOLD = "hold"
    QUEUE_ADD = "queue-add"
    QUEUE_REMOVE = "queue-remove"
    QUEUE_MOVE = "queue-move"
    LEASE_TAKE = "lease-take"
    LEASE_RENEW = "lease-renew"
    LEASE_RELEASE = "lease-release"
    LEASE_REQUEST = "lease-request"
    LEASE_OFFER = "lease-offer"
    LEASE_OVERRIDE = "lease-override"
    HANDOVER = "handover"
    HANDOVER_READ = "handover-read"
