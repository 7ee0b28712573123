"""Packages the functions: `chalice package` with the template merged in, and a zip that was opened and checked.

Chalice exits 0 when a wheel cannot be found and leaves it out, so the zip itself is looked into. It writes its zip in
place and takes any of that name that it finds for a whole one, so it works in a copy of the sources.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from infra.bytecode import add_bytecode

ROOT = Path(__file__).resolve().parents[1]
LATEST = ROOT / ".chalice" / "deployments" / "latest"
"""Where the last package is kept, whoever asked for it: of the same sources none is made again."""
SOURCES = (
    "app.py",
    "chalicelib",
    ".chalice/config.json",
    ".chalice/policies",
    "infra/template.yaml",
    "requirements.txt",
)
NEEDED = ("app.py", "chalice/app.py", "chalicelib/settings.py", "pydantic/__init__.py", "pydantic_core/_pydantic_core.")
UNWANTED = ("av/", "boto3/", "botocore/", "infra/", "recorder_task/", "tests/", "node_modules/")


class PackageError(Exception):
    """The functions could not be packaged; the message says why."""


@dataclass(frozen=True)
class Package:
    """A package on disk."""

    template: Path
    zip: Path
    mark: Path
    """A hash of the sources it was made of; there only while the others are whole."""

    @classmethod
    def at(cls, directory: Path) -> "Package":
        """The package in `directory`, made or yet to be made."""
        return cls(template=directory / "sam.yaml", zip=directory / "deployment.zip", mark=directory / ".sources")

    def is_made_of(self, sources: str) -> bool:
        """It is there and whole, of the sources with this hash."""
        is_marked = self.mark.is_file() and self.mark.read_text() == sources
        return is_marked and self.template.is_file() and zipfile.is_zipfile(self.zip)

    def copy_to(self, other: "Package") -> None:
        """Put this package in the place of another: each file whole or not at all, the mark last."""
        other.mark.parent.mkdir(parents=True, exist_ok=True)
        other.mark.unlink(missing_ok=True)
        for ours, theirs in ((self.template, other.template), (self.zip, other.zip), (self.mark, other.mark)):
            unfinished = theirs.with_name(f"{theirs.name}.part")
            shutil.copyfile(ours, unfinished)
            unfinished.replace(theirs)


def package(directory: Path) -> Package:
    """Package into `directory` unless what is there was made of the same sources; raises PackageError."""
    wanted, latest = Package.at(directory), Package.at(LATEST)
    with alone():
        sources = sources_hash(ROOT)
        if not wanted.is_made_of(sources):
            if not latest.is_made_of(sources):
                make(latest)
            latest.copy_to(wanted)
    return wanted


@contextmanager
def alone() -> Iterator[None]:
    """Wait until nobody else packages in this clone, and keep others waiting."""
    LATEST.parent.mkdir(parents=True, exist_ok=True)
    with (LATEST.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # until it is closed, by us or by our death
        yield


def make(target: Package) -> None:
    """Package a copy of the sources, check the result, then put it in its place; raises PackageError."""
    with TemporaryDirectory(prefix="tapedeck-package-") as folder:
        copy, made = Path(folder) / "sources", Package.at(Path(folder) / "package")
        for path in source_files(ROOT):
            place = copy / path.relative_to(ROOT)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, place)
        sources = sources_hash(copy)
        run_chalice(copy, made.zip.parent)
        check_zip(made.zip)
        add_bytecode(made.zip)
        made.mark.write_text(sources)
        made.copy_to(target)


def sources_hash(root: Path) -> str:
    """A hash of everything that goes into the package, the interpreter (which decides the wheels) included."""
    digest = hashlib.sha256(sys.version.encode())
    for path in source_files(root):
        digest.update(f"{path.relative_to(root)}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def source_files(root: Path) -> Iterator[Path]:
    """Files that go into the package, in a fixed order."""
    for name in SOURCES:
        path = root / name
        found = sorted(path.rglob("*")) if path.is_dir() else [path]
        yield from (each for each in found if each.is_file() and "__pycache__" not in each.parts)


def run_chalice(project: Path, directory: Path) -> None:
    """`chalice package` of `project` into `directory`; raises PackageError with what it wrote."""
    chalice = [sys.executable, "-c", "import sys; from chalice.cli import main; sys.exit(main())"]
    command = [*chalice, "package", "--merge-template", str(project / "infra" / "template.yaml"), str(directory)]
    environment = {"AWS_DEFAULT_REGION": "us-east-1", **os.environ}  # Chalice asks for one and puts it nowhere
    environment.pop("AWS_ENDPOINT_URL", None)
    done = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise PackageError(f"chalice package failed:\n{done.stdout}{done.stderr}")


def check_zip(path: Path) -> None:
    """Raise PackageError where the zip lacks what the functions need or holds what they must not carry."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except zipfile.BadZipFile:
        raise PackageError(f"{path} is not a whole zip file: is the disk full? Make room and try again.") from None
    missing = [each for each in NEEDED if not any(name.startswith(each) for name in names)]
    unwanted = [each for each in UNWANTED if any(name.startswith(each) for name in names)]
    if missing:
        raise PackageError(f"{path} lacks {', '.join(missing)}: is there a wheel for this platform?")
    if unwanted:
        raise PackageError(f"{path} must not hold {', '.join(unwanted)}")


def main() -> None:
    """Package into dist/ and say what is there."""
    try:
        made = package(ROOT / "dist")
    except PackageError as error:
        sys.exit(str(error))
    size = made.zip.stat().st_size
    print(f"{made.template.relative_to(ROOT)}\n{made.zip.relative_to(ROOT)} ({size / 1e6:.1f} MB)")


if __name__ == "__main__":
    main()
