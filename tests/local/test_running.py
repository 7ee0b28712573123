"""The files by which a running stack is known."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from infra.local.running import StackFacts, command_of, pid_file, running_pid, stack_file
from infra.local.trouble import Trouble

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


def started() -> "subprocess.Popen[bytes]":
    """A process that its command line says is a stack; it ends with a line of input."""
    command = [sys.executable, "-c", "print(flush=True); input()", "infra.local.stack"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout
    process.stdout.readline()
    return process


def test_the_process_of_a_stack_is_found(tmp_path: Path) -> None:
    with started() as process:
        pid_file(tmp_path).write_text(str(process.pid))
        assert running_pid(tmp_path) == process.pid
        process.communicate(b"\n")


def test_it_is_found_without_a_program_that_lists_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with started() as process:
        pid_file(tmp_path).write_text(str(process.pid))
        assert running_pid(tmp_path) == process.pid
        process.communicate(b"\n")
    assert running_pid(tmp_path) is None


def test_a_machine_that_lists_no_processes_at_all_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Trouble, match=r"^Processes cannot be listed: install ps \(package procps\)\.$"):
        command_of(os.getpid(), proc=tmp_path)


def test_where_there_is_no_proc_ps_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ps = tmp_path / "ps"
    ps.write_text('#!/bin/sh\necho "asked $*"\n')
    ps.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert command_of(42, proc=tmp_path) == "asked -o command= -p 42\n"
