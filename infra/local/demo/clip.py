"""The clip that is published: encoded ahead into an FLV in memory, with the timestamps that RTMP will carry."""

import io
from collections.abc import Iterator
from fractions import Fraction

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.video.frame import VideoFrame

from infra.local.demo.picture import picture
from infra.local.demo.sound import beeping

FRAMES_PER_SECOND = 25
WIDTH, HEIGHT = 640, 360
SAMPLE_RATE = 48_000
"""A whole number of samples a millisecond, RTMP's unit: timestamps survive every container exactly."""
KEY_FRAME_SECONDS = 2
_VIDEO_OPTIONS = {
    "preset": "ultrafast",
    "g": str(KEY_FRAME_SECONDS * FRAMES_PER_SECOND),
    "sc_threshold": "0",
    "bf": "2",
    "b": "3M",
}


def make_clip(seconds: float, *, video: bool = True, audio: bool = True) -> bytes:
    """An FLV of H.264 with B-frames and a key frame every 2 s, and AAC: a time code that runs, a beep each second."""
    file = io.BytesIO()
    with av.open(file, "w", format="flv", options={"flvflags": "no_duration_filesize"}) as container:
        if video:
            picture_track = container.add_stream("libx264", rate=FRAMES_PER_SECOND, options=_VIDEO_OPTIONS)
            picture_track.width, picture_track.height = WIDTH, HEIGHT
            picture_track.pix_fmt = "yuv420p"
            picture_track.time_base = Fraction(1, FRAMES_PER_SECOND)
        if audio:
            sound_track = container.add_stream("aac", rate=SAMPLE_RATE, options={"b": "96k"})
            sound_track.layout = "mono"
        sounds = _sound_frames(seconds) if audio else iter(())
        for number, frame in enumerate(_video_frames(seconds) if video else ()):
            container.mux(picture_track.encode(frame))
            # Sound keeps pace with the picture, so that the muxer needs to hold neither back.
            for sound in sounds:
                container.mux(sound_track.encode(sound))
                if (sound.pts or 0) * FRAMES_PER_SECOND >= number * SAMPLE_RATE:
                    break
        for sound in sounds:
            container.mux(sound_track.encode(sound))
        if video:
            container.mux(picture_track.encode(None))
        if audio:
            container.mux(sound_track.encode(None))
    return file.getvalue()


def _video_frames(seconds: float) -> Iterator[VideoFrame]:
    for number in range(round(seconds * FRAMES_PER_SECOND)):
        planes = picture(number, frames_per_second=FRAMES_PER_SECOND, width=WIDTH, height=HEIGHT)
        frame = VideoFrame.from_ndarray(planes, format="yuv420p")
        frame.pts, frame.time_base = number, Fraction(1, FRAMES_PER_SECOND)
        yield frame


def _sound_frames(seconds: float) -> Iterator[AudioFrame]:
    samples = beeping(seconds, SAMPLE_RATE)
    for start in range(0, samples.size, 1024):
        chunk = np.ascontiguousarray(samples[start : start + 1024].reshape(1, -1))
        frame = AudioFrame.from_ndarray(chunk, format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = SAMPLE_RATE, start, Fraction(1, SAMPLE_RATE)
        yield frame
