"""What is odd about a stream though every packet can be recorded: long GOPs, uneven timestamps. Pure.

Nothing is repaired here: it is counted and told, for it is the encoder's to mend. Players seek and join at key frames
alone, and stutter where timestamps are uneven.
"""

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise
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
        self._stretches: dict[TrackKind, list[float]] = {"video": [], "audio": []}
        self._too_long_at: float | None = None
        """When the group of pictures is too long; infinite once that was noticed."""

    def look(self, samples: Iterable[Sample]) -> None:
        """Take samples in the order of their dts."""
        stretches = self._stretches
        for sample in samples:
            at, kind = sample.at, sample.track.kind
            stretch = stretches[kind]
            stretch.append(at)
            if at - stretch[0] >= STRETCH_SECONDS:
                if _is_uneven(stretch):
                    self._notice(f"{kind}_uneven")
                stretches[kind] = [at]
            if kind == "video" and (sample.is_key_frame or self._too_long_at is None or at > self._too_long_at):
                self._follow_gop(at, is_key_frame=sample.is_key_frame)

    def _follow_gop(self, at: float, *, is_key_frame: bool) -> None:
        if is_key_frame or self._too_long_at is None:
            self._too_long_at = at + LONGEST_GOP_SECONDS
        else:
            self._too_long_at = math.inf
            self._notice("gop_abnormal")

    def _notice(self, name: str) -> None:
        self.noticed[name] = self.noticed.get(name, 0) + 1


def _is_uneven(times: Sequence[float]) -> bool:
    if len(times) <= FEWEST_PACKETS:
        return False
    distances = sorted(after - before for before, after in pairwise(times))
    usual = fmean(distances[:-1])  # the longest may be a hole, of which no rhythm is known
    return sum(abs(each - usual) > usual / 2 for each in distances) >= ODD_SHARE * len(distances)
