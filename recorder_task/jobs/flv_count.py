"""What is counted of an FLV's frames without touching them: a tag's header and the first byte behind it are looked at.

Only the first frame of each form is taken apart: the first byte says of all others like it what they are. So it is
where one of our recorders wrote the file, whose codecs' headers all stand in front of the first frame.
"""

import struct
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from recorder_task.jobs.counting import bare_sample, settle
from recorder_task.outputs.flv_metadata import KeyFrame
from recorder_task.pull.flv_messages import Message, audio_message, video_message
from recorder_task.pull.flv_tags import AUDIO_TAG, SIZE_BYTES, TAG_HEADER_BYTES, VIDEO_TAG, Tag
from recorder_task.pull.track_finder import INDEXES, MILLISECONDS, probe
from recorder_task.sample import Track, TrackKind
from recorder_task.tally import Tally, TrackTally
from recorder_task.timing.timeline import NEAR_MS

START = struct.Struct(">II3xB")
"""Kind and size of the body; three bytes of the time and the one above them; the first byte of the body."""
AROUND_BODY_BYTES = TAG_HEADER_BYTES + SIZE_BYTES
KINDS: Mapping[int, TrackKind] = {VIDEO_TAG: "video", AUDIO_TAG: "audio"}
MESSAGES: Mapping[int, Callable[[bytes], Message | None]] = {VIDEO_TAG: video_message, AUDIO_TAG: audio_message}


def frame_of(tag: Tag) -> Message | None:
    """The frame in a tag, if it holds one."""
    message = MESSAGES[tag.kind](tag.body) if tag.kind in MESSAGES else None
    return None if message is None or message.is_header else message


@dataclass(slots=True)
class _Counted:
    """What was counted of one track; `before` and `last` are the times of its last two frames as they are written."""

    track: Track
    first_ms: int
    before: int
    last: int
    samples: int = 0
    size_bytes: int = 0

    @property
    def last_ms(self) -> int:
        """When its last frame is."""
        return _milliseconds(self.last)

    @property
    def tally(self) -> TrackTally:
        """As its recorder would have it: the last frame plays as its codec says, or as long as the one before it."""
        first, last = (bare_sample(self.track, each) for each in (self.first_ms, self.last_ms))
        last.duration = self.track.frame_ms or min(self.last_ms - _milliseconds(self.before), NEAR_MS)
        return TrackTally(self.track, first, last, self.size_bytes, self.samples)


class _Form(NamedTuple):
    """What the kind of a tag and the first byte of its body say of all tags that have the same."""

    counted: _Counted
    around_bytes: int
    """Of a tag: all that is not the frame."""
    is_key_frame: bool


class FlvCount:
    """The count of a file with these codec headers and this first frame, which had arrived at `began_at` (unix s).

    `key_frames` are counted at once, `tally` is brought up to date by `settle`.
    """

    def __init__(self, codec_headers: Iterable[Tag], first: Tag, *, began_at: float) -> None:
        self.key_frames: list[KeyFrame] = []
        self._headers = {tag.kind: tag.body for tag in codec_headers}
        self._tracks: dict[int, _Counted] = {}
        self._forms: dict[int, _Form] = {}
        self._began_at = began_at
        track = self._meet(first)
        self.tally = Tally(bare_sample(track, first.milliseconds))

    def take(self, content: bytes, begin: int, run_bytes: int, *, moved_by: int) -> int:
        """Count whole tags from `begin` on, up to the first end that is `run_bytes` further; returns where that is.

        What is at 0 of `content` is at `moved_by` of the file.
        """
        forms, unpack, size = self._forms, START.unpack_from, len(content)
        until = min(begin + run_bytes, size - AROUND_BODY_BYTES + 1)
        at = begin
        while at < until:
            kind_and_size, time, first = unpack(content, at)
            end = at + AROUND_BODY_BYTES + (kind_and_size & 0xFFFFFF)
            if end > size:
                break
            form = forms.get(kind_and_size >> 16 & 0xFF00 | first) or self._new_form(content, at, end)
            if form is not None:
                counted, around_bytes, is_key_frame = form
                counted.samples += 1
                counted.size_bytes += end - at - around_bytes
                counted.before = counted.last
                counted.last = time
                if is_key_frame:
                    self.key_frames.append(KeyFrame(_milliseconds(time) / 1000, at + moved_by))
            at = end
        return at

    def settle(self) -> None:
        """Bring the tally up to date."""
        settle(self.tally, self._tracks.values(), began_at=self._began_at)

    def _new_form(self, content: bytes, at: int, end: int) -> _Form | None:
        """That of the first frame that has it; None of what holds no frame, which is passed on uncounted."""
        kind_and_size, time, first = START.unpack_from(content, at)
        tag = Tag(kind_and_size >> 24, _milliseconds(time), content[at + TAG_HEADER_BYTES : end - SIZE_BYTES])
        frame = frame_of(tag)
        if frame is None:
            return None
        self._meet(tag)
        form = _Form(
            self._tracks[tag.kind], end - at - len(frame.payload), tag.kind == VIDEO_TAG and frame.is_key_frame
        )
        self._forms[tag.kind << 8 | first] = form
        return form

    def _meet(self, tag: Tag) -> Track:
        """The track of a tag that holds a frame."""
        if tag.kind not in self._tracks:
            written = (tag.milliseconds & 0xFFFFFF) << 8 | tag.milliseconds >> 24
            self._tracks[tag.kind] = _Counted(self._track(tag), tag.milliseconds, written, written)
        return self._tracks[tag.kind].track

    def _track(self, tag: Tag) -> Track:
        """Its recorder could read it, and so can we; if not, its codec is all that is told of it."""
        kind, frame = KINDS[tag.kind], frame_of(tag)
        codec = frame.codec if frame is not None else ""
        bodies = [*filter(None, [self._headers.get(tag.kind)]), tag.body]
        track = probe(kind, codec, tag.kind, bodies)
        return track or Track(index=INDEXES[kind], kind=kind, codec=codec, time_base=MILLISECONDS)


def _milliseconds(written: int) -> int:
    """The time of a tag: three bytes, and behind them the one above."""
    return written >> 8 | (written & 0xFF) << 24
