"""What is odd about a stream though every packet can be recorded: long GOPs, uneven timestamps. Pure.

Nothing is repaired here: it is counted and told, for it is the encoder's to mend. Players seek and join at key frames
alone, and stutter where timestamps are uneven.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from operator import sub
from statistics import fmean

from recorder_task.sample import Sample, TrackKind

LONGEST_GOP_SECONDS = 10.0
"""The figure of the vendor's event 321, type 16."""
STRETCH_SECONDS = 10.0
"""So much of a track is looked at together."""
FEWEST_PACKETS = 20
ODD_SHARE = 0.25
"""So many of a stretch's distances, at least, are off by more than half of the usual one: a few are lost frames."""


class Regularity:
    """The rhythm of a source's tracks. `noticed` counts, for its whole life, what was odd.

    The names: `gop_abnormal` (no key frame for too long, counted once until the next comes), `{kind}_uneven` (stretches
    in which packets lie at uneven distances).
    """

    def __init__(self) -> None:
        self.noticed: dict[str, int] = {}
        self._times: dict[TrackKind, list[float]] = {"video": [], "audio": []}
        """Of the stretch under way."""
        self._too_long_at = -math.inf
        """When the group of pictures is too long; infinite once that was noticed."""

    def look(self, samples: Sequence[Sample]) -> None:
        """Take samples in the order of their dts."""
        by_kind = self._times
        for sample in samples:
            kind = sample.track.kind
            by_kind[kind].append(sample.at)
            if sample.is_key_frame or (sample.at > self._too_long_at and kind == "video"):
                self._follow_gop(sample)
        for kind, times in by_kind.items():
            while times and times[-1] - times[0] >= STRETCH_SECONDS:
                end = bisect_left(times, times[0] + STRETCH_SECONDS)
                if _is_uneven(times[: end + 1]):
                    self._notice(f"{kind}_uneven")
                del times[:end]

    def _follow_gop(self, sample: Sample) -> None:
        if sample.is_key_frame or self._too_long_at == -math.inf:
            self._too_long_at = sample.at + LONGEST_GOP_SECONDS
        else:
            self._too_long_at = math.inf
            self._notice("gop_abnormal")

    def _notice(self, name: str) -> None:
        self.noticed[name] = self.noticed.get(name, 0) + 1


def _is_uneven(times: Sequence[float]) -> bool:
    if len(times) <= FEWEST_PACKETS:
        return False
    distances = sorted(map(sub, times[1:], times))
    usual = fmean(distances[:-1])  # the longest may be a hole, of which no rhythm is known
    near = bisect_right(distances, usual * 1.5) - bisect_left(distances, usual / 2)
    return len(distances) - near >= ODD_SHARE * len(distances)
