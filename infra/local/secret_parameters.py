"""The secrets of the local stack, in SSM as on AWS: one API key and the hooks' secret, made once and kept."""

import secrets
import string
from typing import Any

ALPHABET = string.ascii_letters + string.digits


def api_key(ssm: Any, prefix: str) -> tuple[str, str]:
    """SecretId and SecretKey of the local customer."""
    path = f"{prefix}/keys/"
    known = ssm.get_parameters_by_path(Path=path, WithDecryption=True)["Parameters"]
    if known:
        return known[0]["Name"].removeprefix(path), known[0]["Value"]
    secret_id, secret_key = f"AKID{_random(32)}", _random(32)
    ssm.put_parameter(Name=f"{path}{secret_id}", Value=secret_key, Type="SecureString")
    return secret_id, secret_key


def hook_secret(ssm: Any, prefix: str) -> str:
    """What the origin says to be believed."""
    name = f"{prefix}/hook-secret"
    try:
        return str(ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"])
    except ssm.exceptions.ParameterNotFound:
        secret = _random(32)
        ssm.put_parameter(Name=name, Value=secret, Type="SecureString")
        return secret


def _random(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(length))
