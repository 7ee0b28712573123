"""A file's check: opened from its playback URL and held against what was sent, packet by packet; MP3 by ear."""

from collections.abc import Callable, Mapping, Sequence
from statistics import median

import av
import numpy as np
from av.audio.resampler import AudioResampler

from infra.local.demo.comparison import Difference, compare
from infra.local.demo.packets import PacketPrint, read_prints
from infra.local.demo.sound import Samples, beep_starts, heard_beeps

READ_SECONDS = 30.0
BOTH = ("video", "audio")
ROUNDING_MS = 1.1
"""FLV counts milliseconds, MP4 and TS finer: nothing moves by more than one."""
FRAME_TIMES_MS = 2.5
"""TS stamps the first audio frame of a PES packet, ADTS none: a reader counts the rest from the sample rate."""
ONE_FRAME_MS = 24.0
"""FFmpeg's HLS reader gives the second frame of an audio-only playlist the time of the first, and so on to the end of
that PES packet, though the segment itself is read right."""
EAR_SECONDS = 0.03
CODEC_DELAY_SECONDS = 0.15
"""Encoder and decoder of AAC and MP3 together delay by less than this, and by the same for every beep."""


def check_file(url: str, file_format: str, sent: Sequence[PacketPrint]) -> float:
    """The media's duration in seconds, if the file at `url` holds what was sent; raises Difference, FFmpegError."""
    return CHECKS[file_format](url, sent)


def _packets_of_both(url: str, sent: Sequence[PacketPrint]) -> float:
    return _compare(url, sent, BOTH, ROUNDING_MS)


def _packets_in_segments(url: str, sent: Sequence[PacketPrint]) -> float:
    has_picture = any(packet.kind == "video" for packet in sent)
    return _compare(url, sent, BOTH, FRAME_TIMES_MS if has_picture else ONE_FRAME_MS)


def _packets_of_audio(url: str, sent: Sequence[PacketPrint]) -> float:
    return _compare(url, sent, ("audio",), FRAME_TIMES_MS)


def _compare(url: str, sent: Sequence[PacketPrint], kinds: Sequence[str], tolerance_ms: float) -> float:
    present = [kind for kind in kinds if any(packet.kind == kind for packet in sent)]
    found = read_prints(url, timeout_seconds=READ_SECONDS)
    compare(sent, found, kinds=present, tolerance_ms=tolerance_ms)
    return _span_seconds(found)


def _beeps(url: str, sent: Sequence[PacketPrint]) -> float:
    samples, sample_rate = _decoded(url)
    sound = [packet for packet in sent if packet.kind == "audio"]
    expected, duration = list(beep_starts(_span_seconds(sound))), samples.size / sample_rate
    heard = heard_beeps(samples, sample_rate)
    if len(heard) != len(expected):
        raise Difference(f"{len(expected)} beeps were sent, {len(heard)} are heard")
    late = [at - belongs for at, belongs in zip(heard, expected, strict=True)]
    delay = median(late) if late else 0.0
    if not -EAR_SECONDS <= delay <= CODEC_DELAY_SECONDS:
        raise Difference(f"all beeps are {delay * 1000:+.0f} ms away from where they belong")
    for number, each in enumerate(late):
        if abs(each - delay) > EAR_SECONDS:
            raise Difference(f"beep {number} is {(each - delay) * 1000:+.0f} ms away from where it belongs")
    if abs(duration - _span_seconds(sound)) > CODEC_DELAY_SECONDS:
        raise Difference(f"{_span_seconds(sound):.2f} s of sound were sent, {duration:.2f} s are heard")
    return duration


def _decoded(url: str) -> tuple[Samples, int]:
    resampler = AudioResampler(format="flt", layout="mono")
    pieces: list[Samples] = [np.empty(0, dtype=np.float32)]
    with av.open(url, "r", timeout=READ_SECONDS) as container:
        sample_rate = container.streams.audio[0].rate
        for frame in container.decode(audio=0):
            pieces += [piece.to_ndarray()[0] for piece in resampler.resample(frame)]
    return np.concatenate(pieces), sample_rate


def _span_seconds(packets: Sequence[PacketPrint]) -> float:
    return (max(packet.pts for packet in packets) - min(packet.pts for packet in packets)) / 1000 if packets else 0.0


CHECKS: Mapping[str, Callable[[str, Sequence[PacketPrint]], float]] = {
    "flv": _packets_of_both,
    "mp4": _packets_of_both,
    "hls": _packets_in_segments,
    "aac": _packets_of_audio,
    "mp3": _beeps,
}
