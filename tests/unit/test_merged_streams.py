"""The media of several streams in one order: without a hole, and without reading more than may be read."""

from collections.abc import Iterator

import pytest

from chalicelib.attribute_values import Item
from chalicelib.vod.merged_streams import EnoughRead, MergedStreams


class Partitions:
    """Entries by partition; counts what is read of them."""

    def __init__(self, **entries: list[int]) -> None:
        self.entries = {name: sorted(moments) for name, moments in entries.items()}
        self.descending = False
        self.keys_read = 0

    def read(self, partition: str, *, first: str, last: str, limit: int) -> list[Item]:
        found = [f"{moment:04d}" for moment in self.entries[partition] if first <= f"{moment:04d}" <= last]
        found = sorted(found, reverse=self.descending)[:limit]
        self.keys_read += len(found)
        return [{"LSK": key} for key in found]


def merged(partitions: Partitions, *, most: int, descending: bool = False) -> Iterator[int]:
    partitions.descending = descending
    streams = MergedStreams(read=partitions.read, first="0000", last="9999", descending=descending, left=most)
    return (int(entry["LSK"]) for entry in streams.entries(list(partitions.entries)))


def until_enough(moments: Iterator[int]) -> list[int]:
    came: list[int] = []
    try:
        for moment in moments:
            came.append(moment)
    except EnoughRead:
        return came
    raise AssertionError("it should have been enough")


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("most", [70, 1000])
def test_streams_come_in_one_order_whole(descending: bool, most: int) -> None:
    partitions = Partitions(a=[*range(0, 30, 2)], b=[*range(1, 30, 2)], c=[100], d=[])
    assert list(merged(partitions, most=most, descending=descending)) == sorted([*range(30), 100], reverse=descending)
    assert partitions.keys_read <= most


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("most", [20, 40, 64, 99])
def test_where_enough_is_read_what_came_has_no_hole(descending: bool, most: int) -> None:
    everything = sorted(range(1000), reverse=descending)
    partitions = Partitions(**{name: [*range(at, 1000, 3)] for at, name in enumerate("abc")})
    came = until_enough(merged(partitions, most=most, descending=descending))
    assert came == everything[: len(came)]
    assert partitions.keys_read <= most
    assert len(came) >= most // 2


def test_a_stream_that_is_busier_than_the_others_is_read_further() -> None:
    partitions = Partitions(busy=[*range(500)], quiet=[250])
    came = merged(partitions, most=400)
    assert [next(came) for _ in range(300)] == sorted([*range(299), 250])
