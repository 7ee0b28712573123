"""A customer of the API, through the vendor's official SDK pointed at the stack; nothing here knows the inside."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tencentcloud.common.credential import Credential
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.live.v20180801 import models as live_models
from tencentcloud.live.v20180801.live_client import LiveClient
from tencentcloud.vod.v20180717 import models as vod_models
from tencentcloud.vod.v20180717.vod_client import VodClient

FORMATS: Mapping[str, str] = {
    "flv": "FlvParam",
    "hls": "HlsParam",
    "mp4": "Mp4Param",
    "aac": "AacParam",
    "mp3": "Mp3Param",
}
"""The template's field of each format, by the name callbacks use."""

TOLD_OF = ("StreamBeginNotifyUrl", "StreamEndNotifyUrl", "RecordNotifyUrl")
"""What a customer wants to be told of: a push's begin and end, and files."""


class Customer:
    """Both services at one endpoint (`api`, an http URL), signed with one key; `method` is POST or GET."""

    def __init__(self, *, api: str, secret_id: str, secret_key: str, region: str, method: str = "POST") -> None:
        address = urlsplit(api)
        http = HttpProfile(protocol=address.scheme, endpoint=address.netloc, reqMethod=method, reqTimeout=30)
        profile = ClientProfile(httpProfile=http)
        credential = Credential(secret_id, secret_key)
        self._live = LiveClient(credential, region, profile)
        self._vod = VodClient(credential, region, profile)

    def live(self, action: str, **fields: Any) -> dict[str, Any]:
        """One action of the live service; raises TencentCloudSDKException with the API's code."""
        return _call(self._live, live_models, action, fields)

    def own(self, action: str, **fields: Any) -> dict[str, Any]:
        """An action of the live service that the vendor has not, called by its name as the SDK lets one."""
        answer: dict[str, Any] = self._live.call_json(action, fields)["Response"]
        return answer

    def vod(self, action: str, **fields: Any) -> dict[str, Any]:
        """One action of the VOD service; raises TencentCloudSDKException with the API's code."""
        return _call(self._vod, vod_models, action, fields)


def _call(client: Any, models: Any, action: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    request = getattr(models, f"{action}Request")()
    request.from_json_string(json.dumps(fields))
    answer: dict[str, Any] = json.loads(getattr(client, action)(request).to_json_string())
    return answer


@dataclass(frozen=True)
class Arrangement:
    """What a customer has configured for the streams of one app."""

    domain: str
    app: str
    template_id: int
    callback_template_id: int


@contextmanager
def arranged(
    customer: Customer,
    *,
    domain: str,
    app: str,
    callback_url: str,
    callback_key: str,
    formats: Mapping[str, Mapping[str, Any]],
    told_of: Sequence[str] = TOLD_OF,
    **template: Any,
) -> Iterator[Arrangement]:
    """Record every stream of (domain, app) in `formats` (name: fields of its RecordParam) and announce it.

    Deletes on leaving what it made. `told_of` names the callback template's URLs that are set, `template` holds further
    fields of the recording template.
    """
    with ExitStack() as undo:

        def delete_later(action: str, **fields: Any) -> None:
            undo.callback(customer.live, action, **fields)

        params = {FORMATS[name]: {"Enable": 1, **fields} for name, fields in formats.items()}
        template_id = customer.live("CreateLiveRecordTemplate", TemplateName=app, **params, **template)["TemplateId"]
        delete_later("DeleteLiveRecordTemplate", TemplateId=template_id)
        rule = {"DomainName": domain, "AppName": app, "StreamName": ""}
        customer.live("CreateLiveRecordRule", **rule, TemplateId=template_id)
        delete_later("DeleteLiveRecordRule", **rule)
        callback_template_id = customer.live(
            "CreateLiveCallbackTemplate",
            TemplateName=app,
            CallbackKey=callback_key,
            **dict.fromkeys(told_of, callback_url),
        )["TemplateId"]
        delete_later("DeleteLiveCallbackTemplate", TemplateId=callback_template_id)
        callback_rule = {"DomainName": domain, "AppName": app}
        customer.live("CreateLiveCallbackRule", **callback_rule, TemplateId=callback_template_id)
        delete_later("DeleteLiveCallbackRule", **callback_rule)
        yield Arrangement(domain, app, template_id, callback_template_id)
