"""Frames that go on as before, as nearly all do: what is the same in all that begin alike is known. Pure."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from recorder_task.native import loops
from recorder_task.pull.flv_tags import Tag
from recorder_task.sample import NOTHING, Sample, Track

NO_COMPOSITION = bytes(3)


class Shape(NamedTuple):
    """What is the same in every frame that begins alike."""

    track: Track
    begin: int
    """Of the payload, in the tag's body."""
    has_composition: bool
    is_key_frame: bool


Shapes = dict[tuple[int, bytes], Shape]
"""By the tags' kind and their first two bytes."""
KnownSamples = Callable[[list[Tag], int, Shapes, dict[int, int], float, float], list[Sample]]
"""Takes tags, where among them to begin, the shapes, and what `arrival` asks for: each kind's newest time, now, and how
long all of it gathered. Returns a sample for each tag up to the first that has no shape, or no payload."""


def arrival(tag: Tag, newest_ms: Mapping[int, int], now: float, gathered_ms: float) -> float:
    """When a tag came (unix s): what a burst brings of a track came one after another, the last of it just now."""
    kind, milliseconds, _ = tag
    age_ms = newest_ms[kind] - milliseconds
    return now - (age_ms if age_ms < gathered_ms else gathered_ms) / 1000 if age_ms > 0 else now


def plain_samples(
    tags: list[Tag], at: int, shapes: Shapes, newest_ms: dict[int, int], now: float, gathered_ms: float
) -> list[Sample]:
    """`KnownSamples` without a compiler, and what is right of it (native/samples.c)."""
    samples: list[Sample] = []
    for tag in tags[at:] if shapes else ():
        kind, milliseconds, body = tag
        shape = shapes.get((kind, body[:2]))
        if shape is None or len(body) <= shape.begin:
            break
        track = shape.track
        presented = milliseconds
        if shape.has_composition and (composition := body[2:5]) != NO_COMPOSITION:
            presented += int.from_bytes(composition, "big", signed=True)
        payload = memoryview(body)[shape.begin :]
        arrived_at = arrival(tag, newest_ms, now, gathered_ms)
        samples.append(Sample(track, payload, milliseconds, presented, track.frame_ms, shape.is_key_frame, arrived_at))
    return samples


known_samples: KnownSamples = plain_samples if loops is None else loops.KnownSamples(Sample, NOTHING).of
