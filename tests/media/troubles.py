"""The troubles (event 341) that a recorder has reported."""

from collections import Counter

from chalicelib.recording.report import Occurrences, Report, Trouble
from tests.fakes.s3 import FakeS3


def troubles_told(s3: FakeS3) -> Counter[Trouble]:
    """How often each is said to have occurred, over all reports."""
    told = [Report.from_json(report.content).told for report in s3.reports.values()]
    return sum((Counter({each.trouble: each.occurs}) for each in told if isinstance(each, Occurrences)), Counter())
