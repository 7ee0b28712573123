"""What a recorder reports beside its files: status (event 332) and exceptions (event 341). Pure: encode beside decode.

A report is one small object, `naming.report_key`, written once; its creation is the event that has the customer told.
Names and numbers are the wire's (docs/04-callbacks.md).
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import IntEnum, StrEnum
from typing import Any

from chalicelib.recording.orders import RecordFormat
from chalicelib.recording.stream import StreamRef


class StatusEvent(StrEnum):
    """`record_event` of the wire."""

    START_SUCCEEDED = "record_start_succeeded"
    START_FAILED = "record_start_failed"
    PAUSED = "record_paused"
    RESUMED = "record_resumed"
    ERROR = "record_error"
    ENDED = "record_ended"


class Level(StrEnum):
    """`exception_level` of the wire."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Trouble(IntEnum):
    """`exception.type` of the wire, those that a recorder meets."""

    AUDIO_JUMP = -8
    VIDEO_JUMP = -9
    DESYNC = -10
    VIDEO_TIME_ILLEGAL = -11
    PULL_FAILED = -16
    NO_AUDIO = -17
    NO_VIDEO = -18
    AUDIO_STANDS_STILL = -22
    VIDEO_STANDS_STILL = -23
    AUDIO_TIME_ILLEGAL = -24
    RESOLUTION_CHANGED = -100
    WRITE_FAILED = -104
    CODEC_CHANGED = -120
    VIDEO_FRAME_DROPPED = -130
    AUDIO_FRAME_DROPPED = -131
    GOP_ABNORMAL = -132
    AUDIO_UNEVEN = -200
    VIDEO_UNEVEN = -201


USUAL: Mapping[Trouble, tuple[Level, str]] = {
    Trouble.AUDIO_JUMP: (Level.WARNING, "audio timestamps jumped"),
    Trouble.VIDEO_JUMP: (Level.WARNING, "video timestamps jumped"),
    Trouble.DESYNC: (Level.WARNING, "audio and video timestamps differ widely"),
    Trouble.VIDEO_TIME_ILLEGAL: (Level.WARNING, "illegal video timestamp"),
    Trouble.PULL_FAILED: (Level.ERROR, "the stream could not be pulled"),
    Trouble.NO_AUDIO: (Level.ERROR, "audio was to be recorded and none came"),
    Trouble.NO_VIDEO: (Level.ERROR, "video was to be recorded and none came"),
    Trouble.AUDIO_STANDS_STILL: (Level.WARNING, "audio timestamps do not advance"),
    Trouble.VIDEO_STANDS_STILL: (Level.WARNING, "video timestamps do not advance"),
    Trouble.AUDIO_TIME_ILLEGAL: (Level.WARNING, "illegal audio timestamp"),
    Trouble.RESOLUTION_CHANGED: (Level.INFO, "the resolution changed"),
    Trouble.WRITE_FAILED: (Level.ERROR, "the container could not be written"),
    Trouble.CODEC_CHANGED: (Level.WARNING, "the codec changed: a new file was begun"),
    Trouble.VIDEO_FRAME_DROPPED: (Level.WARNING, "bad video frame dropped"),
    Trouble.AUDIO_FRAME_DROPPED: (Level.WARNING, "bad audio frame dropped"),
    Trouble.GOP_ABNORMAL: (Level.WARNING, "no key frame for more than 10 s"),
    Trouble.AUDIO_UNEVEN: (Level.INFO, "audio timestamps are uneven"),
    Trouble.VIDEO_UNEVEN: (Level.INFO, "video timestamps are uneven"),
}
"""Level and description where who reports says nothing else."""


@dataclass(frozen=True, kw_only=True)
class Status:
    """A recording's format has changed its status."""

    event: StatusEvent
    reason: str = ""
    """Why a start or a recording failed."""


@dataclass(frozen=True, kw_only=True)
class Occurrences:
    """A trouble that occurred, counted since it was reported last."""

    trouble: Trouble
    level: Level
    occurs: int
    description: str


@dataclass(frozen=True, kw_only=True)
class Report:
    """One thing to tell of one format of a recording."""

    report_id: str
    """One of a kind for what happened: told twice, it is called back once."""
    sequence: int
    """Rises over the reports of a stream: unix milliseconds, and at least one more than the report before."""
    at: float
    """Unix s."""
    stream: StreamRef
    session_id: str
    """Of the recording as the customer knows it: an HLS file that goes on keeps the session it began in."""
    recording_id: str
    task_id: str
    format: RecordFormat
    file_id: str
    """Empty where no file is concerned."""
    told: Status | Occurrences

    VERSION = 1

    def to_json(self) -> bytes:
        """The content of the report's object."""
        kind = "status" if isinstance(self.told, Status) else "occurrences"
        facts = asdict(self)
        return json.dumps({"version": self.VERSION, kind: facts.pop("told"), **facts}, ensure_ascii=False).encode()

    @classmethod
    def from_json(cls, content: bytes) -> "Report":
        """The report of an object; raises ValueError where the content is not one of a version known here."""
        try:
            facts: dict[str, Any] = json.loads(content)
            if facts.pop("version") != cls.VERSION:
                raise ValueError("written by another version")
            told = _status(facts.pop("status")) if "status" in facts else _occurrences(facts.pop("occurrences"))
            facts |= {"stream": StreamRef(**facts["stream"]), "format": RecordFormat(facts["format"])}
            return cls(told=told, **facts)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ValueError(f"not a report: {error}") from error


def _status(facts: dict[str, Any]) -> Status:
    return Status(**{**facts, "event": StatusEvent(facts["event"])})


def _occurrences(facts: dict[str, Any]) -> Occurrences:
    return Occurrences(**{**facts, "trouble": Trouble(facts["trouble"]), "level": Level(facts["level"])})
