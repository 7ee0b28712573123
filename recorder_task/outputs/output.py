"""What every output is: one file of one format, fed sample by sample, that ends as objects in the bucket."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple, Protocol

import av

from chalicelib.recording.file_facts import FileFacts
from chalicelib.recording.finished_file import AudioTrack, FinishedFile
from chalicelib.recording.open_file import OpenFile
from recorder_task.aws.s3 import Bucket
from recorder_task.outputs.continuation import Continuation
from recorder_task.sample import Sample, Track
from recorder_task.tally import Tally
from recorder_task.uploads.upload_lane import UploadLane


class Written(NamedTuple):
    """What a finished file is: `playlist_bytes` is HLS's alone and part of `size_bytes`."""

    size_bytes: int
    playlist_bytes: int = 0
    encoded_audio: AudioTrack | None = None
    """The audio in the file, where it is not the source's."""
    whole_file: Callable[[], FinishedFile] | None = None
    """HLS alone, to be asked in the lane: other recorders may have written the file's beginning."""


class Output(Protocol):
    """One file. All that reaches the bucket goes through its lane, in order."""

    def write(self, samples: Sequence[Sample]) -> None:
        """Take samples, in the order of dts over all tracks, and count them.

        Raises what the muxer raises; what was counted before is in the file, the one behind it was refused.
        """

    def checkpoint(self) -> None:
        """Bring what is held into the bucket, as far as the format can."""

    def finish(self) -> Written:
        """End the file; its last uploads are in the lane when this returns."""

    def abort(self) -> None:
        """Free what the muxer holds; what lies in the bucket is recovery's."""


@dataclass(frozen=True, kw_only=True)
class FileOrder:
    """What an output is told of the file it writes."""

    bucket: Bucket
    lane: UploadLane
    entry: OpenFile
    """The file as the journal has it; HLS may go on with another one instead."""
    continuation: Continuation
    on_file: Callable[[OpenFile, FileFacts | None], None]
    """HLS tells in the lane which file it writes, with the facts of what others have written of it."""
    tally: Tally
    """What was written so far; the output counts."""
    tracks: Sequence[Track]
    starts_at: float
    """Media seconds (dts) of the file's first sample: 0 in the file, for every track."""
    part_bytes: int
    segment_seconds: float
    utc_offset_hours: float
    is_new: bool = True
    """Nothing lies under its key yet; recovery writes a file once more."""

    @property
    def file_id(self) -> str:
        """Of the file as it begins."""
        return self.entry.file_id


MUXER_OPTIONS = {
    # Microseconds. Samples come in order already; FFmpeg's own 10 s would hold them back while a track is silent.
    "max_interleave_delta": "1000000",
}

FLUSH_EACH_PACKET = {"flush_packets": "1"}
"""Hands each packet on at once, so that a checkpoint has all: at 64 kbit/s FFmpeg's 32 KiB hold back 4 s."""


def packet_of(sample: Sample) -> Any:
    """PyAV's packet of a sample, made once for all its muxers."""
    packet = sample.packet
    if packet is None:
        content: Any = sample.payload  # any buffer will do, which its type does not say
        packet = sample.packet = av.Packet(content)
        packet.is_keyframe = sample.is_key_frame or sample.track.kind == "audio"
    return packet


@dataclass(slots=True)
class _MuxedTrack:
    """One track inside a muxer."""

    stream: Any
    time_base: Fraction
    offset: int
    """Of the file's beginning, in ticks."""
    earliest: int = 0


class Muxer:
    """FFmpeg's muxer of one container, writing to a Python file object; copies packets, decodes nothing."""

    def __init__(
        self,
        file: Any,
        container_format: str,
        tracks: Sequence[Track],
        *,
        starts_at: float,
        options: Mapping[str, str] | None = None,
    ) -> None:
        self._container = av.open(file, "w", format=container_format, options={**MUXER_OPTIONS, **(options or {})})
        self._tracks: dict[int, _MuxedTrack] = {}
        try:
            for track in tracks:
                # Without `opaque` PyAV leaks the template's codec context.
                stream = self._container.add_stream_from_template(track.template, opaque=True)
                self._tracks[track.index] = _MuxedTrack(stream, track.time_base, round(starts_at / track.time_base))
        except BaseException:
            self._container.close()
            raise

    def write(self, sample: Sample) -> None:
        """Mux one sample, its times moved so that the file begins at 0."""
        muxed, packet = self._tracks[sample.track.index], packet_of(sample)
        dts, pts = sample.dts - muxed.offset, sample.pts - muxed.offset
        if dts < muxed.earliest:
            # Where audio and video come seconds apart one of them may be earlier than the file.
            dts = muxed.earliest
        muxed.earliest = dts + 1
        # Another muxer may have had this packet before and left its own times in it.
        packet.time_base = muxed.time_base
        packet.dts = dts
        packet.pts = pts if pts > dts else dts
        packet.duration = sample.duration
        packet.stream = muxed.stream
        self._container.mux_one(packet)

    def close(self) -> None:
        """Write what is held back and the trailer."""
        self._container.close()
