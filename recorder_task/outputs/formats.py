"""Every format a recorder writes: its output, its codecs, its tracks (wire.md, section 2)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from chalicelib.recording.orders import RecordFormat
from recorder_task.outputs.audio import AacOutput, Mp3Output
from recorder_task.outputs.flv import FlvOutput
from recorder_task.outputs.hls import HlsOutput
from recorder_task.outputs.mp4 import Mp4Output
from recorder_task.outputs.output import FileOrder, Output
from recorder_task.sample import Track


class CannotRecord(Exception):
    """This source cannot become this format; the message is the reason."""


class NoAudio(CannotRecord):
    """The format holds audio alone, and there is none."""


@dataclass(frozen=True, kw_only=True)
class OutputFormat:
    """One format. Codecs are FFmpeg's names; one that is not listed is refused before a byte is written."""

    open: Callable[[FileOrder], Output]
    video_codecs: frozenset[str] = frozenset()
    audio_codecs: frozenset[str]
    is_cut: bool = True
    """RecordInterval applies."""
    goes_on: bool = False
    """Another recorder may have begun the file, or may end it: the output itself keeps the journal of it."""

    def tracks(self, source: Sequence[Track], *, audio_only: bool) -> list[Track]:
        """The tracks of `source` that this format records; raises CannotRecord."""
        takes_video = bool(self.video_codecs) and not audio_only
        chosen = [track for track in source if track.kind == "audio" or takes_video]
        if not chosen:
            raise NoAudio("the stream has no audio") if source else CannotRecord("the stream has no track")
        for track in chosen:
            if track.codec not in self.audio_codecs | self.video_codecs:
                raise CannotRecord(f"{track.codec} {track.kind} cannot be recorded in this format")
        return chosen


FORMATS: Mapping[RecordFormat, OutputFormat] = {
    RecordFormat.FLV: OutputFormat(
        open=FlvOutput,
        video_codecs=frozenset({"h264", "hevc", "vvc", "av1"}),
        audio_codecs=frozenset({"aac", "mp3", "opus"}),
    ),
    RecordFormat.HLS: OutputFormat(
        # FFmpeg writes AV1 into MPEG-TS as private data that nobody can read.
        open=HlsOutput,
        video_codecs=frozenset({"h264", "hevc", "vvc"}),
        audio_codecs=frozenset({"aac", "mp3", "opus"}),
        is_cut=False,
        goes_on=True,
    ),
    RecordFormat.MP4: OutputFormat(
        open=Mp4Output,
        video_codecs=frozenset({"h264", "hevc", "vvc", "av1"}),
        audio_codecs=frozenset({"aac", "mp3", "opus"}),
    ),
    RecordFormat.AAC: OutputFormat(open=AacOutput, audio_codecs=frozenset({"aac"})),
    RecordFormat.MP3: OutputFormat(open=Mp3Output, audio_codecs=frozenset({"aac", "mp3", "opus"})),
}
