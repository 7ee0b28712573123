"""What a recorder reports while the bucket takes no report: its session's item has it, and whoever comes tells."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from chalicelib import aws
from chalicelib.recording.report import Report, Status, StatusEvent
from chalicelib.recording.untold import untold_of
from tests.fakes.flv_origin import FlvOrigin
from tests.fakes.s3 import FakeS3, Refusal
from tests.media.clips import Clip, ClipOrder, clip
from tests.media.test_no_restart_loop import Cluster
from tests.media.victims import FORMATS, Victim, dynamodb_server, own_table
from tests.polling import ask_until

Source = Callable[[Clip], Path]
MADE = ClipOrder(seconds=20, width=64, height=64)
HURRIED = {"CHECKPOINT_SECONDS": "0.2", "LEASE_SECONDS": "1.5", "ORDERS_SECONDS": "0.2"}
REFUSED = Refusal(403, "AccessDenied")


def begun(victim: Victim) -> set[str]:
    """The formats of which the session's item says that they are recorded."""
    outcomes = victim.session.get("outcomes", {}).get("template-1", {})
    return {name for name, outcome in outcomes.items() if outcome["state"] == "recording"}


def left_untold(victim: Victim) -> list[Report]:
    return [Report.from_json(each.content) for each in untold_of(victim.session)[0]]


def test_what_a_killed_recorder_had_not_told_its_successor_tells_once(tmp_path: Path) -> None:
    with (
        dynamodb_server() as dynamodb,
        own_table(dynamodb, tmp_path.name) as table,
        FlvOrigin(clip(MADE).content) as origin,
    ):
        victim = Victim(0, dynamodb, table, tmp_path / "0.log", None)
        victim.s3.fail_report = lambda request: REFUSED
        with victim.s3:
            victim.start(origin.url, **HURRIED)
            origin.send(until_ms=12_000)

            def recorded() -> set[str]:
                found = begun(victim)  # read first: both stand in one write, and there may be another in between
                assert {each.format for each in left_untold(victim)} >= found
                return found

            ask_until(recorded, set(FORMATS).__eq__, seconds=60, what="every format records")
            victim.kill()
            assert victim.s3.reports == {}
            left = left_untold(victim)
            assert {each.format for each in left} == set(FORMATS)
            victim.s3.fail_report = lambda request: None
            assert victim.recover() == 0
            reports = [Report.from_json(each.content) for each in victim.s3.reports.values()]
            assert "untold" not in victim.session
    assert reports[: len(left)] == left
    assert [each.sequence for each in reports] == sorted({each.sequence for each in reports})
    told = Counter((each.format, each.told.event) for each in reports if isinstance(each.told, Status))
    ends = (StatusEvent.START_SUCCEEDED, StatusEvent.ENDED)
    assert told == {(name, event): 1 for name in FORMATS for event in ends}


def test_where_the_bucket_never_takes_a_report_the_functions_tell_it(
    s3: FakeS3, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = Cluster(s3)
    monkeypatch.setattr(aws, "client", cluster.client)
    monkeypatch.setattr(aws, "table", lambda: cluster.table)
    s3.fail_report = lambda request: REFUSED
    cluster.callbacks("https://8.8.8.8")  # nothing is sent here
    cluster.rule(cluster.template("Flv", "Mp4"))
    cluster.publish()
    cluster.pull_url = str(source(clip(ClipOrder(seconds=4, width=64, height=64))))
    cluster.unpublish()
    cluster.live_on(60)
    assert (cluster.codes, s3.reports) == ([0], {})
    events = sorted((each["payload"] for each in cluster.events()), key=lambda payload: int(payload["seq"]))
    told = [payload["record_event"] for payload in events if "record_event" in payload]
    assert told == ["record_start_succeeded"] * 2 + ["record_ended"] * 2
    (session,) = cluster.sessions()
    assert {"untold", "LPK"} & session.keys() == set()
