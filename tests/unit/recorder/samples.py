"""Builders of tracks and samples without a media library."""

from fractions import Fraction

from recorder_task.outputs.mp4_track import Mp4Track
from recorder_task.sample import Sample, Track

VIDEO = Track(index=0, kind="video", codec="h264", time_base=Fraction(1, 1000))
AUDIO = Track(index=1, kind="audio", codec="aac", time_base=Fraction(1, 1000))


def sample(track: Track, milliseconds: int, *, is_key_frame: bool = False, size: int = 100) -> Sample:
    """A sample of 40 ms at an instant."""
    return Sample(track, bytes(size), milliseconds, milliseconds, 40, is_key_frame, 0.0)


def add(track: Mp4Track, *samples: Sample) -> None:
    """Let an MP4's track take samples."""
    track.take(track.columns(samples))
