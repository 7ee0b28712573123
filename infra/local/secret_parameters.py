"""Secrets of the local stack, kept as on AWS: made once, found again."""

import time
from typing import Any

from chalicelib.api.credentials import read_secrets
from chalicelib.table import Table
from infra.keys import KeyStore, random_secret


def local_key(table: Table, ssm: Any, prefix: str) -> tuple[str, str]:
    """SecretId and SecretKey."""
    store = KeyStore(table, ssm, prefix)
    for key in store.all():
        values = {} if key.disabled_at else read_secrets(ssm, prefix, key)
        if values:
            return key.secret_id, values[max(values)]
    return store.create(now=time.time(), note="the local stack's")


def origin_credentials(ssm: Any, prefix: str) -> str:
    """`user:password` of the origin's HTTP API."""
    name = f"{prefix}/origin-control"
    found = ssm.get_parameters(Names=[name], WithDecryption=True)["Parameters"]
    if found:
        return str(found[0]["Value"])
    made = f"tapedeck:{random_secret()}"
    ssm.put_parameter(Name=name, Value=made, Type="SecureString", Overwrite=True)
    return made
