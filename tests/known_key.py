"""A key whose SecretKey the tests know, put where the functions look for keys."""

from typing import Any

from chalicelib import keys
from chalicelib.api.api_key import ApiKey, NumberedSecret
from chalicelib.api.credentials import parameter_name
from chalicelib.attribute_values import Item
from chalicelib.keys import API_KEYS, Key
from chalicelib.table import Put, Table
from tests.fakes.table import FakeTable
from tests.sdk import SECRET_ID, SECRET_KEY

PREFIX = "/tapedeck"


def put_key(
    table: Table, ssm: Any, secret_id: str = SECRET_ID, *, secret_key: str = SECRET_KEY, **limits: Any
) -> ApiKey:
    """Make a key with one secret; `limits` are fields of ApiKey."""
    key = ApiKey(secret_id=secret_id, secrets=(NumberedSecret(number=1),), **limits)
    name = parameter_name(PREFIX, secret_id, 1)
    ssm.put_parameter(Name=name, Value=secret_key, Type="SecureString", Overwrite=True)
    table.put(Put(key=keys.api_key(secret_id), item=key.as_item()))
    return key


def made_in(store: FakeTable) -> dict[Key, Item]:
    """What requests have made: the table less its keys and the counts of their requests."""
    return {key: item for key, item in store.items.items() if not key.pk.startswith((API_KEYS, "REQUESTS#"))}
