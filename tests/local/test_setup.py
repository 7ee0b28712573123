"""`make setup` where the virtual environment cannot be made at first, as on a Debian without python3-venv."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from infra.local.settings import ROOT

PYTHON = f"""#!/bin/sh
[ "$1" = -m ] || exec {sys.executable} "$@"
for folder; do :; done
[ "$3" != --clear ] || rm -rf "$folder"
mkdir -p "$folder/bin"
if [ -e with-pip ]; then
  printf '#!/bin/sh\\necho "$@" >>asked-of-pip' >"$folder/bin/python"
  chmod +x "$folder/bin/python"
else
  printf '#!/bin/sh\\necho "No module named pip" >&2; exit 1' >"$folder/bin/python"
  chmod +x "$folder/bin/python"
  echo "ensurepip is not available" >&2
  exit 1
fi
"""
"""A system's Python: `-m venv` leaves an interpreter without pip and fails, until there is a file `with-pip`."""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    for name in ("Makefile", "requirements-local.txt", "requirements.txt", "recorder_task/requirements.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copyfile(ROOT / name, tmp_path / name)
    (tmp_path / "python3").write_text(PYTHON)
    (tmp_path / "python3").chmod(0o755)
    return tmp_path


def setup(clone: Path) -> "subprocess.CompletedProcess[str]":
    command = ["make", ".venv/.local", "PYTHON=./python3"]
    return subprocess.run(command, cwd=clone, capture_output=True, text=True, check=False)


def test_a_virtual_environment_without_pip_is_made_again_and_told_until_it_has_one(clone: Path) -> None:
    for _ in range(2):
        done = setup(clone)
        assert done.returncode != 0
        assert "install your system's venv package (python3-venv)" in done.stderr
        assert "No module named pip" not in done.stderr
    (clone / "with-pip").touch()
    assert setup(clone).returncode == 0
    assert (clone / ".venv/.local").exists()
    assert "-r requirements-local.txt" in (clone / "asked-of-pip").read_text()
