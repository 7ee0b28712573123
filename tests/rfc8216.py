"""Judges a media playlist by RFC 8216 (HTTP Live Streaming), and one version of it by the version before.

Written from the RFC alone: it shares nothing with the code that writes playlists. What it says names the section.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

WITHOUT_VALUE = {"EXTM3U", "EXT-X-DISCONTINUITY", "EXT-X-ENDLIST", "EXT-X-I-FRAMES-ONLY", "EXT-X-INDEPENDENT-SEGMENTS"}
OF_A_SEGMENT = {"EXTINF", "EXT-X-DISCONTINUITY", "EXT-X-PROGRAM-DATE-TIME", "EXT-X-BYTERANGE", "EXT-X-KEY", "EXT-X-MAP"}
OF_THE_PLAYLIST = {
    "EXT-X-TARGETDURATION",
    "EXT-X-MEDIA-SEQUENCE",
    "EXT-X-DISCONTINUITY-SEQUENCE",
    "EXT-X-ENDLIST",
    "EXT-X-PLAYLIST-TYPE",
    "EXT-X-I-FRAMES-ONLY",
}
ANYWHERE = {"EXTM3U", "EXT-X-VERSION", "EXT-X-INDEPENDENT-SEGMENTS", "EXT-X-START"}
ONCE = OF_THE_PLAYLIST | ANYWHERE
BEFORE_SEGMENTS = {"EXT-X-MEDIA-SEQUENCE", "EXT-X-DISCONTINUITY-SEQUENCE"}
DECIMAL_INTEGER = re.compile(r"\d{1,20}")
EXTINF_VALUE = re.compile(r"(\d+(?:\.\d+)?),(.*)")
DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)")
DATE_DRIFT_SECONDS = 0.002
"""Between segments that are continuous, dates may differ from the durations by their rounding to milliseconds."""


@dataclass
class _Reading:
    """What was found on the way through the lines."""

    tags: dict[str, str] = field(default_factory=dict)
    segments: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    pending: dict[str, str] = field(default_factory=dict)


def violations(content: bytes) -> list[str]:
    """What RFC 8216 forbids in one media playlist, each with its section; a playlist without any is valid."""
    return list(_violations(content))


def violations_of_change(before: bytes, after: bytes) -> list[str]:
    """What section 6.2.1 forbids between two versions of one EVENT playlist: it may grow and end, nothing else."""
    old, new = before.decode().splitlines(), after.decode().splitlines()
    found = []
    if "#EXT-X-ENDLIST" in old and old != new:
        found.append("6.2.1: changed after its end")
    grown = [line for line in old if line != "#EXT-X-ENDLIST"]
    if new[: len(grown)] != grown:
        found.append("6.2.1: what was said before is not said any more")
    return found


def _violations(content: bytes) -> Iterator[str]:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        yield "4.1: not UTF-8"
        return
    if content.startswith(b"\xef\xbb\xbf"):
        yield "4.1: begins with a byte order mark"
    if any((ord(each) < 32 and each not in "\r\n") or ord(each) == 127 for each in text):
        yield "4.1: a control character"
    if not text.endswith("\n"):
        yield "4.1: the last line is not terminated"
    lines = text.splitlines()
    if not lines or lines[0] != "#EXTM3U":
        yield "4.3.1.1: the first line is not #EXTM3U"
    reading = _Reading()
    for line in lines:
        yield from _read_line(line, reading)
    if reading.pending:
        yield f"4.3.2: {', '.join(sorted(reading.pending))} without a segment behind it"
    yield from _of_playlist(reading.tags)
    yield from _of_segments(reading)


def _read_line(line: str, reading: _Reading) -> Iterator[str]:
    if not line or (line.startswith("#") and not line.startswith("#EXT")):
        return
    if line != line.strip():
        yield f"4.1: white space around {line!r}"
    if not line.startswith("#"):
        if "EXTINF" not in reading.pending:
            yield f"4.3.2.1: {line} has no EXTINF"
        reading.segments.append((line, reading.pending))
        reading.pending = {}
        return
    tag, _, value = line[1:].partition(":")
    if (":" in line) == (tag in WITHOUT_VALUE):
        yield f"4.3: {tag} has a value where it has none, or none where it has one"
    if tag in OF_A_SEGMENT:
        if tag in reading.pending:
            yield f"4.3.2: {tag} twice for one segment"
        reading.pending[tag] = value
    elif tag in ONCE:
        if tag in reading.tags:
            yield f"4.3.3: {tag} twice"
        if tag in BEFORE_SEGMENTS and reading.segments:
            yield f"4.3.3: {tag} behind the first segment"
        reading.tags[tag] = value
    else:
        yield f"4.3: a media playlist has no {tag}"


def _of_playlist(tags: Mapping[str, str]) -> Iterator[str]:
    if "EXT-X-TARGETDURATION" not in tags:
        yield "4.3.3.1: no EXT-X-TARGETDURATION"
    for tag in ("EXT-X-TARGETDURATION", "EXT-X-MEDIA-SEQUENCE", "EXT-X-DISCONTINUITY-SEQUENCE", "EXT-X-VERSION"):
        if tag in tags and not DECIMAL_INTEGER.fullmatch(tags[tag]):
            yield f"4.2: {tag} is not a decimal integer"
    if tags.get("EXT-X-PLAYLIST-TYPE", "EVENT") not in ("EVENT", "VOD"):
        yield "4.3.3.5: EXT-X-PLAYLIST-TYPE is neither EVENT nor VOD"


def _of_segments(reading: _Reading) -> Iterator[str]:
    tags, segments = reading.tags, reading.segments
    version, target = _integer(tags, "EXT-X-VERSION", 1), _integer(tags, "EXT-X-TARGETDURATION", 0)
    if len({uri for uri, _ in segments}) < len(segments):
        yield "3: one segment named twice"
    expected_at: float | None = None
    for uri, own in segments:
        match = EXTINF_VALUE.fullmatch(own.get("EXTINF", ""))
        if match is None:
            yield f"4.3.2.1: EXTINF of {uri} is no duration"
            continue
        if "." in match[1] and version < 3:
            yield "7: a duration with decimals needs EXT-X-VERSION 3"
        seconds = float(match[1])
        if int(seconds + 0.5) > target:
            yield f"4.3.3.1: {uri} lasts {match[1]} s, more than the target duration of {target} s"
        date = own.get("EXT-X-PROGRAM-DATE-TIME")
        if date is not None and not DATE_TIME.fullmatch(date):
            yield f"4.3.2.6: {date} is not an ISO 8601 date and time with its zone"
            continue
        began_at = datetime.fromisoformat(date).timestamp() if date else None
        is_continuous = expected_at is not None and "EXT-X-DISCONTINUITY" not in own
        if began_at is not None:
            if is_continuous and expected_at is not None and abs(began_at - expected_at) > DATE_DRIFT_SECONDS:
                yield f"4.3.2.6: {uri} begins {began_at - expected_at:+.3f} s from where the segment before it ended"
            expected_at = began_at + seconds
        elif expected_at is not None:
            expected_at += seconds


def _integer(tags: Mapping[str, str], tag: str, default: int) -> int:
    value = tags.get(tag, "")
    return int(value) if DECIMAL_INTEGER.fullmatch(value) else default


def judge(versions: Sequence[bytes]) -> list[str]:
    """What is wrong with any version of a playlist, or between one and the next."""
    found = [f"version {number}: {each}" for number, text in enumerate(versions) for each in violations(text)]
    for number, (before, after) in enumerate(pairwise(versions), start=1):
        found += [f"version {number}: {each}" for each in violations_of_change(before, after)]
    return found
