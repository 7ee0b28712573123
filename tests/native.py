"""For tests of the compiled loops: no compiler is a reason to do without them, having forgotten to compile is none."""

import pytest

from recorder_task.native import loops
from recorder_task.native.build import CannotBuild, compiler


def need_loops() -> None:
    """Skip where they cannot be compiled; fail where nobody has."""
    if loops is not None:
        return
    try:
        compiler()
    except CannotBuild as reason:
        pytest.skip(str(reason))
    pytest.fail("a compiler is here, and the loops are not compiled: python -m recorder_task.native.build")
