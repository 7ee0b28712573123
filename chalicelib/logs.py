"""Structured logs: one JSON line per event on stderr, where CloudWatch and the local stack read them."""

import json
import sys
import time
from typing import Any

SECRET_NAMES = frozenset({"secret", "txSecret", "callback_key", "secret_key", "authorization"})


def log(event: str, **facts: Any) -> None:
    """Write one line: the time (unix s), the event's name in the past tense, its facts. Secrets are never facts.

    Half a character, which no encoding knows, is written as JSON escapes it.
    """
    leaked = SECRET_NAMES & facts.keys()
    if leaked:
        raise ValueError(f"a secret must not be logged: {', '.join(sorted(leaked))}")
    line = {"time": round(time.time(), 3), "event": event, **facts}
    text = json.dumps(line, ensure_ascii=False, default=str, separators=(",", ":"))
    sys.stderr.write(text.encode(errors="backslashreplace").decode() + "\n")
    sys.stderr.flush()
