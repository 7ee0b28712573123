"""The functions' zip on machines of different kinds."""

import io
import zipfile
from pathlib import Path

import pytest

from infra.local.function_code import function_code


@pytest.fixture
def package(tmp_path: Path) -> Path:
    path = tmp_path / "deployment.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("app.py", "chalicelib/keys.py", "chalice/app.py", "pydantic/main.py", "pydantic_core/core.so"):
            archive.writestr(name, name)
    return path


def test_a_machine_like_lambda_s_runs_what_goes_to_aws(package: Path) -> None:
    assert function_code(package, ("Linux", "x86_64")) == package.read_bytes()


@pytest.mark.parametrize("machine", [("Linux", "aarch64"), ("Darwin", "arm64")], ids=str)
def test_another_machine_runs_the_code_without_lambda_s_wheels(package: Path, machine: tuple[str, str]) -> None:
    with zipfile.ZipFile(io.BytesIO(function_code(package, machine))) as archive:
        assert {name: archive.read(name).decode() for name in archive.namelist()} == {
            "app.py": "app.py",
            "chalicelib/keys.py": "chalicelib/keys.py",
            "chalice/app.py": "chalice/app.py",
        }
