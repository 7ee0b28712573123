"""A finished file: every fact of it, as `ready/{file_id}.json` holds them. Pure: the recorder writes, the index reads.

The object at `naming.ready_key` is the commit of a file: written last, once, and its creation is the event that builds
the media entry and the callbacks. The whole index can be rebuilt from these objects.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from chalicelib.recording.orders import RecordFormat
from chalicelib.recording.stream import StreamRef


@dataclass(frozen=True, kw_only=True)
class VideoTrack:
    """What a player needs to know of the video."""

    codec: str
    """FFmpeg's name: h264, hevc, av1."""
    width: int
    height: int
    frames_per_second: float
    bits_per_second: int


@dataclass(frozen=True, kw_only=True)
class AudioTrack:
    """What a player needs to know of the audio."""

    codec: str
    """FFmpeg's name: aac, mp3, opus."""
    sample_rate: int
    channels: int
    bits_per_second: int


@dataclass(frozen=True, kw_only=True)
class FinishedFile:
    """A playable result. Times are unix seconds of the recorder's clock, durations seconds of media."""

    file_id: str
    format: RecordFormat
    key: str
    """Of the object to open: the file itself, or the playlist."""
    name: str
    """The media's name: VodFileName with its placeholders filled."""
    size_bytes: int
    """HLS: playlist and segments together."""
    playlist_bytes: int
    """HLS only; otherwise 0."""

    stream: StreamRef
    stream_param: str
    session_id: str
    recording_id: str
    template_id: int
    task_id: str

    started_at: float
    ended_at: float
    duration_seconds: float
    media_start_ms: int
    """Timestamp of the first packet in the source."""
    video: VideoTrack | None
    audio: AudioTrack | None

    storage_seconds: int
    sub_app_id: int
    procedure: str
    storage_mode: str
    class_id: int
    recovered: bool = False
    """Finished by recovery, not by its recorder."""
    dropped_seconds: float = 0.0
    """Of media that its recorder dropped because the bucket was slower than the stream, or gone: before the file's

    beginning, or as holes in it. Of a recovered file it is what was known at its last checkpoint.
    """
    repairs: Mapping[str, int] = field(default_factory=dict)
    """What was wrong with the source's packets and was repaired, by name, and how often."""

    VERSION = 1

    def to_json(self) -> bytes:
        """The content of the ready object."""
        return json.dumps({"version": self.VERSION, **asdict(self)}, ensure_ascii=False, indent=1).encode()

    @classmethod
    def from_json(cls, content: bytes) -> "FinishedFile":
        """The file of a ready object; raises ValueError where the content is not one of a version known here."""
        try:
            facts: dict[str, Any] = json.loads(content)
            if facts.pop("version") != cls.VERSION:
                raise ValueError("written by another version")
            return cls(
                **{
                    **facts,
                    "format": RecordFormat(facts["format"]),
                    "stream": StreamRef(**facts["stream"]),
                    "video": facts["video"] and VideoTrack(**facts["video"]),
                    "audio": facts["audio"] and AudioTrack(**facts["audio"]),
                }
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"not a ready object: {error}") from error
