"""What was counted of a file's media, and the finished file that this and its journal entry make. Pure.

HLS keeps these facts as metadata of its playlist: each version of that is written with the facts of the segments it
names, in one request. Whoever goes on with the file or ends it, be it another recorder or a function, finds all of it
in the bucket.
"""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from chalicelib.recording.finished_file import AudioTrack, FinishedFile, VideoTrack
from chalicelib.recording.naming import media_key, media_name
from chalicelib.recording.open_file import OpenFile
from chalicelib.recording.playlist import Playlist


@dataclass(frozen=True, kw_only=True)
class TrackFacts:
    """One track as it was in the beginning, and what was counted of it since."""

    codec: str
    samples: int
    size_bytes: int
    seconds: float
    width: int = 0
    height: int = 0
    sample_rate: int = 0
    channels: int = 0

    @property
    def bits_per_second(self) -> int:
        """The mean bit rate of its packets."""
        return round(self.size_bytes * 8 / self.seconds) if self.seconds > 0 else 0


@dataclass(frozen=True, kw_only=True)
class FileFacts:
    """The facts of a file, or of as much as a playlist names. Times are unix seconds."""

    session_id: str
    """The session in which the file began."""
    started_at: float
    ended_at: float
    media_start_ms: int
    media_bytes: int
    """A playlist's own not counted."""
    video: TrackFacts | None
    audio: TrackFacts | None
    dropped_seconds: float = 0.0
    repairs: Mapping[str, int] = field(default_factory=dict)

    def followed_by(self, later: "FileFacts") -> "FileFacts":
        """The facts of both, one behind the other."""
        return replace(
            self,
            ended_at=later.ended_at,
            media_bytes=self.media_bytes + later.media_bytes,
            video=_sum(self.video, later.video),
            audio=_sum(self.audio, later.audio),
            dropped_seconds=round(self.dropped_seconds + later.dropped_seconds, 3),
            repairs=dict(Counter(self.repairs) + Counter(later.repairs)),
        )

    def encode(self) -> str:
        """The metadata's value: ASCII, far below S3's 2 KB."""
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def decode(cls, text: str) -> "FileFacts":
        """The facts of a metadata's value; raises ValueError for what `encode` has not written."""
        try:
            facts: dict[str, Any] = json.loads(text)
            tracks = {kind: facts[kind] and TrackFacts(**facts[kind]) for kind in ("video", "audio")}
            return cls(**{**facts, **tracks})
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"not the facts of an HLS file: {error}") from error


def finished_hls(
    file: OpenFile, playlist: Playlist, facts: FileFacts, *, utc_offset_hours: float, recovered: bool = False
) -> FinishedFile:
    """The finished file that a playlist, as it lies in the bucket, and its facts make."""
    return finished(
        file,
        facts,
        seconds=playlist.duration_seconds,
        playlist_bytes=len(playlist.encode()),
        utc_offset_hours=utc_offset_hours,
        recovered=recovered,
    )


def finished(
    file: OpenFile,
    facts: FileFacts,
    *,
    seconds: float,
    utc_offset_hours: float,
    playlist_bytes: int = 0,
    encoded_audio: AudioTrack | None = None,
    recovered: bool = False,
) -> FinishedFile:
    """The finished file of `seconds` that an entry and its facts make; `encoded_audio` is not the source's."""
    return FinishedFile(
        file_id=file.file_id,
        format=file.format,
        key=media_key(file.file_id, file.format),
        name=media_name(
            file.order.file_name,
            stream_id=file.stream.stream,
            started_at=facts.started_at,
            ended_at=facts.ended_at,
            utc_offset_hours=utc_offset_hours,
        ),
        size_bytes=facts.media_bytes + playlist_bytes,
        playlist_bytes=playlist_bytes,
        stream=file.stream,
        stream_param=file.stream_param,
        session_id=facts.session_id,
        recording_id=file.recording_id,
        template_id=file.template_id,
        task_id=file.task_id,
        started_at=facts.started_at,
        ended_at=facts.ended_at,
        duration_seconds=round(seconds, 6),
        media_start_ms=facts.media_start_ms,
        video=_video(facts.video),
        audio=encoded_audio or _audio(facts.audio),
        storage_seconds=file.order.storage_seconds,
        sub_app_id=file.order.sub_app_id,
        procedure=file.order.procedure,
        storage_mode=file.order.storage_mode,
        class_id=file.order.class_id,
        recovered=recovered,
        dropped_seconds=facts.dropped_seconds,
        repairs=facts.repairs,
    )


def _sum(first: TrackFacts | None, later: TrackFacts | None) -> TrackFacts | None:
    if first is None or later is None:
        return first or later
    return replace(
        first,
        samples=first.samples + later.samples,
        size_bytes=first.size_bytes + later.size_bytes,
        seconds=first.seconds + later.seconds,
    )


def _video(facts: TrackFacts | None) -> VideoTrack | None:
    if facts is None:
        return None
    return VideoTrack(
        codec=facts.codec,
        width=facts.width,
        height=facts.height,
        frames_per_second=round(facts.samples / facts.seconds, 3) if facts.seconds > 0 else 0.0,
        bits_per_second=facts.bits_per_second,
    )


def _audio(facts: TrackFacts | None) -> AudioTrack | None:
    if facts is None:
        return None
    return AudioTrack(
        codec=facts.codec,
        sample_rate=facts.sample_rate,
        channels=facts.channels,
        bits_per_second=facts.bits_per_second,
    )
