"""From tags to samples of tracks: a track is known with its codec's header and first frame, and anew when these change.

A track's parameters (picture size, sample rate) are FFmpeg's reading of a tiny FLV, made of that header and that frame.
Frames that nobody could decode are dropped and counted: those before their codec's header, and after a change those
before the next key frame.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from io import BytesIO
from itertools import chain

import av

from recorder_task.pull.flv_messages import (
    WITH_HEADER,
    Message,
    audio_message,
    has_plain_picture,
    has_plain_sound,
    in_ffmpegs_words,
    video_message,
)
from recorder_task.pull.flv_tags import AUDIO_TAG, FILE_HEADER_BYTES, SIGNATURE, SIZE_BYTES, VIDEO_TAG, Tag
from recorder_task.pull.pyav_track import track_of
from recorder_task.pull.shapes import KnownSamples, Shape, Shapes, arrival, known_samples
from recorder_task.sample import NOTHING, Sample, Track, TrackKind

MILLISECONDS = Fraction(1, 1000)
INDEXES: dict[TrackKind, int] = {"video": 0, "audio": 1}
ALONE_MS, ANNOUNCED_MS, HOPELESS_MS = 1000, 5000, 10_000
"""So much of a stream is awaited for its other track: longer where something of that one has come already, and longest
where no track is known at all."""
ENOUGH_FRAMES = 1000
"""And no more than so much, whatever the timestamps say."""
READABLE = frozenset({"h264", "hevc", "vvc", "av1", "aac", "mp3", "opus"})
"""Of any other codec no more is known than its name, which is enough to say that it cannot be recorded."""
MP3_PARAMETERS = b"\xff\xfe\x0c"
"""The bits of a frame's header that hold the version, layer and sample rate."""


@dataclass
class _Search:
    """What is known of one kind of track."""

    kind: TrackKind
    codec: str = ""
    header: bytes = b""
    header_body: bytes = b""
    parameters: bytes = b""
    track: Track | None = None
    is_changed: bool = False
    was_tried: bool = False


class TrackFinder:
    """The tracks of one source: the first of each kind."""

    def __init__(self, known: KnownSamples = known_samples) -> None:
        self._known = known
        self._video, self._audio = _Search("video"), _Search("audio")
        self._first_ms: int | None = None
        self._newest_ms = 0
        self._frames = 0
        self._dropped: dict[str, int] = {}
        self._shapes: Shapes = {}

    @property
    def tracks(self) -> list[Track]:
        """Those that are known now."""
        return [search.track for search in (self._video, self._audio) if search.track is not None]

    @property
    def is_settled(self) -> bool:
        """Both kinds are known, or what is missing was awaited for long enough."""
        known = self.tracks
        if len(known) == 2 or self._first_ms is None:
            return bool(known)
        patience_ms = HOPELESS_MS
        if known:
            other = self._audio if known[0].kind == "video" else self._video
            patience_ms = ANNOUNCED_MS if other.codec else ALONE_MS
        return abs(self._newest_ms - self._first_ms) >= patience_ms or self._frames >= ENOUGH_FRAMES

    def samples(self, tags: Sequence[Tag], now: float, gathered_ms: float) -> Iterator[Sample]:
        """The samples of tags that came together at `now` (unix s), and gathered for so long."""
        return chain.from_iterable(self._runs(list(tags), now, gathered_ms))

    def _runs(self, tags: list[Tag], now: float, gathered_ms: float) -> Iterator[list[Sample]]:
        newest_ms = {kind: milliseconds for kind, milliseconds, _ in tags}
        at = 0
        while at < len(tags):
            run = self._known(tags, at, self._shapes, newest_ms, now, gathered_ms)
            if run:
                yield run
                at += len(run)
            else:
                sample = self.take(tags[at], arrival(tags[at], newest_ms, now, gathered_ms))
                at += 1
                if sample is not None:
                    yield [sample]

    def take(self, tag: Tag, arrived_at: float) -> Sample | None:
        """The sample of a tag that holds one; what was dropped before it is among its repairs."""
        kind, milliseconds, body = tag
        if kind == VIDEO_TAG:
            search, message = self._video, video_message(body)
        elif kind == AUDIO_TAG:
            search, message = self._audio, audio_message(body)
        else:
            return None
        if message is None:
            return None
        if message.is_header:
            self._shapes.clear()
            _note_header(search, message, body)
            return None
        if self._first_ms is None:
            self._first_ms = milliseconds
        self._newest_ms = milliseconds
        self._frames += 1
        before = search.track
        is_as_before = message.codec == search.codec != "mp3" and not search.is_changed
        track = before if is_as_before else _track(search, message, tag)
        if track is None or track is not before:
            self._shapes.clear()
        elif is_as_before and self.is_settled:
            begin = len(body) - len(message.payload)
            if kind == VIDEO_TAG and has_plain_picture(body):
                self._shapes[kind, body[:2]] = Shape(track, begin, True, message.is_key_frame)
            elif kind == AUDIO_TAG and has_plain_sound(body):
                self._shapes[kind, body[:2]] = Shape(track, begin, False, False)
        if track is None:
            reasons = ("frame_dropped",) if search.header else ("frame_dropped", "headerless")
            for name in (f"{search.kind}_{reason}" for reason in reasons):
                self._dropped[name] = self._dropped.get(name, 0) + 1
            return None
        dropped: Mapping[str, int] = NOTHING
        if self._dropped:
            dropped, self._dropped = self._dropped, {}
        return Sample(
            track,
            message.payload,
            milliseconds,
            milliseconds + message.composition_ms,
            track.frame_ms,
            kind == VIDEO_TAG and message.is_key_frame,
            arrived_at,
            dropped,
        )


def _note_header(search: _Search, message: Message, body: bytes) -> None:
    header = bytes(message.payload)
    is_another = (message.codec, header) != (search.codec, search.header)
    search.codec, search.header, search.header_body = message.codec, header, body
    search.is_changed = search.is_changed or is_another
    search.was_tried = search.was_tried and not is_another


def _track(search: _Search, message: Message, tag: Tag) -> Track | None:
    """The track to which a frame belongs, if it is known."""
    parameters = _mp3_parameters(message.payload) if message.codec == "mp3" else search.parameters
    if message.codec != search.codec:
        search.codec, search.header, search.header_body = message.codec, b"", b""
        search.is_changed, search.was_tried = True, False
    if parameters != search.parameters:
        search.parameters, search.is_changed, search.was_tried = parameters, True, False
    return _known(search, message, tag) if search.is_changed else search.track


def _mp3_parameters(payload: bytes | memoryview) -> bytes:
    return bytes(byte & mask for byte, mask in zip(payload, MP3_PARAMETERS, strict=False))


def _known(search: _Search, message: Message, tag: Tag) -> Track | None:
    """The track, if it is known with this frame."""
    if message.codec in WITH_HEADER & READABLE and not search.header:
        return None
    may_begin = message.is_key_frame or search.kind == "audio" or search.track is None
    if not may_begin or (search.was_tried and not message.is_key_frame):
        return None
    search.was_tried = True
    bodies = [body for body in (search.header_body, tag.body) if body]
    if search.kind == "video":
        bodies = list(map(in_ffmpegs_words, bodies))
    track = probe(search.kind, message.codec, tag.kind, bodies)
    if track is not None:
        search.track, search.is_changed = track, False
    return track


def probe(kind: TrackKind, codec: str, tag_kind: int, bodies: list[bytes]) -> Track | None:
    """The track whose header and first frame these are; None where they do not say enough."""
    if codec not in READABLE:
        return Track(index=INDEXES[kind], kind=kind, codec=codec, time_base=MILLISECONDS)
    flags = 4 if kind == "audio" else 1
    header = SIGNATURE + bytes([1, flags]) + FILE_HEADER_BYTES.to_bytes(4, "big") + bytes(SIZE_BYTES)
    tags = [bytes([tag_kind]) + len(body).to_bytes(3, "big") + bytes(7) + body for body in bodies]
    content = header + b"".join(tag + len(tag).to_bytes(SIZE_BYTES, "big") for tag in tags)
    try:
        (stream, *_) = av.open(BytesIO(content), "r", format="flv").streams
    except (av.error.FFmpegError, ValueError):
        return None
    if stream.type != kind or stream.codec_context is None:
        return None
    track = replace(track_of(stream), index=INDEXES[kind])
    return track if track.sample_rate or (track.width and track.height) else None
