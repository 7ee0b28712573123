"""Clips the tests make themselves: FLV, as an encoder would publish it, with every packet known."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from io import BytesIO
from typing import Any

import av
import numpy as np

from tests.media.packets import Packet, packets_of

FRAMES_PER_SECOND = 25
SAMPLE_RATE = 44_100
CODEC_OPTIONS = {
    "libx264": {"preset": "ultrafast", "sc_threshold": "0"},
    "libx265": {"preset": "ultrafast", "x265-params": "log-level=error"},
    "libsvtav1": {"preset": "12"},
}


@dataclass(frozen=True, kw_only=True)
class ClipOrder:
    """What a clip shall be like; without a codec there is no such track."""

    seconds: float = 10.0
    video_codec: str | None = "libx264"
    audio_codec: str | None = "aac"
    b_frames: int = 2
    key_frame_seconds: float = 2.0
    width: int = 192
    height: int = 108
    video_bit_rate: int = 300_000
    audio_bit_rate: int = 64_000
    has_key_frames: bool = True
    starts_at_ms: int = 0
    sample_rate: int = SAMPLE_RATE
    """Opus has one of its own."""


@dataclass(frozen=True)
class Clip:
    """An FLV and its packets, as PyAV reads them."""

    content: bytes
    packets: tuple[Packet, ...]

    def of(self, kind: str) -> list[Packet]:
        """The packets of one kind of track."""
        return [packet for packet in self.packets if packet.kind == kind]


@cache
def clip(order: ClipOrder) -> Clip:
    """Make a clip; the same order gives the same one."""
    file = BytesIO()
    with av.open(file, "w", format="flv", options={"flvflags": "no_duration_filesize"}) as container:
        encoders = [encode(container, order) for encode in (_video, _audio)]
        packets = [packet for encoder in encoders for packet in encoder]
        packets.sort(key=lambda packet: packet.dts * packet.time_base)
        first = min(packet.dts * packet.time_base for packet in packets)
        for packet in packets:
            if packet.stream.type == "video" and packet.is_keyframe and not order.has_key_frames:
                continue
            ticks = round((Fraction(order.starts_at_ms, 1000) - first) / packet.time_base)
            packet.pts += ticks
            packet.dts += ticks
            container.mux_one(packet)
    content = file.getvalue()
    return Clip(content, tuple(packets_of(content)))


def _video(container: Any, order: ClipOrder) -> Iterable[Any]:
    if order.video_codec is None:
        return []
    stream = container.add_stream(order.video_codec, rate=FRAMES_PER_SECOND)
    stream.width, stream.height, stream.pix_fmt = order.width, order.height, "yuv420p"
    stream.bit_rate = order.video_bit_rate
    stream.codec_context.gop_size = round(order.key_frame_seconds * FRAMES_PER_SECOND)
    stream.codec_context.max_b_frames = order.b_frames
    stream.codec_context.options = dict(CODEC_OPTIONS[order.video_codec])
    frames = round(order.seconds * FRAMES_PER_SECOND)
    return _encoded(stream, (_picture(order, number) for number in range(frames)))


def _picture(order: ClipOrder, number: int) -> Any:
    """Moving bars with some noise, so that packets differ and have a size."""
    y, x = np.mgrid[0 : order.height, 0 : order.width]
    noise = np.random.default_rng(number).integers(0, 12, (order.height, order.width))
    picture = ((x * 2 + y + number * 5 + noise) % 256).astype(np.uint8)
    frame = av.VideoFrame.from_ndarray(np.repeat(picture[:, :, None], 3, axis=2), format="rgb24")
    frame.pts, frame.time_base = number, Fraction(1, FRAMES_PER_SECOND)
    return frame.reformat(format="yuv420p")


def _audio(container: Any, order: ClipOrder) -> Iterable[Any]:
    if order.audio_codec is None:
        return []
    rate = 48_000 if order.audio_codec == "libopus" else order.sample_rate
    stream = container.add_stream(order.audio_codec, rate=rate)
    stream.codec_context.layout = "stereo"
    stream.codec_context.bit_rate = order.audio_bit_rate
    return _encoded(stream, _tone(rate, order.seconds))


def _tone(rate: int, seconds: float) -> Iterable[Any]:
    """A tone whose pitch rises, in frames of 1024 samples."""
    for at in range(0, round(rate * seconds), 1024):
        t = np.arange(at, at + 1024) / rate
        wave = (np.sin(2 * math.pi * (220 + 20 * t) * t) * 8000).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(np.stack([wave, wave], axis=1).reshape(1, -1), format="s16", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = rate, at, Fraction(1, rate)
        yield frame


def _encoded(stream: Any, frames: Iterable[Any]) -> Iterable[Any]:
    packets = [packet for frame in frames for packet in stream.encode(frame)]
    return [*packets, *stream.encode(None)]
