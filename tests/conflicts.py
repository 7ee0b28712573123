"""Requests of each action that conflict with themselves or with what there is, and the code that refuses them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.api.moments import beijing_text, iso_text

DOMAIN = "push.example.com"
STREAM = {"DomainName": DOMAIN, "AppName": "live", "StreamName": "room-7"}
FLV = {"TemplateName": "t", "FlvParam": {"Enable": 1}}
TEMPLATE = ("CreateLiveRecordTemplate", FLV)
RULE = ("CreateLiveRecordRule", {"DomainName": DOMAIN, "TemplateId": 1})
URLS = {"TemplateName": "c", "RecordNotifyUrl": "https://example.com/"}
CALLBACK_TEMPLATE = ("CreateLiveCallbackTemplate", URLS)
CALLBACK_RULE = ("CreateLiveCallbackRule", {"DomainName": DOMAIN, "AppName": "", "TemplateId": 1})
DAY = 86_400


@dataclass(frozen=True)
class FromNow:
    """A moment so far from now: unix seconds, or where `write` is given what that makes of them."""

    seconds: int
    write: Callable[[float], Any] = int


def iso(seconds: int) -> FromNow:
    """A moment as ISO 8601."""
    return FromNow(seconds, iso_text)


def beijing(seconds: int) -> FromNow:
    """A moment as the older family of tasks writes it."""
    return FromNow(seconds, beijing_text)


@dataclass(frozen=True)
class Conflict:
    """A request that is refused for what it is asked together with, or for what was there `before`."""

    why: str
    fields: Mapping[str, Any]
    code: str
    before: Sequence[tuple[str, Mapping[str, Any]]] = ()

    @staticmethod
    def at(now: float, fields: Mapping[str, Any]) -> dict[str, Any]:
        """The fields with their moments at `now` (unix s)."""
        return {name: _at(now, each) for name, each in fields.items()}


def _at(now: float, value: Any) -> Any:
    return value.write(now + value.seconds) if isinstance(value, FromNow) else value


UNKNOWN_TASK = Conflict("no such task", {"TaskId": "0" * 32}, "InvalidParameter.TaskNotExist")
TASK_TIME = "InvalidParameter.InvalidTaskTime"
WRONG = "InvalidParameterValue"
PUSH_DOMAIN = ("AddLiveDomain", {"DomainName": DOMAIN, "DomainType": 0})
PLAY_DOMAIN = ("AddLiveDomain", {"DomainName": DOMAIN, "DomainType": 1})
NO_DOMAIN = "ResourceNotFound.DomainNotExist"
UNKNOWN_DOMAIN = Conflict("no such domain", {"DomainName": DOMAIN}, NO_DOMAIN)
SPANS = [
    Conflict("ends before it starts", {"StartTime": iso(0), "EndTime": iso(-60)}, WRONG),
    Conflict("too long ago", {"StartTime": iso(-70 * DAY), "EndTime": iso(-69 * DAY)}, WRONG),
    Conflict("too long a span", {"StartTime": iso(-40 * DAY), "EndTime": iso(-8 * DAY)}, WRONG),
]

UNKNOWN_RECORD = Conflict("no such task", {"StreamName": "room-7", "TaskId": 7}, "ResourceNotFound.TaskId")
RECORD = STREAM | {"StartTime": beijing(0), "EndTime": beijing(60)}
RECORDED = [("CreateLiveRecord", RECORD)]
OF_ANOTHER = Conflict("another's task", {"StreamName": "x", "TaskId": 1}, "ResourceNotFound.ChannelNotExist", RECORDED)

CONFLICTS: Mapping[str, Sequence[Conflict]] = {
    "CreateLiveRecordTemplate": [
        Conflict("no bucket of the customer's", FLV | {"CosStore": 1}, "FailedOperation.CosBucketNotExist"),
        Conflict("the 51st", FLV, "InternalError.ConfOutLimit", [TEMPLATE] * 50),
    ],
    "ModifyLiveRecordTemplate": [
        Conflict("no such template", {"TemplateId": 9, "TemplateName": "t"}, "FailedOperation.NotFound")
    ],
    "DeleteLiveRecordTemplate": [
        Conflict("no such template", {"TemplateId": 9}, "InternalError.ConfNotFound"),
        Conflict("a rule uses it", {"TemplateId": 1}, "FailedOperation.ConfInUsed", [TEMPLATE, RULE]),
    ],
    "DescribeLiveRecordTemplate": [Conflict("no such template", {"TemplateId": 9}, "FailedOperation.NotFound")],
    "DescribeLiveRecordTemplates": [],
    "CreateLiveRecordRule": [
        Conflict("no such template", {"DomainName": DOMAIN, "TemplateId": 9}, "InvalidParameter.ConfNotFound"),
        Conflict(
            "the address has a rule",
            {"DomainName": DOMAIN, "AppName": "", "StreamName": "", "TemplateId": 1},
            "FailedOperation.RuleAlreadyExist",
            [TEMPLATE, RULE],
        ),
        Conflict(
            "the 51st",
            STREAM | {"TemplateId": 1},
            "InternalError.RuleOutLimit",
            [TEMPLATE, *(("CreateLiveRecordRule", STREAM | {"AppName": f"a{n}", "TemplateId": 1}) for n in range(50))],
        ),
    ],
    "DeleteLiveRecordRule": [
        Conflict("no such rule", STREAM, "FailedOperation.NotFound", [TEMPLATE, RULE]),
    ],
    "DescribeLiveRecordRules": [],
    "CreateRecordTask": [
        Conflict("already over", STREAM | {"EndTime": FromNow(-1)}, TASK_TIME),
        Conflict("ends before it starts", STREAM | {"StartTime": FromNow(60), "EndTime": FromNow(59)}, TASK_TIME),
        Conflict("longer than a day", STREAM | {"StartTime": FromNow(0), "EndTime": FromNow(DAY + 1)}, TASK_TIME),
        Conflict("a week away", STREAM | {"StartTime": FromNow(7 * DAY), "EndTime": FromNow(7 * DAY + 1)}, TASK_TIME),
        Conflict(
            "the fourth at once",
            STREAM | {"EndTime": FromNow(60)},
            "LimitExceeded.MaximumRunningTask",
            [("CreateRecordTask", STREAM | {"EndTime": FromNow(90)})] * 3,
        ),
    ],
    "StopRecordTask": [UNKNOWN_TASK],
    "DeleteRecordTask": [UNKNOWN_TASK],
    "DescribeRecordTask": [
        Conflict("ends before it starts", {"StartTime": FromNow(0), "EndTime": FromNow(-1)}, TASK_TIME),
        Conflict("longer than a week", {"StartTime": FromNow(0), "EndTime": FromNow(7 * DAY + 1)}, TASK_TIME),
        Conflict("too long ago", {"StartTime": FromNow(-90 * DAY - 1), "EndTime": FromNow(-89 * DAY)}, TASK_TIME),
        Conflict(
            "no token of ours",
            {"StartTime": FromNow(0), "EndTime": FromNow(9), "ScrollToken": "AAAA"},
            WRONG,
        ),
    ],
    "CreateLiveRecord": [
        Conflict("no start", STREAM | {"EndTime": beijing(60)}, "MissingParameter"),
        Conflict("no end", STREAM | {"StartTime": beijing(0)}, "MissingParameter"),
        Conflict("no domain", {**RECORD, "DomainName": ""}, "MissingParameter"),
        Conflict("already over", RECORD | {"EndTime": beijing(-9), "StartTime": beijing(-60)}, TASK_TIME),
        Conflict("longer than a day", RECORD | {"EndTime": beijing(DAY + 9)}, TASK_TIME),
        Conflict("nobody publishes it", STREAM | {"Highlight": 1}, "ResourceUnavailable.StreamNotExist"),
        Conflict("no parameter of files", RECORD | {"StreamParam": "bitrate=1"}, WRONG),
        Conflict("the fourth at once", RECORD, "LimitExceeded.MaximumRunningTask", RECORDED * 3),
    ],
    "StopLiveRecord": [UNKNOWN_RECORD, OF_ANOTHER],
    "DeleteLiveRecord": [
        UNKNOWN_RECORD,
        OF_ANOTHER,
        Conflict("it runs", {"StreamName": "room-7", "TaskId": 1}, "FailedOperation.AlterTaskState", RECORDED),
    ],
    "CreateLiveCallbackTemplate": [
        Conflict("no URL", {"TemplateName": "c"}, "InvalidParameter"),
        Conflict("the 51st", URLS, "InternalError.ConfOutLimit", [CALLBACK_TEMPLATE] * 50),
    ],
    "ModifyLiveCallbackTemplate": [
        Conflict("no such template", {"TemplateId": 9, "TemplateName": "c"}, "FailedOperation.NotFound")
    ],
    "DeleteLiveCallbackTemplate": [
        Conflict("no such template", {"TemplateId": 9}, "InternalError.ConfNotFound"),
        Conflict("a rule uses it", {"TemplateId": 1}, "InternalError.ConfInUsed", [CALLBACK_TEMPLATE, CALLBACK_RULE]),
    ],
    "DescribeLiveCallbackTemplate": [Conflict("no such template", {"TemplateId": 9}, "FailedOperation.NotFound")],
    "DescribeLiveCallbackTemplates": [],
    "CreateLiveCallbackRule": [
        Conflict(
            "no such template", {"DomainName": DOMAIN, "AppName": "", "TemplateId": 9}, "InvalidParameter.ConfNotFound"
        ),
        Conflict(
            "the address has a rule",
            {"DomainName": DOMAIN, "AppName": "", "TemplateId": 1},
            "FailedOperation.RuleAlreadyExist",
            [CALLBACK_TEMPLATE, CALLBACK_RULE],
        ),
    ],
    "DeleteLiveCallbackRule": [
        Conflict("no such rule", {"DomainName": DOMAIN, "AppName": "live"}, "FailedOperation.NotFound"),
    ],
    "DescribeLiveCallbackRules": [],
    "AddLiveDomain": [
        Conflict("it was added", PUSH_DOMAIN[1], "FailedOperation.DomainAdded", [PUSH_DOMAIN]),
        Conflict(
            "the 101st",
            PUSH_DOMAIN[1],
            "FailedOperation.HostOutLimit",
            [("AddLiveDomain", {"DomainName": f"d{n}.example.com", "DomainType": 0}) for n in range(100)],
        ),
    ],
    "DeleteLiveDomain": [
        Conflict("no such domain", PUSH_DOMAIN[1], NO_DOMAIN),
        Conflict("of the other type", PUSH_DOMAIN[1] | {"DomainType": 1}, NO_DOMAIN, [PUSH_DOMAIN]),
    ],
    "DescribeLiveDomain": [UNKNOWN_DOMAIN],
    "DescribeLiveDomains": [],
    "EnableLiveDomain": [UNKNOWN_DOMAIN],
    "ForbidLiveDomain": [UNKNOWN_DOMAIN],
    "DescribeLivePushAuthKey": [
        UNKNOWN_DOMAIN,
        Conflict("a play domain", {"DomainName": DOMAIN}, NO_DOMAIN, [PLAY_DOMAIN]),
    ],
    "ModifyLivePushAuthKey": [
        UNKNOWN_DOMAIN,
        Conflict("a play domain", {"DomainName": DOMAIN, "Enable": 0}, NO_DOMAIN, [PLAY_DOMAIN]),
        Conflict("on without a key", {"DomainName": DOMAIN, "MasterAuthKey": ""}, WRONG, [PUSH_DOMAIN]),
    ],
    "DescribeCallbackRecordsList": [
        Conflict(why, {"StreamName": "room-7", "StartTime": first, "EndTime": last}, WRONG)
        for why, first, last in [
            ("the end before the start", iso(0), iso(-1)),
            ("more than 14 days back", iso(-14 * DAY - 2), iso(-13 * DAY - 2)),
            ("more than a day", FromNow(-DAY - 1, beijing_text), iso(0)),
        ]
    ],
    "RedriveCallbacks": [
        Conflict("the end before the start", {"StartTime": iso(0), "EndTime": FromNow(-1, beijing_text)}, WRONG)
    ],
    "DropLiveStream": [],
    "ForbidLiveStream": [
        Conflict("until a moment that is past", STREAM | {"ResumeTime": iso(-1)}, WRONG),
        Conflict("for longer than 90 days", STREAM | {"ResumeTime": iso(90 * DAY + 2)}, WRONG),
    ],
    "ResumeLiveStream": [],
    "DescribeLiveForbidStreamList": [],
    "DescribeLiveStreamEventList": SPANS,
    "DescribeLiveStreamPublishedList": [
        Conflict(each.why, {**each.fields, "DomainName": DOMAIN}, each.code) for each in SPANS
    ],
    "DescribeConcurrentRecordStreamNum": [
        Conflict(each.why, {"LiveType": "NormalLive", "StartTime": iso(first), "EndTime": iso(last)}, WRONG)
        for each, first, last in zip(SPANS, (0, -190 * DAY, -40 * DAY), (-60, -189 * DAY, -8 * DAY), strict=True)
    ],
    "DescribeLiveStreamOnlineList": [],
    "DescribeLiveStreamState": [],
    "ExplainRecording": [],
    "SearchMedia": [
        Conflict("past the last entry", {"Offset": 4990, "Limit": 11}, "InvalidParameterValue.Offset"),
    ],
    "DescribeMediaInfos": [],
}
"""Every action has an entry: where nothing conflicts, an empty one says so."""
