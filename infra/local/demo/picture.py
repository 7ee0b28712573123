"""The clip's picture: a bar that wanders over a gradient, grain above it, and the time code in figures. Pure."""

import numpy as np
from numpy.typing import NDArray

_FIGURES = {
    "0": ("###", "# #", "# #", "# #", "###"),
    "1": (" # ", "## ", " # ", " # ", "###"),
    "2": ("###", "  #", "###", "#  ", "###"),
    "3": ("###", "  #", " ##", "  #", "###"),
    "4": ("# #", "# #", "###", "  #", "  #"),
    "5": ("###", "#  ", "###", "  #", "###"),
    "6": ("###", "#  ", "###", "# #", "###"),
    "7": ("###", "  #", "  #", " # ", " # "),
    "8": ("###", "# #", "###", "# #", "###"),
    "9": ("###", "# #", "###", "  #", "###"),
    ":": ("   ", " # ", "   ", " # ", "   "),
    ".": ("   ", "   ", "   ", "   ", " # "),
}
_DOT = 12
"""Pixels of one dot of a figure."""
_BLACK, _WHITE, _GREY = 16, 235, 128
_GRAIN_ROWS = 80
"""Grain hardly compresses: it gives the clip the bit rate of a real picture, so that uploads have several parts."""


def time_code(frame: int, frames_per_second: int) -> str:
    """Minutes, seconds and frame: `00:07.12`."""
    seconds, rest = divmod(frame, frames_per_second)
    return f"{seconds // 60:02d}:{seconds % 60:02d}.{rest:02d}"


def lettering(text: str) -> NDArray[np.bool_]:
    """`text` (figures, colon, full stop) as dots, one column free after each figure."""
    rows = ("".join(_FIGURES[character][row] + " " for character in text) for row in range(5))
    return np.array([[dot == "#" for dot in row] for row in rows])


def picture(frame: int, *, frames_per_second: int, width: int, height: int) -> NDArray[np.uint8]:
    """One frame as yuv420p planes below each other (height * 3 / 2 rows); width and height are even."""
    luma = np.tile(np.linspace(40, 160, width, dtype=np.uint8), (height, 1))
    left = frame * 4 % (width - 40)
    luma[:, left : left + 40] = 200
    luma[:_GRAIN_ROWS] = np.random.default_rng(frame).integers(_BLACK, _WHITE, (_GRAIN_ROWS, width), dtype=np.uint8)
    dots = lettering(time_code(frame, frames_per_second)).repeat(_DOT, axis=0).repeat(_DOT, axis=1)
    top, edge = (height - dots.shape[0]) // 2, (width - dots.shape[1]) // 2
    luma[top - _DOT : top + dots.shape[0] + _DOT, edge - _DOT : edge + dots.shape[1]] = _BLACK
    luma[top : top + dots.shape[0], edge : edge + dots.shape[1]][dots] = _WHITE
    chroma = np.full((height // 2, width), _GREY + frame % 48, dtype=np.uint8)
    return np.vstack([luma, chroma])
