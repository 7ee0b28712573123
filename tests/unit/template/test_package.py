"""The zip beside the template: what the functions need is in, and starts."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from infra.package import NEEDED, Package, PackageError, check_zip, package


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
