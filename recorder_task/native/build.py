"""Compiles the inner loops: `python -m recorder_task.native.build`, which says what it did, or why not.

By the machine's own compiler, or the one that PyPI's `ziglang` carries. Where there is none the recorder works all the
same, with more CPU, and this is no failure; `--strict` makes it one, and any warning too.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

HERE = Path(__file__).parent
BUILT = HERE / "_loops.abi3.so"
OPTIONS = (
    *("-std=c11", "-O2", "-fPIC", "-shared", "-fvisibility=hidden", "-fno-strict-aliasing"),
    *("-Wall", "-Wextra", "-Wno-missing-field-initializers", "-Wno-cast-function-type"),
)
STRICT = "-Werror"
OF_A_PLATFORM = {"darwin": ("-undefined", "dynamic_lookup")}
ZIG = (sys.executable, "-m", "ziglang", "cc", "-mcpu=baseline")
"""Not for the processor it runs on: an image is built elsewhere."""


class CannotBuild(Exception):
    """The message says what is missing, or what the compiler said."""


def compiler() -> tuple[str, ...]:
    """The command that compiles C; raises CannotBuild."""
    found = shutil.which("cc")
    if found:
        return (found,)
    if importlib.util.find_spec("ziglang") is None:
        raise CannotBuild("no C compiler is here, nor the package ziglang")
    return ZIG


def build(target: Path = BUILT, *options: str) -> tuple[str, ...]:
    """Compile into `target`, whole or not at all; returns the compiler used. Raises CannotBuild."""
    headers = Path(sysconfig.get_path("include"))
    if not (headers / "Python.h").is_file():
        raise CannotBuild("Python's headers are not here (Debian: python3-dev)")
    command = compiler()
    unfinished = target.with_name(f"{target.name}.{os.getpid()}")
    sources = [str(path) for path in sorted(HERE.glob("*.c"))]
    platform = OF_A_PLATFORM.get(sys.platform, ())
    made = [*command, *OPTIONS, *options, *platform, f"-I{headers}", *sources, "-o", str(unfinished)]
    try:
        ended = subprocess.run(made, capture_output=True, text=True, check=False)  # noqa: S603 - a command of ours
        if ended.returncode:
            raise CannotBuild(f"{command[0]} says:\n{ended.stderr}")
        unfinished.replace(target)
    except OSError as error:
        raise CannotBuild(f"{command[0]} cannot be run: {error}") from error
    finally:
        unfinished.unlink(missing_ok=True)
    return command


def main() -> int:
    """Build, and say so."""
    is_strict = "--strict" in sys.argv[1:]
    try:
        command = build(BUILT, *([STRICT] if is_strict else []))
    except CannotBuild as error:
        print(f"The recorder's inner loops were not compiled: {error}", file=sys.stderr)
        print("It records all the same, and takes more CPU (docs/09-performance.md).", file=sys.stderr)
        return int(is_strict)
    print(f"Compiled the recorder's inner loops by {' '.join(command)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
