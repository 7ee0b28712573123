"""`make demo` where something is missing: one sentence and an exit code, no stack left behind."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from infra.local.demo.settings import child_environment
from infra.local.settings import LOOPBACK, ROOT, free_ports


@pytest.fixture
def surroundings(tmp_path: Path) -> dict[str, str]:
    ports = [f"TAPEDECK_{part}_PORT" for part in ("FRONT", "AWS", "ECS", "RTMP", "ORIGIN_API")]
    return {"TAPEDECK_STATE_DIR": str(tmp_path), **dict(zip(ports, map(str, free_ports(len(ports))), strict=True))}


def demo(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "infra.local.demo"],
        cwd=ROOT,
        env=child_environment(environment),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_taken_port_is_named(surroundings: dict[str, str]) -> None:
    with socket.create_server((LOOPBACK, 0)) as taken:
        port = taken.getsockname()[1]
        ended = demo({**surroundings, "TAPEDECK_RTMP_PORT": str(port)})
    assert ended.returncode == 1
    assert ended.stderr.splitlines() == [
        f"demo: Port {port} is taken: end what listens there, or set TAPEDECK_RTMP_PORT to another."
    ]


def test_a_wrong_duration_is_named_before_anything_is_started(surroundings: dict[str, str]) -> None:
    ended = demo({**surroundings, "DURATION": "ten"})
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.splitlines() == ["demo: DURATION must be a number of seconds from 5 to 600, not 'ten'."]


def test_a_missing_node_is_named(surroundings: dict[str, str]) -> None:
    ended = demo({**surroundings, "PATH": ""})
    assert ended.returncode == 1
    assert ended.stderr.splitlines() == ["demo: Node.js is missing (18 or newer): install it, then run `make setup`."]
