"""Samples as FLV tags, behind what a part holds.

Source: Adobe Flash Video File Format Specification 10.1, annex E.4.1.
"""

from collections.abc import Sequence

from recorder_task.native import loops
from recorder_task.outputs.flv_track import MOVED, FrameForm, tag_header
from recorder_task.pull.flv_tags import SIZE_BYTES
from recorder_task.sample import Sample
from recorder_task.uploads.buffers import Buffer

COMPOSITION_BYTES = 3
LARGEST_24, LARGEST_32 = 0xFFFFFF, 0xFFFFFFFF


class PlainTagWriter:
    """The tags of one file, whose time begins at `starts_ms`."""

    def __init__(self, starts_ms: int, forms: tuple[FrameForm, ...]) -> None:
        self._starts_ms = starts_ms
        self._forms = {form.track.index: form for form in forms}
        self._earliest_ms = dict.fromkeys(self._forms, 0)
        """When the next frame of a track may be: times rise."""

    def write(
        self,
        part: Buffer,
        samples: Sequence[Sample],
        size_bytes: int,
        full_bytes: int,
        key_frames: list[tuple[int, int]],
    ) -> int:
        """Write tags until a file of `size_bytes` has `full_bytes`, or the samples end; returns how many it took.

        Notes the time of each key frame (ms) and where in the file it is. Raises OverflowError for a first sample that
        has no place in an FLV; one behind it is not taken.
        """
        taken = 0
        for sample in samples:
            if size_bytes >= full_bytes:
                break
            try:
                head, milliseconds = self._head(sample)
            except OverflowError:
                if not taken:
                    raise
                break
            size = len(head) + sample.size
            part.extend((head, sample.payload, size.to_bytes(SIZE_BYTES, "big")))
            if sample.is_key_frame:
                key_frames.append((milliseconds, size_bytes))
            size_bytes += size + SIZE_BYTES
            taken += 1
        return taken

    def _head(self, sample: Sample) -> tuple[bytes, int]:
        """What stands before a frame; when it is due."""
        index = sample.track.index
        form, earliest_ms = self._forms[index], self._earliest_ms[index]
        milliseconds = round(sample.at * 1000) - self._starts_ms
        composition_ms = round((sample.pts - sample.dts) * form.seconds_per_tick * 1000)
        if milliseconds < earliest_ms:
            # Where audio and video come seconds apart one of them may be earlier than the file.
            composition_ms = max(0, composition_ms + milliseconds - earliest_ms)
            milliseconds = earliest_ms
        which = int(not sample.is_key_frame)
        prefix, moved = form.prefixes[which], form.prefixes[which + MOVED]
        body_bytes = sample.size + (len(moved) + COMPOSITION_BYTES if composition_ms and moved else len(prefix))
        if not 0 <= composition_ms <= LARGEST_24 or milliseconds > LARGEST_32 or body_bytes > LARGEST_24:
            raise OverflowError("a frame is too large, too late, or shown too long after it is due")
        if composition_ms and moved:
            prefix = moved + composition_ms.to_bytes(COMPOSITION_BYTES, "big")
        self._earliest_ms[index] = milliseconds + 1
        return tag_header(form.tag_kind, body_bytes, milliseconds) + prefix, milliseconds


TagWriter = PlainTagWriter if loops is None else loops.TagWriter
