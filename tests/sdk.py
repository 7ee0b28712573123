"""The vendor's official SDK, pointed at a test's gateway, and the contracts in its models."""

import importlib
import re
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

from tencentcloud.common.credential import Credential
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.live.v20180801 import models as live
from tencentcloud.live.v20180801.live_client import LiveClient
from tencentcloud.vod.v20180717 import models as vod
from tencentcloud.vod.v20180717.vod_client import VodClient

SECRET_ID, SECRET_KEY = "AKIDtest", "secret-of-the-test"
CLIENTS = {"live": LiveClient, "vod": VodClient}
MODELS = {"live": live, "vod": vod}


class Sdk:
    """Calls by action name with plain values, through the SDK's request and response models."""

    def __init__(
        self,
        endpoint: str,
        *,
        secret_id: str = SECRET_ID,
        secret_key: str = SECRET_KEY,
        method: str = "POST",
        sign_method: str = "TC3-HMAC-SHA256",
        is_payload_unsigned: bool = False,
    ) -> None:
        profile = ClientProfile(
            httpProfile=HttpProfile(protocol="http", endpoint=endpoint, reqMethod=method), signMethod=sign_method
        )
        profile.unsignedPayload = is_payload_unsigned
        credential = Credential(secret_id, secret_key)
        self._clients = {name: client(credential, "ap-guangzhou", profile) for name, client in CLIENTS.items()}

    def __call__(self, action: str, service: str = "live", /, **fields: Any) -> dict[str, Any]:
        """The answer's fields, less RequestId; raises the SDK's TencentCloudSDKException."""
        request = getattr(MODELS[service], f"{action}Request")()
        request._deserialize(fields)
        answer = getattr(self._clients[service], action)(request)._serialize(allow_none=True)
        assert answer.pop("RequestId")
        return dict(answer)

    def raw(self, action: str, service: str = "live", /, **fields: Any) -> dict[str, Any]:
        """As a call, but past the models: fields they do not have, or values of a wrong type."""
        answer = self._clients[service].call_json(action, fields)["Response"]
        assert answer.pop("RequestId")
        return dict(answer)


class Field(NamedTuple):
    """One field of a contract."""

    name: str
    kind: str
    """`str`, `int`, `bool`, `float`, `list of …` or `struct`."""
    fields: tuple["Field", ...]
    """Of a structure."""


def contract(model: type) -> tuple[Field, ...]:
    """The fields of one of the SDK's models, as its docstring types them."""
    return tuple(_fields(model))


def _fields(model: type) -> Iterator[Field]:
    found = re.findall(r":param _(\w+): .*?\n\s*:type \w+: (.*?)\n", _docstring(model), re.S)
    for name, kind in found:
        nested = re.search(r"(tencentcloud\.[\w.]+)\.models\.(\w+)", kind)
        if nested is None:
            yield Field(name, kind.replace(" non-negative", "").strip(), ())
            continue
        inner = contract(getattr(importlib.import_module(f"{nested[1]}.models"), nested[2]))
        yield Field(name, "list of struct" if kind.startswith("list") else "struct", inner)


def _docstring(model: type) -> str:
    constructor = vars(model).get("__init__")
    return (constructor.__doc__ or "") if constructor else ""


def now() -> int:
    """Unix seconds, for fields that must lie near the present."""
    return int(time.time())
