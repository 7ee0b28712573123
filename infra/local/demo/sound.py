"""The clip's sound: a beep each second, and where the beeps are in something decoded. Pure."""

from collections.abc import Iterator
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Samples: TypeAlias = NDArray[np.float32]
"""Mono, -1 to 1."""

BEEP_HZ = 1000
BEEP_SECONDS = 0.1
FIRST_BEEP_AT = 0.5
"""Seconds; in the middle of each second, so that no beep lies at an edge of the clip."""

_WINDOW_SECONDS = 0.005
_APART_SECONDS = 0.3


def beep_starts(seconds: float) -> Iterator[float]:
    """When the beeps of a clip of `seconds` begin, in seconds; only whole beeps."""
    at = FIRST_BEEP_AT
    while at + BEEP_SECONDS <= seconds:
        yield at
        at += 1.0


def beeping(seconds: float, sample_rate: int) -> Samples:
    """Silence with a beep each second."""
    moments = np.arange(round(seconds * sample_rate)) / sample_rate
    since_beep = (moments - FIRST_BEEP_AT) % 1.0
    audible = (moments >= FIRST_BEEP_AT) & (since_beep < BEEP_SECONDS)
    return (0.6 * np.sin(2 * np.pi * BEEP_HZ * moments) * audible).astype(np.float32)


def heard_beeps(samples: Samples, sample_rate: int) -> list[float]:
    """When each beep in `samples` begins, in seconds: where the loudness at the beep's pitch rises past the half."""
    if samples.size == 0:
        return []
    moments = np.arange(samples.size) / sample_rate
    window = round(_WINDOW_SECONDS * sample_rate)
    tone = np.convolve(samples * np.exp(-2j * np.pi * BEEP_HZ * moments), np.ones(window) / window, mode="same")
    loudness = np.abs(tone)
    if loudness.max() < 0.05:
        return []
    audible = loudness > loudness.max() / 2
    rises = np.flatnonzero(audible[1:] & ~audible[:-1]) + 1
    starts: list[float] = []
    for rise in rises / sample_rate:
        if not starts or rise - starts[-1] > _APART_SECONDS:
            starts.append(float(rise))
    return starts
