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


def test_one_that_was_given_back_is_used_again_and_is_empty() -> None:
    buffers = Buffers(4)
    first, second = buffers.take(), buffers.take()
    assert first is not second
    first.write(b"abc")
    buffers.give_back(first)
    buffers.give_back(second)  # one waits already
    again = buffers.take()
    assert again is first
    assert bytes(again.view()) == b""
    assert buffers.take() is not second
