"""A viewer: Chromium with hls.js, which tells what the player itself has counted."""

import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

SCRIPT = Path(__file__).with_name("play_hls.mjs")
FIRST_PICTURE_SECONDS = 0.25
"""B-frames put the first picture 80 ms after the first decoding time, hls.js's zero: it may say that it skipped it."""

SEEN_AGAIN = 3
"""Pictures that count twice: hls.js seeks over that hole where a machine is slow, and the browser decodes again."""


def play(url: str) -> Mapping[str, Any]:
    """Play a playlist to its end; returns the counters that play_hls.mjs prints."""
    browser = shutil.which("chromium")
    assert browser, "chromium is not on the PATH: install it, or leave this test out with -m 'not browser'"
    played = subprocess.run(
        ["node", str(SCRIPT), url, browser], capture_output=True, text=True, timeout=120, check=False
    )
    assert played.returncode == 0, played.stderr
    counters: Mapping[str, Any] = json.loads(played.stdout)
    return counters
