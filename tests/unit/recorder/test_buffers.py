"""Memory that is filled, read by another thread, and filled again."""

from recorder_task.uploads.buffers import Buffer, Buffers


def test_it_holds_what_was_written_whatever_its_room() -> None:
    buffer = Buffer(4)
    for piece in (b"ab", memoryview(b"cd"), b"", b"efghij"):
        assert buffer.write(piece) == len(piece)
    assert (buffer.size_bytes, bytes(buffer.view())) == (10, b"abcdefghij")


def test_what_was_shown_stays_as_it_was_while_more_is_written() -> None:
    buffer = Buffer(4)
    buffer.write(b"abc")
    shown = buffer.view()
    for piece in (b"d", b"ef" * 100):
        buffer.write(piece)
        assert bytes(shown) == b"abc"


def test_what_is_gathered_goes_on_in_the_memory_of_one_that_was_given_back() -> None:
    buffers = Buffers(8)
    spent, current = buffers.take(), buffers.take()
    spent.write(b"spent")
    current.write(b"ab")
    shown = current.view()
    buffers.give_back(spent)
    buffers.settle(current)
    current.write(b"cd")
    assert (bytes(current.view()), bytes(shown)) == (b"abcd", b"ab")
    assert bytes(spent.view()) == b"abcdt"  # the same memory
    assert buffers.given_back == []


def test_the_next_one_begins_where_the_last_one_was_before_it_moved() -> None:
    buffers = Buffers(8)
    spent, current = buffers.take(), buffers.take()
    current.write(b"ab")
    buffers.give_back(spent)
    buffers.settle(current)
    following = buffers.take()
    assert (following.size_bytes, bytes(following.reserve(2)[:2])) == (0, b"ab")  # the same memory
    following.write(b"xy")
    assert (bytes(current.view()), bytes(following.view()), bytes(buffers.take().view())) == (b"ab", b"xy", b"")


def test_memory_that_somebody_may_read_is_not_where_the_next_one_begins() -> None:
    buffers = Buffers(8)
    spent, current = buffers.take(), buffers.take()
    current.write(b"ab")
    shown = current.view()
    buffers.give_back(spent)
    buffers.settle(current)
    buffers.take().write(b"xy")
    assert bytes(shown) == b"ab"


def test_memory_that_is_too_small_is_not_used_again() -> None:
    buffers = Buffers(4)
    spent, current = buffers.take(), buffers.take()
    current.write(b"longer than the room")
    buffers.give_back(spent)
    buffers.settle(current)
    assert bytes(current.view()) == b"longer than the room"


def test_what_is_reserved_is_written_by_somebody_else() -> None:
    buffer = Buffer(8)
    buffer.write(b"ab")
    shown = buffer.view()
    for more in (b"cdef", b"ghi" * 100, b""):
        room = buffer.reserve(len(more))
        assert len(room) >= len(more)
        room[: len(more)] = more
        buffer.advance(len(more))
    assert bytes(buffer.view()) == b"abcdef" + b"ghi" * 100
    assert bytes(shown) == b"ab"
