"""Chunks joined to messages: by Python, and by the compiled reader that takes its place."""

import tracemalloc
from collections.abc import Callable
from functools import partial
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recorder_task.native import loops
from recorder_task.pull.flv_tags import AUDIO_TAG, VIDEO_TAG, Tag
from recorder_task.pull.rtmp.chunks import ChunkReader, PlainChunkReader, Reader, chunked
from tests.compiled_loops import need_compiled_loops
from tests.unit.recorder.rtmp_chunks import RandomServer, basic, head, nonsense, pieces

NewReader = Callable[[], Reader]


def compiled() -> Reader:
    """The compiled one, whatever the recorder uses."""
    need_compiled_loops()
    return loops.ChunkReader(Tag)


@pytest.fixture(params=[PlainChunkReader, compiled], ids=["plain", "compiled"])
def new_reader(request: pytest.FixtureRequest) -> NewReader:
    """Each of the two."""
    made: NewReader = request.param
    return made


MESSAGES = [Tag(VIDEO_TAG, 0, bytes(range(256)) * 3), Tag(AUDIO_TAG, 0, b"b"), Tag(20, 0, b"")]


@pytest.mark.parametrize("size", [1, 2, 7, 128, 4000])
def test_chunks_are_joined_whatever_their_pieces(new_reader: NewReader, size: int) -> None:
    content = b"".join(chunked(each.kind, each.body, chunk_stream=4 + at) for at, each in enumerate(MESSAGES))
    reader = new_reader()
    pieces = [content[at : at + size] for at in range(0, len(content), size)]
    assert [message for piece in pieces for message in reader.feed(piece)] == MESSAGES


def test_messages_of_two_chunk_streams_may_be_interleaved(new_reader: NewReader) -> None:
    video, audio = b"v" * 200, b"a" * 10
    content = head(0, 6, 5, 200, VIDEO_TAG) + video[:128] + head(0, 4, 6, 10, AUDIO_TAG) + audio
    content += bytes([0xC0 | 6]) + video[128:]
    assert new_reader().feed(content) == [Tag(AUDIO_TAG, 6, audio), Tag(VIDEO_TAG, 5, video)]


def test_short_headers_take_what_they_leave_out_from_the_chunk_before(new_reader: NewReader) -> None:
    content = head(0, 4, 1000, 1, AUDIO_TAG) + b"a" + head(1, 4, 23, 2, AUDIO_TAG) + b"bb"
    content += head(2, 4, 20, 0, 0) + b"cc" + head(3, 4, 0, 0, 0) + b"dd"
    assert new_reader().feed(content) == [
        Tag(AUDIO_TAG, 1000, b"a"),
        Tag(AUDIO_TAG, 1023, b"bb"),
        Tag(AUDIO_TAG, 1043, b"cc"),
        Tag(AUDIO_TAG, 1063, b"dd"),
    ]


def test_a_time_beyond_three_bytes_follows_every_header(new_reader: NewReader) -> None:
    late, body = (0xFFFFFFF0).to_bytes(4, "big"), b"v" * 130
    content = head(0, 6, 0xFFFFFF, 130, VIDEO_TAG) + late + body[:128] + bytes([0xC0 | 6]) + late + body[128:]
    content += head(1, 6, 32, 1, VIDEO_TAG) + b"w"
    assert new_reader().feed(content) == [Tag(VIDEO_TAG, 0xFFFFFFF0, body), Tag(VIDEO_TAG, 0x10, b"w")]


def test_the_chunk_size_changes_with_the_message_that_says_so(new_reader: NewReader) -> None:
    content = chunked(1, (4096).to_bytes(4, "big"), chunk_stream=2) + head(0, 6, 0, 4000, VIDEO_TAG) + bytes(4000)
    assert new_reader().feed(content) == [Tag(VIDEO_TAG, 0, bytes(4000))]


def test_an_aborted_message_is_forgotten(new_reader: NewReader) -> None:
    content = head(0, 6, 0, 200, VIDEO_TAG) + bytes(128) + chunked(2, (6).to_bytes(4, "big"), chunk_stream=2)
    content += head(0, 6, 7, 1, VIDEO_TAG) + b"v"
    assert new_reader().feed(content) == [Tag(VIDEO_TAG, 7, b"v")]


@pytest.mark.parametrize(("first", "stream"), [(b"\x00\x10", 80), (b"\x01\x10\x01", 336)], ids=["one byte", "two"])
def test_chunk_streams_beyond_63_are_named_in_bytes_of_their_own(
    new_reader: NewReader, first: bytes, stream: int
) -> None:
    reader = new_reader()
    whole = head(0, 0, 5, 1, AUDIO_TAG)[1:] + b"a"
    assert reader.feed(first[:1]) == []
    assert reader.feed(first[1:] + whole) == [Tag(AUDIO_TAG, 5, b"a")]


def test_a_chunk_has_at_least_a_byte(new_reader: NewReader) -> None:
    content = chunked(1, bytes(4), chunk_stream=2) + head(0, 4, 7, 2, AUDIO_TAG) + b"a" + bytes([0xC0 | 4]) + b"b"
    assert new_reader().feed(content) == [Tag(AUDIO_TAG, 7, b"ab")]


def test_what_was_fed_may_be_overwritten(new_reader: NewReader) -> None:
    reader, buffer = new_reader(), bytearray(head(0, 4, 7, 3, AUDIO_TAG) + b"abc" + head(0, 4, 8, 4, AUDIO_TAG) + b"de")
    (first,) = reader.feed(memoryview(buffer))
    buffer[:] = bytes(len(buffer))
    buffer.clear()  # nobody looks into it any more
    assert [first, *reader.feed(b"fg")] == [Tag(AUDIO_TAG, 7, b"abc"), Tag(AUDIO_TAG, 8, b"defg")]


def test_messages_are_tags_in_all_respects(new_reader: NewReader) -> None:
    (tag,) = new_reader().feed(head(0, 4, 7, 1, AUDIO_TAG) + b"a")
    assert type(tag) is Tag
    assert (type(tag.kind), type(tag.milliseconds), type(tag.body)) == (int, int, bytes)
    assert (hash(tag), repr(tag)) == (hash(Tag(AUDIO_TAG, 7, b"a")), repr(Tag(AUDIO_TAG, 7, b"a")))


def test_what_holds_no_bytes_is_refused(new_reader: NewReader) -> None:
    reader = new_reader()
    with pytest.raises(TypeError):
        reader.feed("a")  # type: ignore[arg-type]
    assert reader.feed(head(0, 4, 7, 1, AUDIO_TAG) + b"a") == [Tag(AUDIO_TAG, 7, b"a")]


def test_memory_grows_with_what_came_and_not_with_what_was_announced(new_reader: NewReader) -> None:
    reader = new_reader()
    reader.feed(chunked(1, (1).to_bytes(4, "big"), chunk_stream=2))
    content = b"".join(basic(0, stream) + head(0, 3, 0, 0xFFFFFF, VIDEO_TAG)[1:] + b"v" for stream in range(2, 65_600))
    tracemalloc.start()
    assert reader.feed(content) == []
    grown, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert grown < 40 << 20


@pytest.mark.parametrize("tag", [(), (3,), (int,), (Tag, Tag)], ids=repr)
def test_a_compiled_reader_makes_tuples_alone(tag: tuple[object, ...]) -> None:
    need_compiled_loops()
    with pytest.raises(TypeError):
        loops.ChunkReader(*tag)  # type: ignore[arg-type]


def test_the_recorder_uses_the_compiled_reader_where_it_is() -> None:
    need_compiled_loops()
    assert isinstance(ChunkReader, partial)
    assert type(ChunkReader()) is loops.ChunkReader


SIZES = st.lists(st.integers(0, 6000), max_size=30) | st.lists(st.integers(0, 20), max_size=400)


@settings(deadline=None, max_examples=300)
@given(seed=st.integers(0, 1 << 32), deeds=st.integers(1, 120), sizes=SIZES)
def test_both_join_what_a_server_sends(seed: int, deeds: int, sizes: list[int]) -> None:
    server = RandomServer(Random(seed))
    for _ in range(deeds):
        server.act()
    for reader in (PlainChunkReader(), compiled()):
        found = [message for piece in pieces(server.content, sizes) for message in reader.feed(piece)]
        assert found == server.expected


@settings(deadline=None, max_examples=500)
@given(seed=st.integers(0, 1 << 32), noise=st.binary(max_size=200), sizes=SIZES)
def test_both_make_the_same_of_nonsense_however_it_is_split(seed: int, noise: bytes, sizes: list[int]) -> None:
    random = Random(seed)
    content = nonsense(random) + noise + nonsense(random)
    plain, fast = PlainChunkReader(), compiled()
    whole = compiled().feed(content)
    found = []
    for piece in pieces(content, sizes):
        messages = plain.feed(piece)
        assert fast.feed(memoryview(piece)) == messages
        found += messages
    assert found == whole
