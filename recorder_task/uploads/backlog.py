"""What waits to be muxed while the bucket is slower than the stream: groups of pictures, in the order they came.

    sample ──▶ muxers ──▶ lanes ──▶ bucket      while the lanes hold less than their half of the memory
         └──▶ backlog ──┘                       else; it follows as soon as they do again

Waiting here a packet costs its memory once, whatever the number of formats. Where the backlog exceeds the other half
whole groups are dropped, the oldest first: what is left can be decoded, and nothing ever waits for the bucket. A group
begins with a key frame; where no video comes, after `SILENT_SECONDS`. One that alone is too large loses its rest.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from recorder_task.sample import Sample
from recorder_task.uploads.upload_lane import UploadMemory

TOO_SLOW = "the bucket is slower than the stream: media is dropped"
SILENT_SECONDS = 5.0
"""Media without a video frame for so long is divided as audio."""


class Dropped(NamedTuple):
    """A group, or the rest of one, that is in no file."""

    seconds: float
    """Of media."""
    packets: int
    arrived_at: float
    """Of its first packet, unix s."""
    is_first: bool
    """Nothing else was dropped since the bucket was last as fast as the stream."""


class _Group:
    """Samples from one key frame up to the next; those that still wait."""

    def __init__(self, first: Sample) -> None:
        self.waiting: deque[Sample] = deque()
        self.size_bytes = 0
        self.is_begun = False
        """Its first samples were given to the muxers: the others should follow."""
        self.is_dropped = False
        self._has_key_frame = first.is_key_frame
        self._video_at = first.at
        self._ended_at = first.at
        self._lost_packets = 0
        self._lost_from: Sample | None = None

    def ends_before(self, sample: Sample) -> bool:
        return sample.is_key_frame or sample.at - self._video_at >= SILENT_SECONDS

    def see(self, sample: Sample) -> None:
        if sample.track.kind == "video":
            self._video_at = sample.at
            # Without its key frame it is the rest of a group whose beginning passed without waiting.
            self.is_begun = self.is_begun or not self._has_key_frame
        self._ended_at = max(self._ended_at, sample.at + sample.duration * sample.track.seconds_per_tick)

    def end_at(self, at: float) -> None:
        self._ended_at = at

    def keep(self, sample: Sample) -> None:
        self.waiting.append(sample)
        self.size_bytes += sample.size

    def give(self) -> Sample:
        self.is_begun = True
        sample = self.waiting.popleft()
        self.size_bytes -= sample.size
        return sample

    def drop(self) -> None:
        self.is_dropped = True
        for sample in self.waiting:
            self.lose(sample)
        self.waiting.clear()
        self.size_bytes = 0

    def lose(self, sample: Sample) -> None:
        self._lost_from = self._lost_from or sample
        self._lost_packets += 1

    def dropped(self, *, is_first: bool) -> Dropped | None:
        """What was lost of it, once it has ended."""
        first = self._lost_from
        if first is None:
            return None
        return Dropped(max(0.0, self._ended_at - first.at), self._lost_packets, first.arrived_at, is_first)


class Backlog:
    """The samples of one source between its timeline and its muxers.

    `on_drop` is told of each group that was dropped, once it has ended and before any later sample is given on.
    """

    def __init__(self, memory: UploadMemory, on_drop: Callable[[Dropped], None]) -> None:
        self._memory = memory
        self._on_drop = on_drop
        self._groups: deque[_Group] = deque()
        self._newest: _Group | None = None
        self._has_dropped = False

    @property
    def is_empty(self) -> bool:
        """The muxers have all that was not dropped."""
        return not self._groups

    @property
    def size_bytes(self) -> int:
        """What waits here."""
        return sum(group.size_bytes for group in self._groups)

    def push(self, samples: Iterable[Sample]) -> Iterator[Sample]:
        """Take samples; yields what the muxers may have now."""
        for sample in samples:
            newest = self._newest
            if self._groups or not self._memory.has_room or (newest is not None and newest.is_dropped):
                yield from self._keep(sample)
            else:  # the bucket is as fast as the stream
                self._newest, self._has_dropped = None, False
                yield sample

    def _keep(self, sample: Sample) -> Iterator[Sample]:
        group = self._group_of(sample)
        group.see(sample)
        if group.is_dropped:
            group.lose(sample)
        else:
            if not group.waiting:
                self._groups.append(group)
            group.keep(sample)
        yield from self.drain()
        self._shrink()

    def drain(self) -> Iterator[Sample]:
        """What the muxers may have now that uploads have ended."""
        while self._groups and self._memory.has_room:
            group = self._groups[0]
            sample = group.give()
            if not group.waiting:
                self._groups.popleft()
            yield sample
        if not self._groups and self._newest is not None and not self._newest.is_dropped:
            self._has_dropped = False

    def end(self) -> None:
        """No more samples come."""
        self._tell_of(self._newest)
        self._newest = None

    def _group_of(self, sample: Sample) -> _Group:
        group = self._newest
        if group is not None and not group.ends_before(sample):
            return group
        if group is not None:
            group.end_at(sample.at)
            self._tell_of(group)
        self._newest = _Group(sample)
        return self._newest

    def _shrink(self) -> None:
        while self._groups and self.size_bytes > self._memory.share_bytes:
            # Half a group in the file would end in frames that lack their end; it goes last.
            group = next((each for each in self._groups if not each.is_begun), self._groups[0])
            self._groups.remove(group)
            group.drop()
            if group is not self._newest:
                self._tell_of(group)

    def _tell_of(self, group: _Group | None) -> None:
        dropped = group.dropped(is_first=not self._has_dropped) if group is not None else None
        if dropped is not None:
            self._has_dropped = True
            self._on_drop(dropped)
