"""AAC (ADTS) and MP3: frames one after another, appended as they come."""

from collections.abc import Sequence

from chalicelib.recording.naming import media_key
from chalicelib.recording.orders import RecordFormat
from recorder_task.outputs.adts import AdtsHeaders
from recorder_task.outputs.mp3_encoder import Mp3Encoder
from recorder_task.outputs.output import FLUSH_EACH_PACKET, FileOrder, Muxer, Written
from recorder_task.sample import Sample
from recorder_task.uploads.head_rewritable_object import HeadRewritableObject

MP3_OPTIONS = {
    **FLUSH_EACH_PACKET,
    "write_xing": "0",  # append only: it would want the head again
    "id3v2_version": "0",
}


class AacOutput:
    """One ADTS file, copied from an AAC track."""

    def __init__(self, order: FileOrder) -> None:
        self._object = _audio_object(order, RecordFormat.AAC, "audio/aac")
        self._tally = order.tally
        self._headers = AdtsHeaders(order.tracks)

    def write(self, samples: Sequence[Sample]) -> None:
        """Append the samples' frames."""
        frames: list[bytes | memoryview] = []
        try:
            for sample in samples:
                frames += (self._headers.header(sample), sample.payload)
        finally:
            self._tally.add(samples[: len(frames) // 2])
            self._object.append(frames)

    def checkpoint(self) -> None:
        """Upload the part in progress."""
        self._object.checkpoint()

    def finish(self) -> Written:
        """End the file."""
        return Written(self._object.finish())

    def abort(self) -> None:
        """Nothing to free."""


class Mp3Output:
    """One MP3 file: an MP3 track is copied, any other is decoded and encoded."""

    def __init__(self, order: FileOrder) -> None:
        self._object = _audio_object(order, RecordFormat.MP3, "audio/mpeg")
        self._tally = order.tally
        (track,) = order.tracks
        self._sink: Muxer | Mp3Encoder
        if track.codec == "mp3":
            self._sink = Muxer(
                self._object,
                "mp3",
                order.tracks,
                starts_at=order.starts_at,
                options=MP3_OPTIONS,
            )
        else:
            self._sink = Mp3Encoder(self._object, track, options=MP3_OPTIONS)

    def write(self, samples: Sequence[Sample]) -> None:
        """Copy or encode the samples."""
        for position, sample in enumerate(samples):
            self._sink.write(sample)
            self._tally.add(samples[position : position + 1])
            self._object.boundary()

    def checkpoint(self) -> None:
        """Upload the part in progress."""
        self._object.checkpoint()

    def finish(self) -> Written:
        """Encode what the encoder holds and end the file."""
        self._sink.close()
        encoded = self._sink.audio if isinstance(self._sink, Mp3Encoder) else None
        return Written(self._object.finish(), encoded_audio=encoded)

    def abort(self) -> None:
        """Free the muxer."""
        self._sink.close()


def _audio_object(order: FileOrder, name: RecordFormat, content_type: str) -> HeadRewritableObject:
    return HeadRewritableObject(
        order.bucket,
        order.lane,
        tally=order.tally,
        key=media_key(order.file_id, name),
        content_type=content_type,
        part_bytes=order.part_bytes,
        is_new=order.is_new,
    )
