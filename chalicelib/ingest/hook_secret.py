"""The secret that an origin's hooks carry in their URL: the only place SRS and nginx-rtmp can put one."""

import hmac
from functools import lru_cache

from chalicelib import aws
from chalicelib.settings import settings


def is_hook_secret(given: str, *, now: float) -> bool:
    """Whether `given` is the hook secret of this deployment; compared in constant time."""
    secret = _secret(int(now // settings().key_cache_seconds))
    return hmac.compare_digest(given.encode(errors="backslashreplace"), secret.encode())


@lru_cache(maxsize=1)
def _secret(period: int) -> str:
    """The parameter, read once in each `period`: so long a changed secret needs to be known everywhere."""
    name = f"{settings().parameter_prefix}/hook-secret"
    return str(aws.client("ssm").get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"])
