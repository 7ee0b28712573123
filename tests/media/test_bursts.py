"""What gathers while the reader rests: all of it arrives, however much and however unevenly it was sent."""

import hashlib
import random
import threading
from collections.abc import Callable, Sequence

import pytest

from recorder_task.pull.rtmp.pull import GATHERED_BYTES, READ_BYTES, RtmpPull
from recorder_task.pull.source import Source
from tests.fakes.rtmp_origin import STREAM, RtmpOrigin, Send
from tests.media.clips import ClipOrder, clip
from tests.media.flv_surgery import AUDIO, VIDEO, FlvTag, tags_of
from tests.media.live_source import SET_CHUNK_SIZE, chunks

LARGE = clip(
    ClipOrder(seconds=4, width=1280, height=720, video_bit_rate=20_000_000, b_frames=0, audio_bit_rate=128_000)
)


def evenly(send: Send, tags: Sequence[FlvTag]) -> None:
    """Each tag at its time."""
    pause, at = threading.Event(), 0
    for tag in tags:
        if tag.milliseconds > at:
            pause.wait((tag.milliseconds - at) / 1000)
            at = tag.milliseconds
        send(chunks(tag))


def unevenly(send: Send, tags: Sequence[FlvTag]) -> None:
    """Nothing for a while, then much at once, in pieces that end anywhere."""
    chance, pause = random.Random(7), threading.Event()
    content = b"".join(chunks(tag) for tag in tags)
    at = 0
    while at < len(content):
        size = chance.choice([1, 700, 40_000, 900_000, 2_500_000])
        send(content[at : at + size])
        at += size
        pause.wait(chance.choice([0, 0.003, 0.1, 0.8]))


def at_once(send: Send, tags: Sequence[FlvTag]) -> None:
    """As fast as the connection takes it."""
    send(b"".join(chunks(tag) for tag in tags))


@pytest.mark.parametrize("rhythm", [evenly, unevenly, at_once])
def test_nothing_is_lost_in_bursts(rhythm: Callable[[Send, Sequence[FlvTag]], None]) -> None:
    tags = tags_of(LARGE)
    assert sum(len(tag.body) for tag in tags) * 8 / 4 >= 20_000_000

    def play(send: Send) -> None:
        send(SET_CHUNK_SIZE)
        rhythm(send, tags)

    found: list[tuple[int, str]] = []
    with RtmpOrigin(play) as origin:
        source = Source(origin.url, STREAM, open_seconds=5)
        source.open(lambda: False)
        while not source.is_exhausted:
            found += [(each.dts, hashlib.sha256(each.payload).hexdigest()) for each in source.read()]
        source.close()
    frames = [tag for tag in tags if tag.body[1] == 1]
    payload_at = {AUDIO: 2, VIDEO: 5}
    assert found == [(tag.milliseconds, hashlib.sha256(tag.body[payload_at[tag.kind] :]).hexdigest()) for tag in frames]


def test_what_has_gathered_is_read_as_one() -> None:
    """When each packet came is told by its distance to the last of its burst: pieces of one would be bursts."""
    begins, is_over = threading.Event(), threading.Event()

    def play(send: Send) -> None:
        send(SET_CHUNK_SIZE)
        begins.wait(30)
        send(b"".join(chunks(tag) for tag in tags_of(LARGE))[: GATHERED_BYTES + READ_BYTES])
        is_over.wait(30)

    with RtmpOrigin(play) as origin:
        pull = RtmpPull(origin.url, STREAM, timeout_seconds=5)
        begins.set()
        pull.rest(30)
        size_bytes = sum(len(tag.body) for tag in pull.read())
        is_over.set()
        pull.close()
    assert size_bytes >= GATHERED_BYTES - READ_BYTES
