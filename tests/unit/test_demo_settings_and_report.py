"""What the demo is told, and what it tells."""

import io

import pytest

from infra.local.demo.progress import Progress
from infra.local.demo.report import CheckedFile, Outcome, figures, table
from infra.local.demo.settings import DemoSettings
from infra.local.trouble import Trouble


def test_without_a_word_the_demo_publishes_half_a_minute_and_ends_what_it_started() -> None:
    assert DemoSettings.read({}) == DemoSettings(duration=30, keep=False)


def test_duration_and_keep_come_from_the_environment() -> None:
    assert DemoSettings.read({"DURATION": "10", "KEEP": "1"}) == DemoSettings(duration=10, keep=True)


@pytest.mark.parametrize(
    ("environment", "name"),
    [
        ({"DURATION": "ten"}, "DURATION"),
        ({"DURATION": "4"}, "DURATION"),
        ({"DURATION": "-5"}, "DURATION"),
        ({"KEEP": "yes"}, "KEEP"),
    ],
    ids=str,
)
def test_a_wrong_setting_is_named(environment: dict[str, str], name: str) -> None:
    with pytest.raises(Trouble, match=name):
        DemoSettings.read(environment)


def test_the_table_is_as_wide_as_what_it_holds() -> None:
    files = [
        CheckedFile(file_format="flv", duration_seconds=30.04, size_bytes=11587714, file_id="51", url="http://h/51"),
        CheckedFile(file_format="mp3", duration_seconds=30.0, size_bytes=480000, file_id="5222", url="http://h/52"),
    ]
    assert table(files).splitlines() == [
        "  format  duration  size          file id  URL",
        "  flv     30.04 s   11,587,714 B  51       http://h/51",
        "  mp3     30.00 s   480,000 B     5222     http://h/52",
    ]


def test_the_figures_are_the_waits() -> None:
    outcome = Outcome(files=[], packets_sent=2158, last_callback_seconds=0.614)
    assert figures(outcome) == "  2158 packets sent; the last callback came 0.61 s after the unpublish"


def test_progress_is_sparse_where_no_terminal_reads_it() -> None:
    out = io.StringIO()
    progress = Progress(out)
    progress.line("publish", "rtmp://h/a/s")
    for second in range(1, 13):
        progress.moving("publish", second, 12)
    assert out.getvalue().splitlines() == [
        "  publish    rtmp://h/a/s",
        "  publish    10 of 12 s",
        "  publish    12 of 12 s",
    ]
