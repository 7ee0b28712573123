"""What a function imports before its first request: nothing that only some requests need."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_nothing_that_speaks_to_others_is_imported_before_it_is_used() -> None:
    program = "import sys, app; print(sorted({'boto3', 'botocore', 'http.client', 'ssl'} & sys.modules.keys()))"
    found = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout == "[]\n"


MODULES = 320
"""A bound of what an import brings, the standard library's own included; each module costs some half a millisecond."""


def test_no_model_is_built_before_a_request_needs_it_and_few_modules_are_imported() -> None:
    """Counted, for a clock would say more of the machine than of the code (docs/09-performance.md has the figure)."""
    program = """
import sys, app
from pydantic import BaseModel

def models(base):
    return [each for model in base.__subclasses__() for each in (model, *models(model))]

ours = [model for model in models(BaseModel) if model.__module__.startswith("chalicelib")]
print(len(ours) > 20, [model.__name__ for model in ours if model.__pydantic_complete__], len(sys.modules))
"""
    found = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    has_models, built, modules = found.stdout.split()
    assert (has_models, built) == ("True", "[]")
    assert int(modules) <= MODULES
