"""What a request to AWS may end in.

AwsError            the service refused: code, status; `response` as botocore's errors have it
└── Unreachable     no answer, or only answers that ask for another try, until the time for tries was over
"""


class AwsError(Exception):
    """A refusal with the service's own code."""

    def __init__(self, code: str, message: str, status: int = 0) -> None:
        self.status = status
        self.code = code
        self.response = {"Error": {"Code": code, "Message": message}}
        super().__init__(f"{code}: {message}" if message else code)


class Unreachable(AwsError):
    """Every try within the time allowed failed; the code is the last failure's."""
