"""The recorder's inner loops, compiled from the C beside this file; None where they were not (`build.py`, adr/0012).

What each of them does is said by the Python that does the same without it, and tests hold the two together.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from recorder_task.native import _loops as loops
else:
    try:
        from recorder_task.native import _loops as loops
    except ImportError:  # nobody has compiled them here
        loops = None
