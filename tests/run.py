"""Runs every test this machine can run and names those it cannot: `python -m tests.run [pytest's arguments]`."""

import shutil
import subprocess
import sys
from collections.abc import Mapping

TOOLS: Mapping[str, str] = {"second_reader": "ffmpeg", "browser": "chromium"}
"""What a marker's tests need on the PATH."""


def main() -> int:
    """Pytest's exit code; its closing line is the last that is printed."""
    missing = {marker: tool for marker, tool in TOOLS.items() if shutil.which(tool) is None}
    for marker, tool in missing.items():
        print(f"{tool} is not installed; not run without it:")
        for name in _names(marker):
            print(f"  {name}")
    without = ["-m", " and ".join(f"not {marker}" for marker in missing)] if missing else []
    command = [sys.executable, "-m", "pytest", *without, *sys.argv[1:]]
    return subprocess.run(command, check=False).returncode


def _names(marker: str) -> list[str]:
    collected = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-m", marker],
        capture_output=True,
        text=True,
        check=False,
    )
    return [line for line in collected.stdout.splitlines() if "::" in line]


if __name__ == "__main__":
    sys.exit(main())
