"""The API key of the local customer, in SSM as on AWS: made once and kept."""

from typing import Any

from infra.keys import random_secret


def api_key(ssm: Any, prefix: str) -> tuple[str, str]:
    """SecretId and SecretKey."""
    path = f"{prefix}/keys/"
    known = ssm.get_parameters_by_path(Path=path, WithDecryption=True)["Parameters"]
    if known:
        return known[0]["Name"].removeprefix(path), known[0]["Value"]
    secret_id, secret_key = f"AKID{random_secret()}", random_secret()
    ssm.put_parameter(Name=f"{path}{secret_id}", Value=secret_key, Type="SecureString")
    return secret_id, secret_key
