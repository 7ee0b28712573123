"""The media of several streams in one order, read a few of each at a time, and together no more than so many."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from heapq import merge
from typing import Protocol

from chalicelib.attribute_values import Item

CHUNKS = 4
"""Of each stream so many chunks are read until together they make up the most that is read."""


class EnoughRead(Exception):
    """As many keys are read as may be; what came until now is in order and without a hole."""


class Range(Protocol):
    """Reads a partition from `first` to `last` (both included), at most `limit` entries."""

    def __call__(self, partition: str, *, first: str, last: str, limit: int) -> Iterable[Item]: ...


@dataclass
class MergedStreams:
    """Entries by their LSK; at most `left` of them are read."""

    read: Range
    first: str
    last: str
    descending: bool
    left: int

    def entries(self, partitions: Sequence[str]) -> Iterator[Item]:
        """The entries of all partitions in the order asked for; raises EnoughRead."""
        chunk = max(2, self.left // (CHUNKS * len(partitions)))
        streams = [self._of(partition, chunk) for partition in partitions]
        return merge(*streams, key=lambda entry: entry["LSK"], reverse=self.descending)

    def _of(self, partition: str, chunk: int) -> Iterator[Item]:
        first, last, before = self.first, self.last, ""
        while True:
            limit = min(chunk, self.left)
            if limit == 0:
                raise EnoughRead
            entries = list(self.read(partition, first=first, last=last, limit=limit))
            self.left -= len(entries)
            yield from (entry for entry in entries if entry["LSK"] != before)
            if len(entries) < limit:
                return
            before = entries[-1]["LSK"]  # bounds are included: the next chunk begins with it
            first, last = (first, before) if self.descending else (before, last)
