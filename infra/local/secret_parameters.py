"""The API key of the local customer, kept as on AWS: made once, found again."""

import time
from typing import Any

from chalicelib.api.credentials import read_secrets
from chalicelib.table import Table
from infra.keys import KeyStore


def local_key(table: Table, ssm: Any, prefix: str) -> tuple[str, str]:
    """SecretId and SecretKey."""
    store = KeyStore(table, ssm, prefix)
    for key in store.all():
        values = {} if key.disabled_at else read_secrets(ssm, prefix, key)
        if values:
            return key.secret_id, values[max(values)]
    return store.create(now=time.time(), note="the local stack's")
