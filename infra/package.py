"""Packages the functions: `chalice package` with the template merged in, and a zip that was opened and checked.

Chalice exits 0 when a wheel cannot be found and leaves it out, so the zip itself is looked into.
"""

import hashlib
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from infra.bytecode import add_bytecode

ROOT = Path(__file__).resolve().parents[1]
TEMPLATE = ROOT / "infra" / "template.yaml"
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

    @classmethod
    def at(cls, directory: Path) -> "Package":
        """The package in `directory`, made or yet to be made."""
        return cls(template=directory / "sam.yaml", zip=directory / "deployment.zip")


def package(directory: Path) -> Package:
    """Package into `directory` unless what is there was made of the same sources; raises PackageError."""
    made = Package.at(directory)
    mark = directory / ".sources"
    sources = sources_hash()
    if mark.is_file() and mark.read_text() == sources and made.template.is_file() and made.zip.is_file():
        return made
    directory.mkdir(parents=True, exist_ok=True)
    mark.unlink(missing_ok=True)
    run_chalice(directory)
    check_zip(made.zip)
    add_bytecode(made.zip)
    mark.write_text(sources)
    return made


def sources_hash() -> str:
    """A hash of everything that goes into the package, the interpreter (which decides the wheels) included."""
    digest = hashlib.sha256(sys.version.encode())
    for path in source_files():
        digest.update(f"{path.relative_to(ROOT)}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def source_files() -> Iterator[Path]:
    """Files that go into the package, in a fixed order."""
    for name in SOURCES:
        path = ROOT / name
        found = sorted(path.rglob("*")) if path.is_dir() else [path]
        yield from (each for each in found if each.is_file() and "__pycache__" not in each.parts)


def run_chalice(directory: Path) -> None:
    """`chalice package` into `directory`; raises PackageError with what it wrote."""
    chalice = [sys.executable, "-c", "import sys; from chalice.cli import main; sys.exit(main())"]
    command = [*chalice, "package", "--merge-template", str(TEMPLATE), str(directory)]
    environment = {"AWS_DEFAULT_REGION": "us-east-1", **os.environ}  # Chalice asks for one and puts it nowhere
    environment.pop("AWS_ENDPOINT_URL", None)
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise PackageError(f"chalice package failed:\n{done.stdout}{done.stderr}")


def check_zip(path: Path) -> None:
    """Raise PackageError where the zip lacks what the functions need or holds what they must not carry."""
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
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
