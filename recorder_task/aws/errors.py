"""What a request to AWS may end in.

AwsError            the service refused: code, status; `response` as botocore's errors have it
├── Overtaken       somebody else has written the object since this process did: another recorder has its place
└── Unreachable     no answer, or only answers that ask for another try, until the time for tries was over
"""

from typing import Any


class AwsError(Exception):
    """A refusal with the service's own code."""

    def __init__(self, code: str, message: str, status: int = 0) -> None:
        self.status = status
        self.code = code
        self.response: dict[str, Any] = {"Error": {"Code": code, "Message": message}}
        super().__init__(f"{code}: {message}" if message else code)


class Unreachable(AwsError):
    """Every try within the time allowed failed; the code is the last failure's."""


class Overtaken(AwsError):
    """The object is not as this process left it."""
