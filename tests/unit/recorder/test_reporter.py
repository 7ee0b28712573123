"""What a recorder's reporter writes: one object a report, in order, troubles gathered."""

import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import pytest

from chalicelib.recording.orders import RecordFormat, SessionOrders
from chalicelib.recording.push_report import PushReport, PushTrouble
from chalicelib.recording.report import Level, Occurrences, Report, Status, StatusEvent, Trouble
from chalicelib.recording.stream import StreamRef
from recorder_task.aws.exchange import Body
from recorder_task.telling import report_writer
from recorder_task.telling.reporter import Reporter
from recorder_task.telling.untold_reports import UntoldReports
from tests.unit.recorder.test_control import Clock

SESSION = SessionOrders(
    session_id="5" * 32,
    stream=StreamRef(domain="push.example.com", app="live", stream="room-7"),
    stream_param="",
    pull_url="rtmp://origin/live/room-7",
    published_at=999.0,
    unpublished_at=None,
    epoch=2,
    recordings={},
)
FLV, MP4 = RecordFormat.FLV, RecordFormat.MP4


class ReportBucket:
    """Keeps the reports it is given; refuses where it is told to, answers when it is let."""

    def __init__(self) -> None:
        self.content: dict[str, bytes] = {}
        self.is_gone = False
        self.written = threading.Event()
        self.answers = threading.Event()
        self.answers.set()

    @property
    def reports(self) -> list[Report]:
        return [Report.from_json(content) for content in self.content.values()]

    @property
    def occurrences(self) -> list[tuple[RecordFormat, Occurrences]]:
        return [(each.format, each.told) for each in self.reports if isinstance(each.told, Occurrences)]

    def put(self, key: str, body: Body, *, content_type: str, only_if_absent: bool = False) -> bool:
        self.answers.wait(10)
        if self.is_gone:
            raise OSError("the bucket is gone")
        assert (content_type, only_if_absent) == ("application/json", True)
        self.content.setdefault(key, bytes(body))
        self.written.set()
        return True


@pytest.fixture
def bucket() -> ReportBucket:
    return ReportBucket()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def reporter(bucket: ReportBucket, clock: Clock) -> Iterator[Reporter]:
    reporter = Reporter(bucket, SESSION, clock)
    yield reporter
    reporter.close()


def tell(reporter: Reporter, *events: StatusEvent) -> None:
    for event in events:
        reporter.status(event, MP4, recording_id="task-t9", task_id="t9", file_id="5", reason="")


def gathered(occurs: int, trouble: Trouble = Trouble.VIDEO_JUMP, level: Level = Level.WARNING) -> Occurrences:
    return Occurrences(trouble=trouble, level=level, occurs=occurs, description="video timestamps jumped")


def test_a_status_is_one_object_with_every_fact(reporter: Reporter, bucket: ReportBucket) -> None:
    tell(reporter, StatusEvent.ENDED)
    reporter.close()
    assert list(bucket.content) == [f"reports/{'5' * 32}-2-1.json"]
    assert bucket.reports == [
        Report(
            report_id=f"{'5' * 32}-2-1",
            sequence=1_000_000,
            at=1000.0,
            stream=SESSION.stream,
            session_id="5" * 32,
            recording_id="task-t9",
            task_id="t9",
            format=MP4,
            file_id="5",
            told=Status(event=StatusEvent.ENDED),
        )
    ]


def test_reports_are_written_in_order_and_numbered_though_the_clock_stands(
    reporter: Reporter, bucket: ReportBucket
) -> None:
    tell(reporter, StatusEvent.PAUSED, StatusEvent.RESUMED, StatusEvent.ENDED)
    reporter.close()
    written = [(each.report_id[-3:], each.sequence, each.told) for each in bucket.reports]
    assert written == [
        ("2-1", 1_000_000, Status(event=StatusEvent.PAUSED)),
        ("2-2", 1_000_001, Status(event=StatusEvent.RESUMED)),
        ("2-3", 1_000_002, Status(event=StatusEvent.ENDED)),
    ]


def test_a_trouble_is_told_at_once_and_then_every_two_minutes(
    reporter: Reporter, bucket: ReportBucket, clock: Clock
) -> None:
    reporter.expect(FLV)
    for second in range(300):
        clock.now = 1000.0 + second
        reporter.trouble(Trouble.VIDEO_JUMP)
        reporter.keep_time()
    reporter.close()
    assert bucket.occurrences == [(FLV, gathered(count)) for count in (1, 120, 120, 59)]


def test_a_trouble_of_the_stream_is_told_of_every_format_and_one_of_a_format_of_it_alone(
    reporter: Reporter, bucket: ReportBucket
) -> None:
    reporter.expect(FLV)
    reporter.expect(MP4)
    reporter.trouble(Trouble.VIDEO_JUMP, count=3)
    reporter.trouble(Trouble.WRITE_FAILED, name=MP4, description="video timestamps jumped")
    reporter.close()
    assert sorted(bucket.occurrences, key=str) == sorted(
        [
            (FLV, gathered(3)),
            (MP4, gathered(3)),
            (MP4, gathered(1, Trouble.WRITE_FAILED, Level.ERROR)),
        ],
        key=str,
    )


def test_what_is_gathered_has_the_gravest_level(reporter: Reporter, bucket: ReportBucket) -> None:
    reporter.expect(FLV)
    for level in (Level.INFO, Level.ERROR, Level.WARNING):
        reporter.trouble(Trouble.VIDEO_JUMP, level=level)
    reporter.close()
    assert bucket.occurrences == [(FLV, gathered(3, level=Level.ERROR))]


def logged(capsys: pytest.CaptureFixture[str], event: str) -> Sequence[str]:
    return [line for line in capsys.readouterr().err.splitlines() if f'"event":"{event}"' in line]


def told(contents: Iterable[bytes]) -> list[Status | Occurrences]:
    return [Report.from_json(content).told for content in contents]


PAUSED, RESUMED = Status(event=StatusEvent.PAUSED), Status(event=StatusEvent.RESUMED)


def test_a_report_that_cannot_be_written_is_kept_and_tried_again_behind_one_that_can(
    bucket: ReportBucket, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    untold = UntoldReports()
    reporter = Reporter(bucket, SESSION, clock, untold=untold)
    bucket.is_gone = True
    tell(reporter, StatusEvent.PAUSED)
    reporter.settle()
    assert bucket.content == {}
    assert told(each.content for each in untold.reports) == [PAUSED]
    (line,) = logged(capsys, "report_delayed")
    assert "record_paused" in line
    assert "the bucket is gone" in line
    bucket.is_gone = False
    tell(reporter, StatusEvent.RESUMED)
    reporter.close()
    assert told(bucket.content.values()) == [RESUMED, PAUSED]
    assert untold.reports == []


def test_a_delayed_report_is_tried_again_though_no_other_follows(
    bucket: ReportBucket, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_writer, "RETRY_SECONDS", 0.01)
    reporter = Reporter(bucket, SESSION, clock)
    bucket.is_gone = True
    tell(reporter, StatusEvent.PAUSED)
    reporter.settle()
    bucket.is_gone = False
    assert bucket.written.wait(20)
    reporter.close()
    assert told(bucket.content.values()) == [PAUSED]


def test_what_an_earlier_recorder_left_untold_is_told_first(bucket: ReportBucket, clock: Clock) -> None:
    bucket.is_gone = True
    left = UntoldReports()
    first = Reporter(bucket, SESSION, clock, untold=left)
    tell(first, StatusEvent.PAUSED)
    first.close()
    bucket.is_gone = False
    untold = UntoldReports()
    untold.take_over({"untold": left.to_write()[0]})
    second = Reporter(bucket, replace(SESSION, epoch=3), clock, untold=untold)
    tell(second, StatusEvent.RESUMED)
    second.close()
    assert [key[-8:] for key in bucket.content] == ["2-1.json", "3-1.json"]
    assert told(bucket.content.values()) == [PAUSED, RESUMED]
    assert untold.to_write()[0] is None


def test_who_may_have_been_replaced_says_nothing(
    bucket: ReportBucket, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    reporter = Reporter(bucket, SESSION, clock, may_speak=lambda: False)
    tell(reporter, StatusEvent.ENDED)
    reporter.close()
    assert bucket.content == {}
    assert len(logged(capsys, "report_delayed")) == 1


def test_a_recorder_never_waits_for_its_reports(
    reporter: Reporter, bucket: ReportBucket, capsys: pytest.CaptureFixture[str]
) -> None:
    bucket.answers.clear()
    tell(reporter, *[StatusEvent.ERROR] * 1100)
    bucket.answers.set()
    assert 98 <= len(logged(capsys, "report_lost")) <= 100  # one is under way


def test_troubles_of_the_push_are_told_together_at_once_and_then_every_two_minutes(
    reporter: Reporter, bucket: ReportBucket, clock: Clock
) -> None:
    for second in range(300):
        clock.now = 1000.0 + second
        reporter.push_trouble(PushTrouble.VIDEO_GAP, "late")
        reporter.push_trouble(PushTrouble.LONG_GROUP, "long", count=2)
        reporter.keep_time()
    reporter.close()
    reports = [PushReport.from_json(content) for content in bucket.content.values()]
    assert [(each.at, each.interval_seconds, [of.count for of in each.abnormalities]) for each in reports] == [
        (1000.0, 0.0, [1, 2]),
        (1120.0, 119.0, [120, 240]),
        (1240.0, 119.0, [120, 240]),
        (1299.0, 58.0, [59, 118]),
    ]
    assert list(bucket.content)[-1] == f"reports/push/{'5' * 32}-2-4.json"
