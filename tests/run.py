"""Runs every test this machine can run and names those it cannot: `python -m tests.run [pytest's arguments]`.

Without arguments: first what runs side by side, a process a core, then the end-to-end tests, which look at the clock
and get the machine for themselves: two stacks beside each other, for they wait more than they work. Last and alone what
promises how long a stack takes to start.
"""

import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence

TOOLS: Mapping[str, str] = {"second_reader": "ffmpeg", "browser": "chromium"}
"""What a marker's tests need on the PATH."""
SIDE_BY_SIDE = ("-q", "-n", "auto", "--dist", "worksteal", "--ignore", "tests/e2e")
STARTS = "tests/e2e/test_the_stack.py"
END_TO_END = ("tests/e2e", "-n", "2", "--dist", "loadfile", "--ignore", STARTS)
ALONE = (STARTS,)


def main() -> int:
    """Pytest's exit code, of the first run that failed; its closing lines are the last that is printed of each."""
    missing = {marker: tool for marker, tool in TOOLS.items() if shutil.which(tool) is None}
    for marker, tool in missing.items():
        print(f"{tool} is not installed; not run without it:")
        for name in _names(marker):
            print(f"  {name}")
    without = ["-m", " and ".join(f"not {marker}" for marker in missing)] if missing else []
    runs: Sequence[Sequence[str]] = [sys.argv[1:]] if sys.argv[1:] else [SIDE_BY_SIDE, END_TO_END, ALONE]
    codes = [_pytest(*without, *arguments).returncode for arguments in runs]
    return next((code for code in codes if code), 0)


def _names(marker: str) -> list[str]:
    collected = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-m", marker],
        capture_output=True,
        text=True,
        check=False,
    )
    return [line for line in collected.stdout.splitlines() if "::" in line]


def _pytest(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, "-m", "pytest", *arguments], check=False)


if __name__ == "__main__":
    sys.exit(main())
