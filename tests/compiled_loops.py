"""The compiled inner loops for tests that hold them to the Python that does the same."""

import pytest

from recorder_task.native import loops


def need_compiled_loops() -> None:
    """Fail where they were not compiled: `make setup` brings a compiler, and nobody would notice else."""
    if loops is None:
        pytest.fail("the inner loops are not compiled: python -m recorder_task.native.build says why")
