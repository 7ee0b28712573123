"""The stream that is measured: 1080p30 H.264 of about 4 Mbit/s with AAC of 128 kbit/s; seconds of it, repeated."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

MADE_SECONDS = 8
FRAMES_PER_SECOND, SAMPLE_RATE = 30, 48_000
WIDTH, HEIGHT = 1920, 1080


def make(path: Path, seconds: int) -> None:
    """Write an FLV of at least `seconds`."""
    packets = _encoded(path.with_suffix(".once.flv"))
    with av.open(str(path.with_suffix(".once.flv"))) as once, av.open(str(path), "w", format="flv") as container:
        streams = {each.index: container.add_stream_from_template(each, opaque=True) for each in once.streams}
        for repeat in range(-(-seconds // MADE_SECONDS)):
            for index, dts, pts, is_key_frame, payload in packets:
                packet = av.Packet(payload)
                packet.stream, packet.time_base = streams[index], Fraction(1, 1000)
                packet.dts, packet.pts = dts + repeat * MADE_SECONDS * 1000, pts + repeat * MADE_SECONDS * 1000
                packet.is_keyframe = is_key_frame
                container.mux_one(packet)


def _encoded(path: Path) -> list[tuple[int, int, int, bool, bytes]]:
    with av.open(str(path), "w", format="flv") as container:
        video = container.add_stream("libx264", rate=FRAMES_PER_SECOND)
        video.width, video.height, video.pix_fmt, video.bit_rate = WIDTH, HEIGHT, "yuv420p", 4_000_000
        video.codec_context.gop_size = 2 * FRAMES_PER_SECOND
        video.codec_context.options = {"preset": "ultrafast", "bf": "0", "maxrate": "4M", "bufsize": "4M"}
        audio: Any = container.add_stream("aac", rate=SAMPLE_RATE)
        audio.codec_context.layout, audio.codec_context.bit_rate = "stereo", 128_000
        for number in range(MADE_SECONDS * FRAMES_PER_SECOND):
            container.mux(video.encode(_picture(number)))
        container.mux(video.encode(None))
        noise = np.random.default_rng(0)
        for at in range(0, MADE_SECONDS * SAMPLE_RATE - 1024, 1024):
            sound = av.AudioFrame.from_ndarray(noise.integers(-9000, 9000, (1, 2048), np.int16), "s16", "stereo")
            sound.sample_rate, sound.pts, sound.time_base = SAMPLE_RATE, at, Fraction(1, SAMPLE_RATE)
            container.mux(audio.encode(sound))
        container.mux(audio.encode(None))
    limit = MADE_SECONDS * 1000
    with av.open(str(path)) as made:
        return [
            (packet.stream_index, packet.dts, packet.pts, packet.is_keyframe, bytes(packet))
            for packet in made.demux()
            if packet.dts is not None and packet.pts is not None and packet.dts < limit
        ]


def _picture(number: int) -> av.VideoFrame:
    noise = np.random.default_rng(number).integers(0, 40, (HEIGHT // 8, WIDTH // 8), np.uint8)
    ramp = np.add.outer(np.arange(HEIGHT), np.arange(WIDTH) + number * 6).astype(np.uint8)
    picture = ramp + np.kron(noise, np.ones((8, 8), np.uint8))
    chroma = np.full((HEIGHT // 2, WIDTH), 128, np.uint8)
    frame = av.VideoFrame.from_ndarray(np.vstack([picture, chroma]), format="yuv420p")
    frame.pts, frame.time_base = number, Fraction(1, FRAMES_PER_SECOND)
    return frame
