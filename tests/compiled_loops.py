"""The compiled inner loops for tests that hold them to the Python that does the same."""

import pytest

from recorder_task.native import loops
from recorder_task.native.build import CannotBuild, compiler


def need_compiled_loops() -> None:
    """Leave the test where nothing can compile them; where something can it fails, for nobody would notice else."""
    if loops is not None:
        return
    try:
        compiler()
    except CannotBuild as error:
        pytest.skip(str(error))
    pytest.fail("the inner loops are not compiled: python -m recorder_task.native.build")
