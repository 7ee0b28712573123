"""What the recorder alone reads from its environment, beside the project's settings."""

import os
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Launch:
    """How this process was started."""

    session_id: str
    """`SESSION_ID`: the session to record; empty where it was not given."""
    number: int
    """`LAUNCH`: which launch of the session this is; 0 for one by hand."""
    aws: Mapping[str, str]
    """Credentials and endpoints, under the names that all of AWS's tools read."""


def launch(environment: Mapping[str, str] = os.environ) -> Launch:
    """The launch that `environment` tells of."""
    aws = {name: value for name, value in environment.items() if name.startswith("AWS_")}
    return Launch(environment.get("SESSION_ID", ""), int(environment.get("LAUNCH") or 0), aws)
