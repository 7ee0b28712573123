"""Settings of the demo: name, meaning, default. Read once, from the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from infra.local.trouble import Trouble

SHORTEST_SECONDS, LONGEST_SECONDS = 5, 600
"""The clip is held in memory, 400 kB a second, and every format is to be one file."""


@dataclass(frozen=True, kw_only=True)
class DemoSettings:
    """One value per environment variable; the variable is the field's name in capitals."""

    duration: int = 30
    """Seconds that are published, 5 to 600."""
    keep: bool = False
    """1 leaves the stack up when the demo is done."""

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> "DemoSettings":
        """Settings from `environment`; raises Trouble naming the variable that is wrong."""
        duration, keep = environment.get("DURATION") or "30", environment.get("KEEP") or "0"
        if not duration.isdecimal() or not SHORTEST_SECONDS <= int(duration) <= LONGEST_SECONDS:
            raise Trouble(
                f"DURATION must be a number of seconds from {SHORTEST_SECONDS} to {LONGEST_SECONDS}, not {duration!r}."
            )
        if keep not in ("0", "1"):
            raise Trouble(f"KEEP must be 0 or 1, not {keep!r}.")
        return cls(duration=int(duration), keep=keep == "1")


def read_demo_settings() -> DemoSettings:
    """The settings of this process."""
    return DemoSettings.read(os.environ)


def child_environment(changes: Mapping[str, str]) -> dict[str, str]:
    """The environment of a process we start: ours and `changes`."""
    return {**os.environ, **changes}
