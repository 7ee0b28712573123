"""The text of an HLS playlist (RFC 8216). Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Segment:
    """One EXTINF."""

    name: str
    duration_seconds: float


def playlist(segments: Sequence[Segment], *, target_seconds: float, is_finished: bool) -> bytes:
    """An EVENT playlist that says when it has ended; no EXTINF, rounded, exceeds the target duration (4.3.3.1)."""
    longest = max((math.floor(segment.duration_seconds + 0.5) for segment in segments), default=0)
    lines = [
        "#EXTM3U",
        "#EXT-X-VERSION:3",
        f"#EXT-X-TARGETDURATION:{max(math.ceil(target_seconds), longest)}",
        "#EXT-X-MEDIA-SEQUENCE:0",
        "#EXT-X-PLAYLIST-TYPE:EVENT",
        "#EXT-X-INDEPENDENT-SEGMENTS",
    ]
    for segment in segments:
        lines += [f"#EXTINF:{segment.duration_seconds:.6f},", segment.name]
    if is_finished:
        lines.append("#EXT-X-ENDLIST")
    return "\n".join([*lines, ""]).encode()
