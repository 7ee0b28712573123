"""The package that goes to AWS, made once, and its template."""

from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from infra.package import Package, package


@pytest.fixture(scope="package")
def made(tmp_path_factory: pytest.TempPathFactory) -> Package:
    return package(tmp_path_factory.mktemp("package"))


@pytest.fixture(scope="package")
def template(made: Package) -> Mapping[str, Any]:
    loaded: Mapping[str, Any] = yaml.safe_load(made.template.read_text())
    return loaded


@pytest.fixture(scope="package")
def resources(template: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = template["Resources"]
    return found
