"""The files by which a running stack is known."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from infra.local.running import StackFacts, pid_file, running_pid, stack_file

FACTS = StackFacts(
    api="http://127.0.0.1:8080",
    rtmp="rtmp://127.0.0.1:1935",
    media="http://127.0.0.1:8080/media",
    aws_endpoint="http://127.0.0.1:4566",
    region="us-east-1",
    bucket="bucket",
    table="table",
    secret_id="id",
    secret_key="key",
    push_domain="push.example.com",
)


def test_stack_json_can_be_read_by_its_owner_alone(tmp_path: Path) -> None:
    path = stack_file(tmp_path)
    for _ in range(2):
        FACTS.write(path)
    assert StackFacts.read(path) == FACTS
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_no_stack_runs_where_there_is_no_file(tmp_path: Path) -> None:
    assert running_pid(tmp_path) is None


@pytest.mark.parametrize("content", ["", "nonsense", str(os.getpid())], ids=["empty", "nonsense", "another's process"])
def test_a_file_that_was_left_behind_is_not_believed(tmp_path: Path, content: str) -> None:
    pid_file(tmp_path).write_text(content)
    assert running_pid(tmp_path) is None


def test_the_process_of_a_stack_is_found(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "input()", "infra.local.stack"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        pid_file(tmp_path).write_text(str(process.pid))
        assert running_pid(tmp_path) == process.pid
        process.communicate(b"\n")
