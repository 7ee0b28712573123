"""A value of its own for every field of the SDK's contracts, and which fields the wire requires."""

from collections.abc import Iterator, Mapping, Sequence
from types import NoneType
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel

from chalicelib.api.moments import iso_text
from chalicelib.handlers.api import LIVE, VOD
from tests.sdk import MODELS, Field, contract, now

SERVICES = {"live": LIVE, "vod": VOD}

REQUIRED: Mapping[str, list[str]] = {
    "CreateLiveRecordTemplate": ["TemplateName"],
    "ModifyLiveRecordTemplate": ["TemplateId"],
    "DeleteLiveRecordTemplate": ["TemplateId"],
    "DescribeLiveRecordTemplate": ["TemplateId"],
    "CreateLiveRecordRule": ["DomainName", "TemplateId"],
    "DeleteLiveRecordRule": ["AppName", "DomainName", "StreamName"],
    "CreateRecordTask": ["AppName", "DomainName", "EndTime", "StreamName"],
    "StopRecordTask": ["TaskId"],
    "DeleteRecordTask": ["TaskId"],
    "DescribeRecordTask": ["EndTime", "StartTime"],
    "CreateLiveRecord": ["StreamName"],
    "StopLiveRecord": ["StreamName", "TaskId"],
    "DeleteLiveRecord": ["StreamName", "TaskId"],
    "CreateLiveCallbackTemplate": ["TemplateName"],
    "ModifyLiveCallbackTemplate": ["TemplateId"],
    "DeleteLiveCallbackTemplate": ["TemplateId"],
    "DescribeLiveCallbackTemplate": ["TemplateId"],
    "CreateLiveCallbackRule": ["AppName", "DomainName", "TemplateId"],
    "DeleteLiveCallbackRule": ["AppName", "DomainName"],
    "DescribeCallbackRecordsList": ["EndTime", "StartTime", "StreamName"],
    "RedriveCallbacks": ["EndTime", "StartTime"],
    "ExplainRecording": ["AppName", "DomainName", "StreamName"],
    "AddLiveDomain": ["DomainName", "DomainType"],
    "DeleteLiveDomain": ["DomainName", "DomainType"],
    "DescribeLiveDomain": ["DomainName"],
    "EnableLiveDomain": ["DomainName"],
    "ForbidLiveDomain": ["DomainName"],
    "DescribeLivePushAuthKey": ["DomainName"],
    "ModifyLivePushAuthKey": ["DomainName"],
    "DropLiveStream": ["AppName", "DomainName", "StreamName"],
    "ForbidLiveStream": ["AppName", "DomainName", "StreamName"],
    "ResumeLiveStream": ["AppName", "DomainName", "StreamName"],
    "DescribeLiveStreamEventList": ["EndTime", "StartTime"],
    "DescribeLiveStreamPublishedList": ["DomainName", "EndTime", "StartTime"],
    "DescribeConcurrentRecordStreamNum": ["EndTime", "LiveType", "StartTime"],
    "DescribeLiveStreamState": ["AppName", "DomainName", "StreamName"],
    "DescribeMediaInfos": ["FileIds"],
    "DescribeLiveRecordTemplates": [],
    "DescribeLiveRecordRules": [],
    "DescribeLiveCallbackTemplates": [],
    "DescribeLiveCallbackRules": [],
    "DescribeLiveStreamOnlineList": [],
    "DescribeLiveDomains": [],
    "DescribeLiveForbidStreamList": [],
    "SearchMedia": [],
}
"""Of every action, by name, none left out: the wire's required fields."""

OWN: Mapping[str, Any] = {
    "RecordInterval": 1234,
    "StorageTime": 86_400,
    "Enable": 1,
    "VodFileName": "{StreamID}-{EndMillisecond}",
    "StorageMode": "cold",
    "CosBucketPath": "/{Domain}/{RandomID}",
    "IsDelayLive": 1,
    "CosStore": 0,
    "FlowContinueDuration": 1800,
    "RecordExceptionLevels": ["error", "info"],
    "DomainName": "push.example.com",
    "StreamType": 1,
    "DomainType": 0,
    "LiveType": "NormalLive",
}
"""Values for fields that do not take any of their type."""


def own_value(field: Field, number: int) -> Any:
    if field.fields:
        return {inner.name: own_value(inner, number) for inner in field.fields}
    if field.name in OWN:
        return OWN[field.name]
    if field.kind == "str" and field.name in ("StartTime", "EndTime"):
        return iso_text(now())
    if field.name.endswith("Url"):
        return f"https://example.com/{field.name}?n={number}"
    if field.kind.startswith("list of"):
        return [own_value(Field(field.name, field.kind.removeprefix("list of "), ()), number)]
    return {"str": f"own-{field.name}-{number}", "int": 1000 + number, "bool": True}[field.kind]


def request_fields(service: str, action: str) -> tuple[Field, ...]:
    """The fields of an action as the SDK has them; those of an action of our own as its parameters have them."""
    model = getattr(MODELS[service], f"{action}Request", None)
    return contract(model) if model else tuple(_own_fields(SERVICES[service].actions[action].params))


def _own_fields(params: type[BaseModel]) -> Iterator[Field]:
    for name, field in params.model_fields.items():
        kind: Any = next(each for each in get_args(field.annotation) or [field.annotation] if each is not NoneType)
        kind = get_args(kind)[0] if get_origin(kind) is Annotated else kind
        if get_origin(field.annotation) is list:
            yield Field(name, f"list of {(get_args(kind) or [kind])[0].__name__}", ())
        elif issubclass(kind, BaseModel):
            yield Field(name, "struct", tuple(_own_fields(kind)))
        else:
            yield Field(name, kind.__name__, ())


def own_values(service: str, action: str) -> dict[str, Any]:
    return {field.name: own_value(field, number) for number, field in enumerate(request_fields(service, action), 1)}


def required_values(service: str, action: str) -> dict[str, Any]:
    own = own_values(service, action)
    return {name: own[name] for name in REQUIRED.get(action, [])}


def paths(fields: Sequence[Field], above: str = "") -> Iterator[tuple[str, Field]]:
    for field in fields:
        yield f"{above}{field.name}", field
        yield from paths(field.fields, f"{above}{field.name}.")
