"""The files by which a running stack is known: stack.json for those who use it, stack.pid for those who end it."""

import json
import os
import shutil
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path

from infra.local.trouble import Trouble


@dataclass(frozen=True, kw_only=True)
class StackFacts:
    """What a customer of the local stack needs; the content of stack.json."""

    api: str
    """Endpoint of both services."""
    rtmp: str
    """Base of push URLs: `{rtmp}/{app}/{stream}`."""
    media: str
    """Base of playback URLs."""
    aws_endpoint: str
    region: str
    bucket: str
    table: str
    secret_id: str
    secret_key: str
    push_domain: str

    def write(self, path: Path) -> None:
        """Write the file, readable by its owner only: it holds a secret."""
        unfinished = path.with_suffix(".part")
        unfinished.unlink(missing_ok=True)
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(asdict(self), file, indent=2)
            file.write("\n")
        unfinished.replace(path)

    @classmethod
    def read(cls, path: Path) -> "StackFacts":
        """The facts of a stack that is ready; raises FileNotFoundError where none is."""
        return cls(**json.loads(path.read_text()))


def stack_file(state: Path) -> Path:
    return state / "stack.json"


def pid_file(state: Path) -> Path:
    return state / "stack.pid"


def running_pid(state: Path) -> int | None:
    """The process of the stack that uses `state`, or None; a stale file is not believed. Raises Trouble."""
    try:
        pid = int(pid_file(state).read_text())
    except (FileNotFoundError, ValueError):
        return None
    return pid if "infra.local.stack" in command_of(pid) else None


def command_of(pid: int, proc: Path = Path("/proc")) -> str:
    """The command line of a process, empty where there is none; raises Trouble where that cannot be found out."""
    if (proc / "self" / "cmdline").exists():  # slim images of Linux have no ps
        try:
            return (proc / str(pid) / "cmdline").read_text(errors="replace").replace("\0", " ")
        except (FileNotFoundError, ProcessLookupError):
            return ""
    if shutil.which("ps") is None:
        raise Trouble("Processes cannot be listed: install ps (package procps).")
    command = ["ps", "-o", "command=", "-p", str(pid)]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout
