"""The columns of an MP4's tables: whatever was packed on the way comes out as it went in."""

import random
import tracemalloc
from array import array

import pytest

from recorder_task.outputs.column import PACKED_TOGETHER, Column

LARGEST = 0xFFFFFFFF


@pytest.mark.parametrize("together", [1, 77, PACKED_TOGETHER - 1, PACKED_TOGETHER, 3 * PACKED_TOGETHER + 1])
def test_numbers_come_out_in_order_however_many_came_between_two_packings(together: int) -> None:
    dice = random.Random(together)
    numbers = [dice.choice((0, 23, 341, LARGEST)) for _ in range(3 * PACKED_TOGETHER + 500)]
    column = Column()
    for begin in range(0, len(numbers), together):
        for number in numbers[begin : begin + together]:
            column.append(number)
        assert column.since(begin) == array("I", numbers[begin : begin + together])
        column.pack()
    assert column.whole() == array("I", numbers)
    assert len(column) == len(numbers)


def test_a_number_of_more_than_32_bits_is_refused() -> None:
    column = Column()
    with pytest.raises(OverflowError):
        column.append(LARGEST + 1)
    with pytest.raises(OverflowError):
        column.append(-1)


def test_two_hours_of_sound_take_less_than_two_bytes_a_frame() -> None:
    frames = 2 * 3600 * 47
    dice = random.Random(1)
    sizes = [dice.randrange(300, 400) for _ in range(frames)]
    tracemalloc.start()
    try:
        column = Column()
        for size in sizes:
            column.append(size)
            column.pack()
        assert tracemalloc.get_traced_memory()[0] < 2 * frames
    finally:
        tracemalloc.stop()
