"""What makes a track of a PyAV stream."""

from fractions import Fraction
from typing import Any

from recorder_task.sample import Track


def track_of(stream: Any) -> Track:
    """The track that a PyAV stream is."""
    context = stream.codec_context
    is_video = stream.type == "video"
    frame_size = 0 if context is None or is_video else context.frame_size
    return Track(
        index=stream.index,
        kind=stream.type,
        codec=context.codec.canonical_name if context is not None else "unknown",
        time_base=Fraction(stream.time_base),
        width=context.width if is_video else 0,
        height=context.height if is_video else 0,
        sample_rate=0 if is_video else context.sample_rate,
        channels=0 if is_video else context.channels,
        frame_ms=round(frame_size * 1000 / context.sample_rate) if frame_size and context.sample_rate else 0,
        template=stream,
    )
