"""A value of its own for every field of the SDK's contracts, and which fields the wire requires."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tests.sdk import MODELS, Field, contract

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
    "CreateLiveCallbackTemplate": ["TemplateName"],
    "ModifyLiveCallbackTemplate": ["TemplateId"],
    "DeleteLiveCallbackTemplate": ["TemplateId"],
    "DescribeLiveCallbackTemplate": ["TemplateId"],
    "CreateLiveCallbackRule": ["AppName", "DomainName", "TemplateId"],
    "DeleteLiveCallbackRule": ["AppName", "DomainName"],
    "DescribeLiveStreamState": ["AppName", "DomainName", "StreamName"],
    "DescribeMediaInfos": ["FileIds"],
}

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
}
"""Values for fields that do not take any of their type."""


def own_value(field: Field, number: int) -> Any:
    if field.fields:
        return {inner.name: own_value(inner, number) for inner in field.fields}
    if field.name in OWN:
        return OWN[field.name]
    if field.name.endswith("Url"):
        return f"https://example.com/{field.name}?n={number}"
    if field.kind.startswith("list of"):
        return [own_value(Field(field.name, field.kind.removeprefix("list of "), ()), number)]
    return {"str": f"own-{field.name}-{number}", "int": 1000 + number, "bool": True}[field.kind]


def request_fields(service: str, action: str) -> tuple[Field, ...]:
    return contract(getattr(MODELS[service], f"{action}Request"))


def own_values(service: str, action: str) -> dict[str, Any]:
    return {field.name: own_value(field, number) for number, field in enumerate(request_fields(service, action), 1)}


def required_values(service: str, action: str) -> dict[str, Any]:
    own = own_values(service, action)
    return {name: own[name] for name in REQUIRED.get(action, [])}


def paths(fields: Sequence[Field], above: str = "") -> Iterator[tuple[str, Field]]:
    for field in fields:
        yield f"{above}{field.name}", field
        yield from paths(field.fields, f"{above}{field.name}.")
