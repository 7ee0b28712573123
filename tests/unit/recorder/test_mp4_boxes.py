"""Boxes and tables as bytes."""

import random
from array import array
from itertools import groupby

import pytest

from recorder_task.outputs.mp4_boxes import big_endian, box, boxes, runs, table


def test_a_box_says_how_long_it_is_and_what() -> None:
    assert box(b"free") == b"\x00\x00\x00\x08free"
    assert box(b"moov", b"abc", b"d") == b"\x00\x00\x00\x0cmoovabcd"
    assert table(b"stss", 2, b"rows") == b"\x00\x00\x00\x14stss" + bytes(7) + b"\x02rows"


def test_boxes_are_found_one_behind_the_other() -> None:
    content = box(b"ftyp", b"isom") + b"\x00\x00\x00\x01mdat" + (20).to_bytes(8, "big") + b"data" + box(b"free")
    assert list(boxes(content)) == [(b"ftyp", 0, 8, 12), (b"mdat", 12, 28, 32), (b"free", 32, 40, 40)]
    assert list(boxes(content, 32)) == [(b"free", 32, 40, 40)]


def test_a_box_shorter_than_its_own_header_is_refused() -> None:
    with pytest.raises(ValueError, match="size 4"):
        list(boxes(b"\x00\x00\x00\x04free"))


def test_columns_become_rows() -> None:
    rows = big_endian(array("I", [1, 2]), array("I", [3, 0xFFFFFFFF]))
    assert rows == bytes.fromhex("00000001 00000003 00000002 ffffffff")
    assert big_endian(array("Q", [1 << 40])) == bytes.fromhex("0000010000000000")
    assert big_endian(array("I")) == b""


def test_runs_are_those_of_a_plain_count() -> None:
    chance = random.Random(7)
    for length in (0, 1, 2, 3, 500):
        values = array("I", (chance.choice([7, 8]) for _ in range(length)))
        expected = [(len(list(run)), value) for value, run in groupby(values)]
        assert list(zip(*runs(values), strict=True)) == expected
