"""A bucket that refuses or is gone for longer than an upload is tried: the recorder goes on when it answers again."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chalicelib import keys
from chalicelib.recording.finished_file import FinishedFile
from chalicelib.recording.report import Occurrences, Report, Status, StatusEvent, Trouble
from recorder_task.aws import connect, transport
from recorder_task.jobs import recovery
from recorder_task.telling import format_voice
from recorder_task.uploads import bucket_watch
from tests.fakes.bad_line import FarS3
from tests.fakes.flv_origin import FlvOrigin
from tests.fakes.s3 import FakeS3, Refusal, RequestSeen
from tests.media.clips import ClipOrder, clip
from tests.media.packets import Packet, contents, packets_of
from tests.media.studio import SESSION_ID, Studio, template_order

MADE = ClipOrder(seconds=40, width=128, height=96)
FILES = ("flv", "mp4", "aac")
SETTINGS = {"part_bytes": 32 * 1024, "checkpoint_seconds": 0.1, "hls_segment_seconds": 2.0}
LOCKED_OUT = [(403, "AccessDenied"), (403, "InvalidAccessKeyId"), (400, "ExpiredToken")]


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time-outs and pauses in tenths of seconds, and nothing too short to be told."""
    monkeypatch.setattr(connect, "BUCKET_TIMEOUT_SECONDS", 0.4)
    monkeypatch.setattr(transport, "FIRST_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(transport, "LONGEST_PAUSE_SECONDS", 0.1)
    monkeypatch.setattr(bucket_watch, "OUTAGE_SECONDS", 0.0)
    monkeypatch.setattr(recovery, "AGAIN_SECONDS", 0.5)


@pytest.fixture
def far_s3() -> Iterator[FarS3]:
    """A bucket at the other end of a bad line."""
    with FarS3() as server:
        yield server


def reports(s3: FakeS3) -> list[Report]:
    """What was told."""
    return [Report.from_json(each.content) for each in s3.reports.values()]


def formats_told_of(s3: FakeS3, event: StatusEvent, reason: str) -> set[str]:
    """The formats of which a status was told for this reason."""
    return {
        str(each.format)
        for each in reports(s3)
        if isinstance(each.told, Status) and each.told.event is event and each.told.reason.startswith(reason)
    }


def has_parts(s3: FakeS3, count: int) -> Callable[[], bool]:
    """Whether so many uploads hold something."""
    return lambda: sum(bool(upload.parts) for upload in s3.uploads.values()) >= count


def lines_of(capsys: pytest.CaptureFixture[str], event: str) -> list[dict[str, Any]]:
    """The log lines of an event."""
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines() if line.startswith('{"time"')]
    return [line for line in lines if line["event"] == event]


@pytest.mark.parametrize(("status", "code"), LOCKED_OUT, ids=str)
def test_who_is_locked_out_in_the_middle_of_a_file_loses_nothing(
    status: int, code: str, s3: FakeS3, capsys: pytest.CaptureFixture[str]
) -> None:
    s3.min_part_bytes = 0
    refused: list[RequestSeen] = []

    def lock_out(request: RequestSeen) -> Refusal | None:
        refused.append(request)
        return Refusal(status, code) if len(refused) <= 30 else None

    with FlvOrigin(clip(MADE).content) as origin:
        studio = Studio(s3, SETTINGS)
        studio.order(origin.url, template_order(*FILES, "hls"))
        studio.start()
        origin.send(until_ms=8_000)
        s3.wait_for(has_parts(s3, len(FILES)))
        s3.fail = lock_out
        origin.send(until_ms=50_000)
        s3.wait_for(lambda: len(refused) > 30)
        origin.end()
        assert studio.wait().code == 0
    for name in (*FILES, "hls"):
        kind = "audio" if name == "aac" else "video"
        found = contents(packets_of(studio.content(studio.file(name))), kind)
        assert found == contents(clip(MADE).packets, kind)
    assert s3.uploads == {}
    told = {each.told.description for each in reports(s3) if isinstance(each.told, Occurrences)}
    assert f"the bucket takes nothing: {code}" in told
    (line,) = lines_of(capsys, "bucket_unavailable")
    assert (line["reason"], line["session_id"]) == (code, SESSION_ID)


def missing(studio: Studio, files: list[FinishedFile], kind: str) -> list[Packet]:
    """The clip's packets that are in none of these files, each of which holds a run of them, one behind the other."""
    made = [packet for packet in clip(MADE).packets if packet.kind == kind]
    expected = contents(made, kind)
    lost, at = [], 0
    for file in files:
        found = contents(packets_of(studio.content(file)), kind)
        began = expected.index(found[0], at)
        lost += made[at:began]
        assert found == expected[began : began + len(found)]
        at = began + len(found)
    return lost + made[at:]


def assert_goes_on(studio: Studio, s3: FarS3) -> None:
    """A file up to the outage, one from then on that knows what it lacks; of HLS one playlist with a hole."""
    for name in FILES:
        first, *_, last = files = [file for file in studio.files if file.format == name]
        assert (first.recovered, last.recovered) == (True, False)
        assert first.dropped_seconds == 0
        kind = "audio" if name == "aac" else "video"
        lost = missing(studio, files, kind)
        seconds = (lost[-1].dts_ms - lost[0].dts_ms) / 1000
        assert lost[-1].dts_ms < clip(MADE).packets[-1].dts_ms - 5_000
        # A part whose answer was lost is in the first file all the same; what a muxer holds back is in neither.
        assert seconds - 1.5 <= last.dropped_seconds <= seconds + 6
    playlist = studio.file("hls")
    assert (playlist.recovered, playlist.dropped_seconds > 0) == (False, True)
    assert b"#EXT-X-DISCONTINUITY\n" in s3.objects[playlist.key].content
    assert s3.uploads == {}
    assert list(studio.table.query(keys.session(SESSION_ID).pk, prefix=keys.FILE_PREFIX)) == []


@pytest.mark.parametrize("outage", ["locked out", "gone"])
def test_a_recorder_whose_tries_ran_out_goes_on_in_a_new_file(
    outage: str, far_s3: FarS3, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken: set[str] = set()

    def watched_log(event: str, **facts: Any) -> None:
        if event == "recording_broken":
            with far_s3.changed:
                broken.add(facts["format"])
                far_s3.changed.notify_all()

    monkeypatch.setattr(format_voice, "log", watched_log)
    with FlvOrigin(clip(MADE).content) as origin:
        studio = Studio(far_s3, {**SETTINGS, "upload_retry_seconds": 0.6})
        studio.order(origin.url, template_order(*FILES, "hls"))
        studio.start()
        origin.send(until_ms=10_000)
        far_s3.wait_for(lambda: has_parts(far_s3, len(FILES))() and any(".m3u8" in key for key in far_s3.objects))
        if outage == "gone":
            far_s3.line.cut()
        else:
            far_s3.fail = lambda request: Refusal(403, "AccessDenied")
        origin.send(until_ms=12_900)
        far_s3.wait_for(lambda: broken == {*FILES, "hls"}, 30)
        far_s3.line.mend()
        far_s3.fail = lambda request: None
        origin.send(until_ms=30_000)
        far_s3.wait_for(lambda: len(recovered(studio)) >= len(FILES), 30)  # beside the recording that goes on
        origin.send(until_ms=50_000)
        origin.end()
        assert studio.wait().code == 0
    assert_goes_on(studio, far_s3)
    if outage != "gone":  # reports are lost with the bucket
        assert formats_told_of(far_s3, StatusEvent.ERROR, "upload failed: AccessDenied") == {*FILES, "hls"}
        troubles = [each.told.trouble for each in reports(far_s3) if isinstance(each.told, Occurrences)]
        assert set(troubles) == {Trouble.WRITE_FAILED}


def test_a_file_that_is_refused_is_left_to_recovery_and_the_next_one_is_not(s3: FakeS3) -> None:
    s3.min_part_bytes = 0
    refused: set[str] = set()

    def refuse(request: RequestSeen) -> Refusal | None:
        """Parts of the first file of each format, once it has some."""
        first = next(iter(s3.uploads.values()), None)
        if request.query.get("partNumber") == "4" and first is not None and len(refused | {request.key}) == 1:
            refused.add(request.key)
            return Refusal(404, "NoSuchKey")
        return None

    s3.fail = refuse
    with FlvOrigin(clip(MADE).content) as origin:
        studio = Studio(s3, {"part_bytes": 32 * 1024})
        studio.order(origin.url, template_order("mp4"))
        studio.start()
        origin.send(until_ms=20_000)
        s3.wait_for(lambda: len(recovered(studio)) == 1)
        origin.send(until_ms=50_000)
        origin.end()
        assert studio.wait().code == 0
    first, second = studio.files
    assert (first.recovered, second.recovered) == (True, False)
    assert second.dropped_seconds > 0
    missing(studio, [first, second], "video")
    assert s3.uploads == {}


def test_a_format_that_is_refused_again_and_again_is_given_up(s3: FakeS3) -> None:
    s3.min_part_bytes = 0
    s3.fail = lambda request: Refusal(400, "InvalidArgument") if request.query.get("partNumber") == "3" else None
    with FlvOrigin(clip(MADE).content) as origin:
        studio = Studio(s3, {"part_bytes": 32 * 1024})
        studio.order(origin.url, template_order("mp4"))
        studio.start()
        origin.send(until_ms=10_000)
        s3.wait_for(lambda: len(recovered(studio)) == 1)
        origin.send(until_ms=24_000)
        s3.wait_for(lambda: len(recovered(studio)) == 2)
        origin.send(until_ms=50_000)
        assert studio.wait().code == 1  # without a format left it ends by itself
    assert [file.recovered for file in studio.files] == [True] * 3
    missing(studio, studio.files, "video")
    assert studio.session["outcomes"]["template-1"]["mp4"]["state"] == "failed"
    assert s3.uploads == {}


def recovered(studio: Studio) -> list[FinishedFile]:
    """The files that recovery has committed."""
    return [file for file in studio.files if file.recovered]
