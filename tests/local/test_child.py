"""Processes that the stack starts and ends."""

import os
import queue
import signal
import sys
from pathlib import Path

from infra.local.child import Child


def started(tmp_path: Path, code: str, lines: "queue.Queue[str]", ends: "queue.Queue[int] | None" = None) -> Child:
    return Child(
        "a child",
        [sys.executable, "-u", "-c", code],
        dict(os.environ),
        log=tmp_path / "log",
        on_line=lines.put,
        on_end=ends.put if ends else None,
    )


def test_every_line_is_handed_on_and_kept_before_the_end_is_told(tmp_path: Path) -> None:
    lines: queue.Queue[str] = queue.Queue()
    ends: queue.Queue[int] = queue.Queue()
    child = started(tmp_path, "import sys; print('one'); print('two', file=sys.stderr); sys.exit(3)", lines, ends)
    assert ends.get(timeout=10) == 3
    assert [lines.get(), lines.get()] == ["one", "two"]
    assert child.wait() == 3
    assert (tmp_path / "log").read_text() == "one\ntwo\n"


def test_a_child_that_ends_when_asked_is_not_killed(tmp_path: Path) -> None:
    lines: queue.Queue[str] = queue.Queue()
    code = "import signal, sys; signal.signal(signal.SIGTERM, lambda *_: sys.exit(0)); print('up'); signal.pause()"
    child = started(tmp_path, code, lines)
    lines.get(timeout=10)
    assert child.stop(10) == 0
    assert child.ended


def test_a_child_that_will_not_end_is_killed(tmp_path: Path) -> None:
    lines: queue.Queue[str] = queue.Queue()
    code = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up')\nwhile True: signal.pause()"
    child = started(tmp_path, code, lines)
    lines.get(timeout=10)
    assert child.stop(0.1) == -signal.SIGKILL


def test_a_child_can_tell_that_the_stack_is_gone_by_its_standard_input(tmp_path: Path) -> None:
    lines: queue.Queue[str] = queue.Queue()
    child = started(tmp_path, "import select, sys; print(select.select([sys.stdin], [], [], 0)[0])", lines)
    assert lines.get(timeout=10) == "[]"
    child.wait()
