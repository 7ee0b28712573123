"""The state directory: what the stack made is removed, what anybody else did stays."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from infra.local.settings import ROOT, LocalSettings
from infra.local.state import check_state, claim, forget
from infra.local.trouble import Trouble

REFUSED = r"is not empty and holds no local stack's state: name another directory in TAPEDECK_STATE_DIR\.$"
ANY_PORTS = {f"TAPEDECK_{name}_PORT": "0" for name in ("FRONT", "AWS", "ECS", "RTMP", "ORIGIN_API")}


def contents(directory: Path) -> dict[str, str]:
    return {str(each.relative_to(directory)): each.read_text() for each in directory.rglob("*") if each.is_file()}


def fill(state: Path) -> None:
    """What a run of the stack leaves."""
    for name in ("emulator/state/s3.json", "package/sam.yaml", "log/origin.log", "stack.json", "stack.pid", "demo.log"):
        (state / name).parent.mkdir(parents=True, exist_ok=True)
        (state / name).write_text("left")


def somebody_s(directory: Path) -> Path:
    """A directory with things of its own, of the very names that the stack uses."""
    (directory / "log").mkdir()
    (directory / "log" / "commits.txt").write_text("kept")
    (directory / "package").mkdir()
    (directory / "package" / "setup.py").write_text("kept")
    return directory


def command(name: str, state: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "infra.local.stack", name],
        cwd=ROOT,
        env={**os.environ, **ANY_PORTS, "TAPEDECK_STATE_DIR": str(state)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("name", ["up", "reset"])
def test_a_directory_of_somebody_else_is_refused_before_anything_is_touched(tmp_path: Path, name: str) -> None:
    before = contents(somebody_s(tmp_path))
    done = command(name, tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"{tmp_path} is not empty and holds no local stack's state: name another directory in TAPEDECK_STATE_DIR.\n"
    )
    assert contents(tmp_path) == before


def test_the_demo_refuses_it_too_before_it_writes_its_log(tmp_path: Path) -> None:
    before = contents(somebody_s(tmp_path))
    done = subprocess.run(
        [sys.executable, "-m", "infra.local.demo"],
        cwd=ROOT,
        env={**os.environ, **ANY_PORTS, "TAPEDECK_STATE_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"demo: {tmp_path} is not empty")
    assert contents(tmp_path) == before


def test_a_file_in_its_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("kept")
    with pytest.raises(Trouble, match=r"is not a directory: name another in TAPEDECK_STATE_DIR\.$"):
        check_state(tmp_path / "state")


def test_the_repository_itself_is_refused() -> None:
    with pytest.raises(Trouble, match=REFUSED):
        check_state(LocalSettings(state_dir=".").state)


def test_a_reset_leaves_nothing_of_a_directory_that_was_the_stack_s(tmp_path: Path) -> None:
    state = tmp_path / "new" / "state"
    claim(state)
    fill(state)
    assert command("reset", state).stdout == f"Removed {state}.\n"
    assert list((tmp_path / "new").iterdir()) == []


def test_a_reset_leaves_what_somebody_put_beside_the_stack_s_state(tmp_path: Path) -> None:
    claim(tmp_path)
    fill(tmp_path)
    (tmp_path / "notes.txt").write_text("kept")
    done = command("reset", tmp_path)
    assert done.stdout == f"Removed what the stack had made in {tmp_path}, and left what else is there: notes.txt.\n"
    assert contents(tmp_path) == {"notes.txt": "kept"}


def test_a_reset_where_there_is_nothing_is_no_error(tmp_path: Path) -> None:
    done = command("reset", tmp_path / "never")
    assert (done.returncode, done.stdout) == (0, f"Removed {tmp_path / 'never'}.\n")


def test_a_link_is_removed_and_not_what_it_points_to(tmp_path: Path) -> None:
    elsewhere, state = tmp_path / "elsewhere", tmp_path / "state"
    elsewhere.mkdir()
    (elsewhere / "recorded.flv").write_text("kept")
    claim(state)
    (state / "emulator").symlink_to(elsewhere)
    assert forget(state) == []
    assert contents(elsewhere) == {"recorded.flv": "kept"}
    assert not state.exists()


def test_a_log_that_was_opened_beforehand_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "demo.log").write_text("")
    claim(tmp_path)
    claim(tmp_path)
    check_state(tmp_path)


def test_the_repository_s_own_state_of_an_earlier_version_is_known_without_a_mark(tmp_path: Path) -> None:
    state = LocalSettings().state
    fill(tmp_path)
    check_state(tmp_path, own=tmp_path)
    assert state == ROOT / ".local"
