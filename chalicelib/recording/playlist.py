"""The text of an HLS playlist (RFC 8216), encode beside decode. Pure: recorder and functions write the same files.

A playlist only grows: what one version says the next says too, in the same words (6.2.1). So its target duration never
changes, no segment may be longer, and whoever keeps the text of one version makes the next by appending to it.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

PLAYLIST_TYPE, SEGMENT_TYPE = "application/vnd.apple.mpegurl", "video/mp2t"
GROWING_CACHE = "max-age=1"
"""What a cache in front of the bucket may make of a playlist that grows every few seconds."""
FINISHED_CACHE = "max-age=60"
SEGMENT_CACHE = "max-age=31536000, immutable"

_ATTRIBUTES = ("#EXTINF:", "#EXT-X-PROGRAM-DATE-TIME:", "#EXT-X-DISCONTINUITY")
_HEAD = "#EXTM3U", "#EXT-X-VERSION:3", "#EXT-X-MEDIA-SEQUENCE:0", "#EXT-X-PLAYLIST-TYPE:EVENT"
END = b"#EXT-X-ENDLIST\n"
"""The last line of a playlist to which nothing more comes."""


@dataclass(frozen=True, kw_only=True)
class Segment:
    """One segment of a playlist."""

    name: str
    duration_seconds: float
    began_at: float
    """Unix s of its first sample, for `#EXT-X-PROGRAM-DATE-TIME`."""
    is_discontinuous: bool = False
    """Timestamps, codecs or encoding are not those that the segment before it led to expect."""

    @property
    def ends_at(self) -> float:
        """Unix s."""
        return self.began_at + self.duration_seconds

    def encode(self) -> bytes:
        """Its lines. No EXTINF, rounded, exceeds the target duration (4.3.3.1): whoever cuts segments sees to it."""
        discontinuity = "#EXT-X-DISCONTINUITY\n" if self.is_discontinuous else ""
        date_time = f"#EXT-X-PROGRAM-DATE-TIME:{_date_time(self.began_at)}\n"
        return f"{discontinuity}{date_time}#EXTINF:{self.duration_seconds:.6f},\n{self.name}\n".encode()


@dataclass(frozen=True, kw_only=True)
class Playlist:
    """An EVENT playlist that says when it has ended."""

    target_seconds: int
    segments: tuple[Segment, ...] = ()
    is_finished: bool = False

    @property
    def duration_seconds(self) -> float:
        """How long it plays."""
        return math.fsum(segment.duration_seconds for segment in self.segments)

    @property
    def ends_at(self) -> float:
        """Unix s of the end of its last segment, of which there must be one."""
        return self.segments[-1].ends_at

    def finished(self) -> "Playlist":
        """The playlist to which nothing more comes."""
        return replace(self, is_finished=True)

    @property
    def cache_control(self) -> str:
        """How long a cache may keep it."""
        return FINISHED_CACHE if self.is_finished else GROWING_CACHE

    def encode(self) -> bytes:
        """The text."""
        head = ("#EXTM3U", "#EXT-X-VERSION:3", f"#EXT-X-TARGETDURATION:{self.target_seconds}", *_HEAD[2:], "")
        segments = b"".join(segment.encode() for segment in self.segments)
        return "\n".join(head).encode() + segments + (END if self.is_finished else b"")

    @classmethod
    def decode(cls, content: bytes) -> "Playlist":
        """The playlist of a text that `encode` has written; raises ValueError for any other."""
        try:
            lines = iter(content.decode().splitlines())
            target_seconds = 0
            segments: list[Segment] = []
            is_finished = False
            for line in lines:
                if line.startswith("#EXT-X-TARGETDURATION:"):
                    target_seconds = int(line.partition(":")[2])
                elif line.startswith(_ATTRIBUTES):
                    segments.append(_segment(line, lines))
                elif line == "#EXT-X-ENDLIST":
                    is_finished = True
                elif line not in _HEAD:
                    raise ValueError(f"unknown line {line!r}")
            if not target_seconds:
                raise ValueError("no target duration")
            return cls(target_seconds=target_seconds, segments=tuple(segments), is_finished=is_finished)
        except (
            StopIteration,
            KeyError,
            ValueError,
        ) as error:  # a text that breaks off stops in the middle of a segment
            raise ValueError(f"not a playlist of ours: {error}") from error


def target_duration(segment_seconds: float) -> int:
    """The target duration (s) of a playlist cut at about `segment_seconds`.

    Twice the aim: key frames may come irregularly, or only every 12 s, and still begin every segment.
    """
    return math.ceil(2 * segment_seconds)


def rounded(seconds: float) -> int:
    """A duration as RFC 8216 compares it with the target duration: to the nearest integer."""
    return math.floor(seconds + 0.5)


def _segment(line: str, lines: Iterator[str]) -> Segment:
    found: dict[str, str] = {}
    while line.startswith("#"):
        tag, _, value = line.partition(":")
        found[tag] = value
        line = next(lines)
    return Segment(
        name=line,
        duration_seconds=float(found["#EXTINF"].rstrip(",")),
        began_at=datetime.fromisoformat(found["#EXT-X-PROGRAM-DATE-TIME"]).timestamp(),
        is_discontinuous="#EXT-X-DISCONTINUITY" in found,
    )


def _date_time(moment: float) -> str:
    """ISO 8601 to the millisecond, in UTC (4.3.2.6)."""
    at = datetime.fromtimestamp(round(moment, 3), UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
