"""The zip beside the template: what the functions need is in, and starts."""

import os
import shutil
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from infra.package import NEEDED, ROOT, SOURCES, Package, PackageError, check_zip, package

CHALICE = f"""
import os, pathlib, sys, zipfile

def main():
    target = pathlib.Path(sys.argv[-1])
    kept = pathlib.Path(".chalice/deployments/of-the-same-hash.zip")
    with open(os.environ["CALLS"], "a") as calls:
        calls.write("called\\n")
    if not kept.is_file():
        kept.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(kept, "w") as archive:
            archive.writestr({NEEDED[-1]!r}, "")
            if "HALF_WRITTEN" in os.environ:
                open(os.environ["HALF_WRITTEN"], "w").close()
                open(os.environ["GO_ON"]).close()
            for name in {NEEDED[:-1]!r}:
                archive.writestr(name, "")
    target.mkdir(parents=True, exist_ok=True)
    (target / "deployment.zip").write_bytes(kept.read_bytes())
    (target / "sam.yaml").write_text("Resources: {{}}")
"""
"""What Chalice does with its zip: written in place, taken as it is where one of that name lies there.

With HALF_WRITTEN and GO_ON, two named pipes, it stops in the middle until somebody has opened both.
"""


class Clone:
    """A clone in which nothing was packaged yet, with a Chalice that can be stopped in the middle."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "clone"
        for name in (*SOURCES, "infra/__init__.py", "infra/package.py", "infra/bytecode.py"):
            target = self.folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copyfile(ROOT / name, target)
        (folder / "chalice").mkdir()
        (folder / "chalice" / "__init__.py").touch()
        (folder / "chalice" / "cli.py").write_text(CHALICE)
        self._calls = folder / "calls"
        self._environment = {**os.environ, "PYTHONPATH": str(folder), "CALLS": str(self._calls)}
        self.processes: list[subprocess.Popen[str]] = []
        self.half_written, self._go_on = folder / "half-written", folder / "go-on"
        os.mkfifo(self.half_written)
        os.mkfifo(self._go_on)

    def package(self, into: str, **environment: str) -> "subprocess.Popen[str]":
        program = f"from pathlib import Path; from infra.package import package; package(Path({into!r}))"
        process = subprocess.Popen(
            [sys.executable, "-c", program],
            cwd=self.folder,
            env={**self._environment, **environment},
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.processes.append(process)
        return process

    def package_halfway(self, into: str) -> "subprocess.Popen[str]":
        pipes: Mapping[str, str] = {"HALF_WRITTEN": str(self.half_written), "GO_ON": str(self._go_on)}
        process = self.package(into, **pipes)
        self.half_written.open().close()
        return process

    def go_on(self) -> None:
        self._go_on.open("w").close()

    def names(self, directory: str) -> set[str]:
        with zipfile.ZipFile(self.folder / directory / "deployment.zip") as archive:
            return set(archive.namelist())

    @property
    def calls(self) -> int:
        return len(self._calls.read_text().splitlines())


@pytest.fixture
def clone(tmp_path: Path) -> Iterator[Clone]:
    clone = Clone(tmp_path)
    yield clone
    for process in clone.processes:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()


def ended(process: "subprocess.Popen[str]") -> tuple[int, str]:
    _, error = process.communicate(timeout=30)
    return process.returncode, error


def test_the_zip_holds_what_the_functions_need_and_nothing_of_the_recorder(made: Package) -> None:
    check_zip(made.zip)
    with zipfile.ZipFile(made.zip) as archive:
        tops = {name.split("/")[0] for name in archive.namelist()}
    assert {"app.py", "chalice", "chalicelib", "pydantic", "pydantic_core"} <= tops
    assert not tops & {"av", "boto3", "botocore", "recorder_task", "infra", "tests", "node_modules"}


def test_a_function_starts_without_compiling_anything(made: Package, tmp_path: Path) -> None:
    with zipfile.ZipFile(made.zip) as archive:
        archive.extractall(tmp_path)
    ours = [*tmp_path.glob("chalicelib/**/*.py"), tmp_path / "app.py"]
    for source in [*ours, *tmp_path.glob("pydantic/**/*.py")]:
        source.write_text("this is never read")
    program = "import app; print(len(app.app.routes) > 1)"
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("True\n", "")


@pytest.mark.parametrize(
    ("names", "complaint"),
    [
        pytest.param([name for name in NEEDED if "core" not in name], "pydantic_core", id="a wheel is missing"),
        pytest.param([*NEEDED, "av/__init__.py"], "must not hold av/", id="the recorder's library is in"),
    ],
)
def test_a_zip_that_is_not_right_is_refused(tmp_path: Path, names: list[str], complaint: str) -> None:
    path = tmp_path / "deployment.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, "")
    with pytest.raises(PackageError, match=complaint):
        check_zip(path)


def test_a_package_of_the_same_sources_is_not_made_again(made: Package) -> None:
    before = made.zip.stat().st_mtime_ns
    assert package(made.zip.parent) == made
    assert made.zip.stat().st_mtime_ns == before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda number: number.name)
def test_what_was_interrupted_is_packaged_by_the_next_who_asks(clone: Clone, number: signal.Signals) -> None:
    interrupted = clone.package_halfway("dist")
    os.killpg(interrupted.pid, number)
    assert ended(interrupted)[0] != 0
    assert ended(clone.package("dist")) == (0, "")
    assert set(NEEDED) <= clone.names("dist")


def test_of_two_who_package_at_once_the_second_waits_for_the_first(clone: Clone) -> None:
    first = clone.package_halfway("first")
    second = clone.package("second")
    with pytest.raises(subprocess.TimeoutExpired):
        second.wait(1)
    clone.go_on()
    assert (ended(first), ended(second)) == ((0, ""), (0, ""))
    assert set(NEEDED) <= clone.names("first") & clone.names("second")


def test_the_same_sources_are_packaged_once_for_however_many_directories(clone: Clone) -> None:
    for directory in ("first", "second"):
        assert ended(clone.package(directory)) == (0, "")
    assert clone.names("first") == clone.names("second")
    assert clone.calls == 1


@pytest.mark.parametrize("kept", [0, 100], ids=["nothing is left of it", "its beginning is left"])
def test_a_zip_that_was_cut_off_since_is_made_again(clone: Clone, kept: int) -> None:
    assert ended(clone.package("dist")) == (0, "")
    for path in clone.folder.rglob("*.zip"):
        os.truncate(path, kept)
    assert ended(clone.package("dist")) == (0, "")
    assert set(NEEDED) <= clone.names("dist")


def test_a_zip_that_is_cut_off_is_told_in_one_sentence(made: Package, tmp_path: Path) -> None:
    path = tmp_path / "deployment.zip"
    path.write_bytes(made.zip.read_bytes()[:1000])
    with pytest.raises(
        PackageError, match=r"^\S+ is not a whole zip file: is the disk full\? Make room and try again\.$"
    ):
        check_zip(path)
