"""A session that cannot be recorded, whole: functions launch real recorders as ECS would, until they give it up."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chalicelib import aws, keys
from chalicelib.recording.report import Report, Status, StatusEvent
from chalicelib.recording.supervision import recorder_stopped, tend
from tests.fakes.ecs import detail
from tests.fakes.flv_origin import FlvOrigin
from tests.fakes.s3 import FakeS3, Refusal
from tests.fakes.world import BEGIN, World
from tests.media.clips import Clip, ClipOrder, clip
from tests.media.packets import contents, packets_of
from tests.media.studio import Studio
from tests.media.watched_table import WatchedTable

Source = Callable[[Clip], Path]
MADE = ClipOrder(seconds=4, width=64, height=64)
STARTED, FAILED = StatusEvent.START_SUCCEEDED, StatusEvent.START_FAILED
ERROR, ENDED = StatusEvent.ERROR, StatusEvent.ENDED
QUICK = {"upload_retry_seconds": 0.2, "checkpoint_seconds": 0.2}
TIMELESS = {"source_stall_seconds": 1e9}
"""Packets are dated by the real clock."""


class Cluster(World):
    """A world in which each task that ECS is asked for is a recorder; `launched_at` counts from the publish."""

    def __init__(self, s3: FakeS3) -> None:
        super().__init__()
        self.table: WatchedTable = WatchedTable()
        self.s3 = s3
        self.pull_url = ""
        self.open_seconds = 20.0
        self.launched_at: list[float] = []
        self.codes: list[int | None] = []
        self._due: list[str] = []
        self.ecs.on_start = self._take

    def _take(self, session_id: str) -> None:
        self.subscribe(session_id)
        self._due.append(session_id)

    def live_on(self, seconds: float) -> None:
        """Recorders run, ECS tells of their ends, and the tick comes, twice a minute."""
        until = self.now + seconds
        while self.now < until:
            while self._due:
                self.run(self._due.pop())
            self.now += 30
            tend(self.table, now=self.now)

    def run(self, session_id: str) -> None:
        """One recorder, from its launch to what ECS tells of its end."""
        began_at = time.monotonic()
        self.launched_at.append(self.now - BEGIN)
        self.change(session_id, pull_url=self.pull_url)
        studio = Studio(
            self.s3,
            {**QUICK, **TIMELESS, "source_open_seconds": self.open_seconds},
            clock=lambda: self.now + time.monotonic() - began_at,
            table=self.table,
            session_id=session_id,
        )
        self.codes.append(studio.run().code)
        launch = self.session(session_id)["launches"]
        recorder_stopped(self.table, detail(session_id, launch, exit_code=studio.code), now=self.now)


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch, s3: FakeS3) -> Cluster:
    made = Cluster(s3)
    monkeypatch.setattr(aws, "client", made.client)
    monkeypatch.setattr(aws, "table", lambda: made.table)
    return made


@pytest.fixture
def origin() -> Iterator[FlvOrigin]:
    """An origin that has sent a clip and keeps its players."""
    with FlvOrigin(clip(MADE).content) as server:
        server.send(until_ms=10_000)
        yield server


def statuses(s3: FakeS3) -> list[StatusEvent]:
    reports = sorted((Report.from_json(each.content) for each in s3.reports.values()), key=lambda each: each.sequence)
    return [each.told.event for each in reports if isinstance(each.told, Status)]


def lines_of(capsys: pytest.CaptureFixture[str], event: str) -> list[str]:
    return [line for line in capsys.readouterr().err.splitlines() if f'"event":"{event}"' in line]


@pytest.mark.parametrize(
    ("pull_url", "reason"),
    [
        ("rtmp://127.0.0.1:1/live/room-7", "source failed: ConnectionRefusedError"),
        ("http://127.0.0.1:1/live.flv", "source failed: ConnectionRefusedError"),
        ("/missing.flv", "source failed: FileNotFoundError"),
    ],
    ids=["no RTMP server", "no HTTP server", "no file"],
)
def test_a_source_that_does_not_exist_is_tried_three_times_with_growing_distance(
    pull_url: str, reason: str, cluster: Cluster, capsys: pytest.CaptureFixture[str]
) -> None:
    cluster.rule(cluster.template("Flv"))
    cluster.pull_url, cluster.open_seconds = pull_url, 0.2
    cluster.publish()
    cluster.live_on(900)
    (session,) = cluster.sessions()
    assert cluster.launched_at == [0, 30, 150]
    assert cluster.codes == [1, 1, 1]
    assert session["end_reason"].startswith(reason)
    assert len(lines_of(capsys, "recording_failed")) == 3 + 1  # the last one says that it is given up
    assert statuses(cluster.s3) == [FAILED]
    assert [event for event in cluster.events() if event["event_type"] == 332] == []
    cluster.unpublish()
    cluster.live_on(60)
    assert cluster.listed(keys.ALL_OPEN) == []


@pytest.mark.parametrize("code", ["AccessDenied", "NoSuchBucket"])
def test_a_bucket_without_permission_is_tried_three_times_and_is_the_reason(
    code: str, cluster: Cluster, origin: FlvOrigin, capsys: pytest.CaptureFixture[str]
) -> None:
    cluster.s3.fail = lambda request: None if request.key.startswith("reports/") else Refusal(403, code)
    cluster.rule(cluster.template("Flv", "Mp4"))
    cluster.pull_url = origin.url
    cluster.publish()
    cluster.live_on(900)
    (session,) = cluster.sessions()
    assert cluster.launched_at == [0, 30, 150]
    assert cluster.codes == [1, 1, 1]
    assert session["end_reason"].startswith(f"nothing left to record: upload failed: {code}")
    assert len(lines_of(capsys, "recording_failed")) == 3 * 2 + 1
    assert {each["state"] for each in session["outcomes"]["template-1"].values()} == {"failed"}


def test_what_a_recorder_began_with_is_recorded_though_rule_and_template_are_deleted(
    cluster: Cluster, source: Source
) -> None:
    """Also by the one that is launched anew: orders hold all that is recorded, templates are read by hooks alone."""
    cluster.rule(template_id := cluster.template("Flv"))
    cluster.pull_url = "/missing.flv"
    cluster.publish()
    cluster.live_on(30)
    cluster.act("DeleteLiveRecordRule", DomainName="push.example.com", AppName="", StreamName="")
    cluster.act("DeleteLiveRecordTemplate", TemplateId=template_id)
    cluster.pull_url = str(source(clip(MADE)))
    cluster.live_on(30)
    studio = Studio(cluster.s3)
    assert cluster.codes == [1, 0]
    assert contents(packets_of(studio.content(studio.file("flv"))), "video") == contents(clip(MADE).packets, "video")
    assert studio.file("flv").template_id == template_id
    assert statuses(cluster.s3) == [FAILED, STARTED, ENDED]
