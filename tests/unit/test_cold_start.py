"""What a function imports before its first request: nothing that only some requests need."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_no_client_of_aws_is_imported_before_it_is_used() -> None:
    program = "import sys, app; print(sorted({name.split('.')[0] for name in sys.modules} & {'boto3', 'botocore'}))"
    found = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout == "[]\n"
