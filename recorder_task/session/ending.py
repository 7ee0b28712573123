"""When a recorder's work is over, and what becomes of its files then. Pure: one look at the situation, one answer.

                          another recorder is at work ──▶ replaced      files are the other's
    recording ──┬──────── SIGTERM ──────────────────────▶ terminated    ┐
                ├─ the pull ends (EOF, EIO) ─────────────▶ its reason    │ files end, HLS waits
                ├─ unpublished, then drained ────────────▶ unpublished   │ where that is ordered
                ├─ no byte for too long ─────────────────▶ stalled       ┘
                └─ every order is done ──────────────────▶ nothing left  files ended with their orders

An origin need not tell the end of a publish, may tell it twice, and may keep the pull open behind it: each way out is
enough alone, and whichever comes first counts.
"""

from dataclasses import dataclass

REPLACED, TERMINATED, UNPUBLISHED = "replaced", "terminated", "unpublished"
STALLED, NOTHING_LEFT = "source stalled", "nothing left to record"


@dataclass(frozen=True, kw_only=True)
class Situation:
    """What a recorder sees at one moment. Times are unix seconds."""

    now: float
    last_arrival_at: float
    """When the pull brought its last packet, or was opened."""
    unpublished_at: float | None = None
    source_ended: str | None = None
    """Why the pull has ended, once nothing of it is left to read."""
    is_lost: bool = False
    is_told_to_stop: bool = False
    is_all_done: bool = False
    """No recording takes any more."""


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long a recorder waits for what may still come, in seconds: settings of the same names say why."""

    drain_seconds: float
    drain_limit_seconds: float
    source_stall_seconds: float


def reason_to_end(situation: Situation, patience: Patience) -> str | None:
    """Why the recorder's work is over, or None where it goes on."""
    silent_seconds = situation.now - situation.last_arrival_at
    unpublished_at = situation.unpublished_at
    if situation.is_lost:
        return REPLACED
    if situation.is_told_to_stop:
        return TERMINATED
    if situation.source_ended is not None:
        return situation.source_ended if unpublished_at is None else UNPUBLISHED
    if unpublished_at is not None:
        is_drained = silent_seconds > patience.drain_seconds
        if is_drained or situation.now - unpublished_at > patience.drain_limit_seconds:
            return UNPUBLISHED
    if silent_seconds > patience.source_stall_seconds:
        return STALLED
    return NOTHING_LEFT if situation.is_all_done else None
