"""What a recorder reports of the push itself, whatever is recorded of it: event 321. Pure: encode beside decode.

A report is one small object, `naming.push_report_key`, written once; its creation is the event that has the customer
told. It is of a session, not of a format: what is wrong with the encoder's stream is wrong with every file.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from enum import IntEnum

from chalicelib.recording.stream import StreamRef


class PushTrouble(IntEnum):
    """`type` of the wire, those that a recorder can know of."""

    VIDEO_TIME_BACKWARDS = 1
    AUDIO_TIME_BACKWARDS = 2
    VIDEO_TIME_JUMP = 3
    AUDIO_TIME_JUMP = 4
    VIDEO_GAP = 6
    AUDIO_GAP = 7
    VIDEO_CODEC_CHANGED = 8
    AUDIO_CODEC_CHANGED = 9
    NO_VIDEO_HEADER = 10
    NO_AUDIO_HEADER = 11
    AUDIO_INTERVAL = 12
    LONG_GROUP = 16


@dataclass(frozen=True, kw_only=True)
class Abnormality:
    """One trouble of a push in an interval."""

    trouble: PushTrouble
    count: int
    details: Sequence[tuple[str, float]] = field(default=())
    """What was seen, and when (unix s); some of the `count`."""


@dataclass(frozen=True, kw_only=True)
class PushReport:
    """What was wrong with a push in the `interval_seconds` that ended `at` (unix s)."""

    report_id: str
    stream: StreamRef
    session_id: str
    at: float
    interval_seconds: float
    abnormalities: Sequence[Abnormality]

    VERSION = 1

    def to_json(self) -> bytes:
        """The content of the report's object."""
        return json.dumps({"version": self.VERSION, **asdict(self)}, ensure_ascii=False).encode()

    @classmethod
    def from_json(cls, content: bytes) -> "PushReport":
        """The report of an object; raises ValueError where the content is not one of a version known here."""
        try:
            facts = json.loads(content)
            if facts.pop("version") != cls.VERSION:
                raise ValueError("written by another version")
            abnormalities = tuple(
                Abnormality(
                    trouble=PushTrouble(each["trouble"]),
                    count=each["count"],
                    details=tuple((text, at) for text, at in each["details"]),
                )
                for each in facts.pop("abnormalities")
            )
            return cls(**{**facts, "stream": StreamRef(**facts["stream"]), "abnormalities": abnormalities})
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ValueError(f"not a report of a push: {error}") from error
