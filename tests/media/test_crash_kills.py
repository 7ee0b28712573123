"""One publish feeds many recorders, each killed at its own moment: every packet is recorded, or within the stated loss.

The stated loss: CHECKPOINT_SECONDS in a file; in HLS one segment, as long as its playlist lets one be: the one under
way, what gathers before it is read, and the time that segment and playlist take to the bucket. Time is the clock's: the
publish sends as fast as its timestamps say, and a packet is at risk for as long after it was sent. A machine with other
things to do has recorders lag behind: their segments tell how far, and by so much more is at risk.
"""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from chalicelib.recording.playlist import target_duration
from tests.fakes.flv_origin import FlvOrigin
from tests.fakes.s3 import RequestSeen
from tests.media.clips import ClipOrder, clip
from tests.media.packets import contents, packets_of
from tests.media.studio import Studio
from tests.media.victims import (
    CHECKPOINT_SECONDS,
    FORMATS,
    SEGMENT_SECONDS,
    AtRequest,
    Victim,
    dynamodb_server,
    own_table,
)

MADE = ClipOrder(seconds=18, width=96, height=64, key_frame_seconds=1.0)
AT_RISK_SECONDS = dict.fromkeys(FORMATS, CHECKPOINT_SECONDS) | {"hls": float(target_duration(SEGMENT_SECONDS))}
USUAL_SECONDS = 1.5
"""From the last packet of a segment to the bucket: what gathers, the next key frame, the upload."""
BEGINNING_MS = 2_000
CLOCK_KILLS = 16


class Publish:
    """The clip, its beginning at once, then at the pace of its timestamps; knows what had been sent at any moment."""

    def __init__(self, origin: FlvOrigin) -> None:
        self._origin = origin
        self._sent: list[tuple[float, int]] = [(0.0, 0)]
        self._origin.send(until_ms=BEGINNING_MS)
        self._stop = threading.Event()

    def run(self) -> None:
        """Send the rest."""
        began_at = time.time()
        while self._sent[-1][1] < MADE.seconds * 1000 and not self._stop.wait(0.05):
            until_ms = BEGINNING_MS + round((time.time() - began_at) * 1000)
            self._origin.send(until_ms=until_ms)
            self._sent.append((time.time(), until_ms))
        self._origin.send(until_ms=1_000_000)
        self._origin.end()

    def sent_at(self, milliseconds: int) -> float:
        """When so much media had been sent, unix s."""
        return next(at for at, until_ms in self._sent if until_ms >= milliseconds)

    def sent_by(self, moment: float) -> int:
        """Milliseconds of media that had been sent."""
        return max(until_ms for at, until_ms in self._sent if at <= max(moment, 0.0))


def begins(request: RequestSeen) -> bool:
    """Whether the request opens an upload."""
    return request.method == "POST" and "uploads" in request.query


def grows(request: RequestSeen) -> bool:
    """Whether the request brings a part."""
    return request.method == "PUT" and "partNumber" in request.query


def completes(request: RequestSeen) -> bool:
    """Whether the request makes an object of an upload."""
    return request.method == "POST" and "uploadId" in request.query


def commits(request: RequestSeen) -> bool:
    """Whether the request writes a ready object."""
    return request.method == "PUT" and not request.query


STEPS = [
    (".flv", begins, 1),
    (".flv", grows, 3),
    (".flv", completes, 1),
    (".mp4", begins, 1),
    (".mp4", grows, 3),
    (".mp4", completes, 1),
    (".aac", grows, 2),
    (".aac", completes, 1),
    ("ready/", commits, 1),
    ("ready/", commits, 5),
]
REQUEST_KILLS = [AtRequest(key, step, nth, when) for key, step, nth in STEPS for when in ("before", "after")]


@pytest.fixture(scope="module")
def dynamodb() -> Iterator[str]:
    """The endpoint of a DynamoDB server."""
    with dynamodb_server() as endpoint:
        yield endpoint


def killed(
    deaths: Sequence[AtRequest | float], dynamodb: str, folder: Path, stack: ExitStack
) -> tuple[Publish, list[Victim]]:
    """Recorders of one publish, each killed at its request, or so many seconds after the publish began."""
    origin = stack.enter_context(FlvOrigin(clip(MADE).content))
    victims = []
    for number, death in enumerate(deaths):
        table = stack.enter_context(own_table(dynamodb, f"{folder.name}-{number}"))
        at_request = death if isinstance(death, AtRequest) else None
        victim = Victim(number, dynamodb, table, folder / f"{number}.log", at_request)
        stack.callback(victim.kill)
        stack.enter_context(victim.s3)
        victim.start(origin.url)
        victims.append(victim)
    origin.wait_for_players(len(victims))
    publish = Publish(origin)
    for victim in victims:
        victim.wait_until_it_records()
    thread = threading.Thread(target=publish.run)
    timers = [
        threading.Timer(death, victim.kill)
        for death, victim in zip(deaths, victims, strict=True)
        if isinstance(death, float)
    ]
    thread.start()
    for timer in timers:
        timer.start()
    for victim in victims:
        assert victim.has_died.wait(60), "it was never killed"
    thread.join()
    for timer in timers:
        timer.join()
    return publish, victims


def lag_seconds(publish: Publish, victims: Sequence[Victim]) -> float:
    """How much later segments came into the bucket than on a machine that has nothing else to do."""
    lags = [
        at - publish.sent_at(round((number + 1) * SEGMENT_SECONDS * 1000))
        for victim in victims
        for number, at in victim.s3.segments.items()
        if (number + 1) * SEGMENT_SECONDS < MADE.seconds
    ]
    return max(0.0, max(lags, default=0.0) - USUAL_SECONDS)


def assert_all_accounted_for(victim: Victim, publish: Publish, lag_seconds: float) -> None:
    """Each format has one file, which opens and holds what the stated loss does not cover, packet by packet."""
    studio = Studio(victim.s3)
    assert (victim.s3.uploads, victim.entries) == ({}, [])
    for name in FORMATS:
        safe_ms = publish.sent_by(victim.killed_at - AT_RISK_SECONDS[name] - lag_seconds)
        expected = [packet for packet in clip(MADE).packets if packet.dts_ms < safe_ms]
        files = [file for file in studio.files if file.format == name]
        if not files:
            assert expected == [], (name, safe_ms)
            continue
        (file,) = files
        found = list(packets_of(studio.content(file)))
        if name == "mp3":  # encoded anew: its length tells
            assert file.duration_seconds * 1000 >= safe_ms - 100
            continue
        for kind in ("video", "audio") if name != "aac" else ("audio",):
            recorded = contents(found, kind)
            assert recorded == contents(clip(MADE).packets, kind)[: len(recorded)], (name, kind)
            assert len(recorded) >= len(contents(expected, kind)), (name, kind, safe_ms, file.recovered)


CLOCK = [0.5 + 15.0 * number / CLOCK_KILLS for number in range(CLOCK_KILLS)]


@pytest.mark.parametrize(
    "deaths",
    [CLOCK[::2], CLOCK[1::2], REQUEST_KILLS[::2], REQUEST_KILLS[1::2]],
    ids=["at moments of the stream", "at other moments", "before requests", "after requests"],
)
def test_recorders_killed_at_any_moment_lose_no_more_than_is_stated(
    deaths: Sequence[AtRequest | float], dynamodb: str, tmp_path: Path
) -> None:
    assert len(deaths) >= 8
    with ExitStack() as stack:
        publish, victims = killed(deaths, dynamodb, tmp_path, stack)
        lag = lag_seconds(publish, victims)
        for victim in victims:
            assert victim.recover() == 0
            assert_all_accounted_for(victim, publish, lag)
