"""How the local stack ends, and what it says where it cannot begin."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

import pytest

from infra.local.child import Child
from infra.local.running import StackFacts, pid_file, stack_file
from infra.local.settings import ROOT
from infra.local.stack import READY
from tests.e2e.stack import Stack

pytestmark = pytest.mark.e2e

ANY_PORTS = {f"TAPEDECK_{name}_PORT": "0" for name in ("FRONT", "AWS", "ECS", "RTMP", "ORIGIN_API")}


def command(name: str, state: Path, environment: Mapping[str, str] | None = None) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "infra.local.stack", name],
        cwd=ROOT,
        env={**os.environ, "TAPEDECK_STATE_DIR": str(state), **(environment or {})},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_second_stack_with_the_same_state_is_refused_in_one_sentence(running: Stack, stack: StackFacts) -> None:
    done = command("up", running.process.state)
    assert done.returncode == 1
    assert re.fullmatch(
        r"A stack already runs with the state in .* \(process \d+\): `make down` ends it\.\n", done.stderr
    )
    assert StackFacts.read(stack_file(running.process.state)) == stack


def test_a_taken_port_is_told_in_one_sentence(stack: StackFacts, tmp_path: Path) -> None:
    taken = stack.api.rpartition(":")[2]
    done = command("up", tmp_path, {"TAPEDECK_FRONT_PORT": taken})
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"Port {taken} is taken: end what listens there, or set TAPEDECK_FRONT_PORT to another.\n"


def test_a_running_stack_is_not_reset(running: Stack) -> None:
    done = command("reset", running.process.state)
    assert (done.returncode, done.stderr) == (1, "The stack is running: `make down` first.\n")


def test_a_part_that_ends_by_itself_is_told_and_everything_ends(tmp_path: Path) -> None:
    lines: list[str] = []
    ready = threading.Event()

    def read(line: str) -> None:
        lines.append(line)
        if line.startswith(READY):
            ready.set()

    stack = Child(
        "the stack",
        [sys.executable, "-m", "infra.local.stack", "up"],
        {**os.environ, **ANY_PORTS, "TAPEDECK_STATE_DIR": str(tmp_path)},
        log=tmp_path / "output.log",
        on_line=read,
        on_end=lambda _: ready.set(),
    )
    ready.wait()
    os.kill(process_of(stack.pid, "origin.js"), signal.SIGKILL)
    assert stack.wait(60) == 1
    assert lines[-1] == f"The origin ended (exit code -9): see {tmp_path / 'log'}."
    assert not stack_file(tmp_path).exists()
    assert not pid_file(tmp_path).exists()
    assert command("down", tmp_path).stdout == "No stack runs.\n"


def process_of(parent: int, name: str) -> int:
    """The child of `parent` whose command has `name` in it."""
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,command="], capture_output=True, text=True, check=True)
    [found] = [
        int(line.split()[0]) for line in listed.stdout.splitlines() if line.split()[1] == str(parent) and name in line
    ]
    return found
