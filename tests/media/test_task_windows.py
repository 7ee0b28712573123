"""A task's file begins with the first key frame of its window and ends with it, however audio and video drift apart."""

import threading
import time
from collections.abc import Sequence

import pytest

from tests.fakes.flv_origin import FlvOrigin
from tests.fakes.rtmp_origin import RtmpOrigin, Send
from tests.fakes.s3 import FakeS3
from tests.media.clips import ClipOrder, clip
from tests.media.flv_surgery import AUDIO, VIDEO, FlvTag, retimed, tags_of
from tests.media.live_source import SET_CHUNK_SIZE, chunks
from tests.media.packets import Packet, contents, packets_of
from tests.media.studio import Studio, template_order

MADE = ClipOrder(seconds=10, width=64, height=64, key_frame_seconds=0.4, b_frames=0)
START_MS, END_MS = 4000, 6000
BASE_MS = 10_000
CLOSE_SECONDS = 0.25
"""A frame lasts 0.04 s; the rest is for a machine under load."""


class Encoder:
    """Sends a clip at its pace, its sound stamped `ahead_ms` too late; `sent_at` is when each tag went."""

    def __init__(self, ahead_ms: int) -> None:
        self._ahead_ms = ahead_ms
        self.began_at = 0.0
        self.began = threading.Event()
        self.sent: list[tuple[float, FlvTag]] = []

    def play(self, send: Send) -> None:
        send(SET_CHUNK_SIZE)
        pause = threading.Event()
        self.began_at = time.time()
        self.began.set()
        for tag in tags_of(clip(MADE)):
            pause.wait(max(0.0, self.began_at + tag.milliseconds / 1000 - time.time()))
            stamped = tag.at(BASE_MS + tag.milliseconds + self._ahead_ms * (tag.kind == AUDIO))
            self.sent.append((time.time(), stamped))
            send(chunks(stamped))


def span(packets: Sequence[Packet], kind: str) -> tuple[float, float]:
    """The media seconds of the first and the last packet of a kind."""
    times = [packet.dts_ms / 1000 for packet in packets if packet.kind == kind]
    return times[0], times[-1]


@pytest.mark.parametrize("ahead_ms", [0, 3000, -3000], ids=["side by side", "sound ahead", "sound behind"])
def test_a_task_s_files_hold_its_window(ahead_ms: int, s3: FakeS3) -> None:
    encoder = Encoder(ahead_ms)
    with RtmpOrigin(encoder.play) as origin:
        studio = Studio(s3)
        begins_at = time.time() + 60
        task = template_order("flv", "mp4", "hls", "aac", recording_id="task-7", task_id="7", starts_at=begins_at)
        studio.order(origin.url, task, template_order("flv"))
        studio.start()
        assert encoder.began.wait(30)
        window = {"starts_at": encoder.began_at + START_MS / 1000, "ends_at": encoder.began_at + END_MS / 1000}
        studio.change({("orders", "task-7", name): at for name, at in window.items()})
        assert studio.wait().code == 0
    key_frames = [(at, tag) for at, tag in encoder.sent if tag.is_key_frame]
    first = next(tag.milliseconds for at, tag in key_frames if at >= window["starts_at"]) / 1000
    last = max(tag.milliseconds for at, tag in encoder.sent if tag.kind == VIDEO and at < window["ends_at"]) / 1000
    for file in (each for each in studio.files if each.task_id):
        begins = file.media_start_ms / 1000
        found = list(packets_of(studio.content(file)))
        offset = begins - min(packet.dts_ms for packet in found) / 1000
        for kind in ("video", "audio"):
            if kind == "audio" or file.video:
                begin, end = (at + offset for at in span(found, kind))
                assert begin == pytest.approx(first, abs=CLOSE_SECONDS + 0.4 * (file.video is None)), file.format
                assert end == pytest.approx(last, abs=CLOSE_SECONDS), file.format
    assert sorted(each.format for each in studio.files if each.task_id) == ["aac", "flv", "hls", "mp4"]


@pytest.mark.parametrize("name", ["flv", "mp4", "hls"])
def test_a_task_that_ends_while_its_stream_stands_still_has_all_that_had_come(name: str, s3: FakeS3) -> None:
    drifted = retimed(clip(MADE), lambda tag: BASE_MS + tag.milliseconds - 3000 * (tag.kind == AUDIO))
    sent = [packet for packet in clip(MADE).packets if packet.dts_ms < 5000]
    later = [0.0]
    with FlvOrigin(drifted.content) as origin:
        studio = Studio(s3, {"source_stall_seconds": 10_000.0}, clock=lambda: time.time() + later[0])
        task = template_order(name, recording_id="task-7", task_id="7", ends_at=time.time() + 600)
        studio.order(origin.url, task)
        studio.start()
        origin.send(until_ms=BASE_MS + 5000)
        studio.table.wait_for(lambda: "outcomes" in studio.session)
        later[0] = 620
        assert studio.wait().code == 0
    found = list(packets_of(studio.content(studio.file(name))))
    assert contents(found, "video") == contents(sent, "video")
    assert len(contents(found, "audio")) == pytest.approx(len(contents(sent, "audio")), abs=1)
