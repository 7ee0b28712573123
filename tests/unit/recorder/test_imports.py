"""What a recorder's process loads: each stream pays for it in memory."""

import json
import subprocess
import sys

HEAVY = {"boto3", "ctypes", "email", "http", "numpy", "pydantic", "tempfile", "urllib.request", "uuid"}
"""Some megabytes each, with what they bring along."""

SAY_WHAT_IS_LOADED = "import json, sys, recorder_task.__main__; print(json.dumps(sorted(sys.modules)))"


def test_a_recorder_loads_nothing_heavy_that_it_does_not_need() -> None:
    said = subprocess.run([sys.executable, "-c", SAY_WHAT_IS_LOADED], capture_output=True, text=True, check=True).stdout
    assert HEAVY & set(json.loads(said)) == set()
