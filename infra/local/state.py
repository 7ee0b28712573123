"""The state directory: marked as the stack's at its first start, so that nothing of anybody else's is ever removed."""

import shutil
from pathlib import Path

from infra.local.running import pid_file, stack_file
from infra.local.settings import ROOT
from infra.local.trouble import Trouble

OWN = ROOT / ".local"
"""The repository's own state directory: it needs no mark, and older ones have none."""


def mark_file(state: Path) -> Path:
    return state / ".tapedeck"


def check_state(state: Path, own: Path = OWN) -> None:
    """Raise Trouble where `state` holds something and was never a stack's."""
    if state.exists() and not state.is_dir():
        raise Trouble(f"{state} is not a directory: name another in TAPEDECK_STATE_DIR.")
    if state == own or not state.exists() or mark_file(state).is_file():
        return
    if any(each.suffix != ".log" or not each.is_file() for each in state.iterdir()):  # who starts a stack logs there
        raise Trouble(
            f"{state} is not empty and holds no local stack's state: name another directory in TAPEDECK_STATE_DIR."
        )


def claim(state: Path) -> None:
    """Make the directory, and mark it as the stack's."""
    state.mkdir(parents=True, exist_ok=True)
    mark_file(state).write_text("State of Tapedeck's local stack: `make reset` removes what it made here.\n")


def forget(state: Path) -> list[str]:
    """Remove what the stack made in `state`, and `state` where nothing else is in it; names of what else is."""
    made = [state / name for name in ("emulator", "package", "log", "demo.log")]
    files = [stack_file(state).with_suffix(".part"), stack_file(state), pid_file(state)]
    for path in [*made, *files, mark_file(state)]:  # the mark last: what was interrupted can be repeated
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    left = sorted(each.name for each in state.iterdir()) if state.is_dir() else []
    if state.is_dir() and not state.is_symlink() and not left:
        state.rmdir()
    return left
