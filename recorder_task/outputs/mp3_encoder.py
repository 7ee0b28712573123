"""MP3 of a track that is something else: the one place where a recorder decodes."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import av

from chalicelib.recording.finished_file import AudioTrack
from recorder_task.outputs.output import packet_of
from recorder_task.sample import Sample, Track

SAMPLE_RATES = frozenset({8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000})
"""Of MPEG-1, 2 and 2.5 layer III."""
OTHER_RATE = 48000
LAYOUTS: Mapping[int, str] = {1: "mono", 2: "stereo"}
BIT_RATES: Mapping[int, int] = {1: 64_000, 2: 128_000}


class Mp3Encoder:
    """Decodes a track's samples and writes MP3 frames to a file object; more than two channels become two."""

    def __init__(self, file: Any, track: Track, *, options: Mapping[str, str]) -> None:
        self._decoder: Any = av.CodecContext.create(track.codec, "r")
        self._decoder.extradata = track.template.codec_context.extradata
        self._container = av.open(file, "w", format="mp3", options=dict(options))
        channels = min(track.channels, 2)
        rate = track.sample_rate if track.sample_rate in SAMPLE_RATES else OTHER_RATE
        self._stream = self._container.add_stream("libmp3lame", rate=rate)
        self._stream.codec_context.layout = LAYOUTS[channels]
        self._stream.codec_context.bit_rate = BIT_RATES[channels]
        self._decoded_samples = 0
        self.audio = AudioTrack(codec="mp3", sample_rate=rate, channels=channels, bits_per_second=BIT_RATES[channels])
        """What the file holds."""

    def write(self, sample: Sample) -> None:
        """Decode one sample and write what the encoder gives for it."""
        for frame in self._decoder.decode(packet_of(sample)):
            # Counted, not taken from the packet: milliseconds would make the encoder see gaps and overlaps.
            frame.pts, frame.time_base = self._decoded_samples, Fraction(1, frame.sample_rate)
            self._decoded_samples += frame.samples
            self._container.mux(self._stream.encode(frame))

    def close(self) -> None:
        """Write what decoder and encoder hold, and the trailer."""
        if self._decoded_samples:
            self._container.mux(self._stream.encode(None))
        self._container.close()
