"""What a key may do: only read, or only act on the push domains it is for."""

from typing import Any

import pytest

from chalicelib.api.action import Call, by_parameters, everywhere
from chalicelib.api.api_key import ApiKey
from chalicelib.api.permissions import DOMAIN_FIELDS, check_action
from chalicelib.errors import UnauthorizedOperation
from chalicelib.handlers.api import LIVE, VOD
from tests.fakes.world import BEGIN, STREAM, World

ACTIONS = {**LIVE.actions, **VOD.actions}
OURS = STREAM.domain
READER = ApiKey(secret_id="AKIDreader", is_read_only=True)
OF_ONE_DOMAIN = ApiKey(secret_id="AKIDone", domains=frozenset({OURS}))
ADDRESS = {"AppName": "live", "StreamName": "room-7"}
CHANGING = ("Add", "Create", "Delete", "Drop", "Enable", "Forbid", "Modify", "Redrive", "Resume", "Stop")


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    world = World()
    monkeypatch.setattr("chalicelib.aws.client", world.client)
    monkeypatch.setattr("chalicelib.aws.table", lambda: world.table)
    return world


def may(world: World, action: str, **values: Any) -> bool:
    """Whether the key of one domain may do this, whatever comes of it."""
    try:
        ACTIONS[action].run(values, Call(table=world.table, now=world.now, key=OF_ONE_DOMAIN), are_text=False)
    except UnauthorizedOperation:
        return False
    return True


@pytest.mark.parametrize("action", ACTIONS)
def test_a_read_only_key_may_describe_search_and_explain_alone(action: str) -> None:
    if action.startswith(("Describe", "Search", "Explain")):
        check_action(READER, action)
        return
    assert action.startswith(CHANGING), "an action's name says whether it changes something"
    with pytest.raises(UnauthorizedOperation):
        check_action(READER, action)


@pytest.mark.parametrize(
    ("action", "values"),
    [
        ("CreateLiveRecordRule", {"TemplateId": 1, "AppName": "", "StreamName": ""}),
        ("DeleteLiveCallbackRule", {"AppName": "live"}),
        ("CreateRecordTask", {**ADDRESS, "EndTime": int(BEGIN) + 60}),
        ("DescribeRecordTask", {"StartTime": int(BEGIN), "EndTime": int(BEGIN) + 60}),
        ("DescribeLiveStreamState", ADDRESS),
        ("DescribeLiveStreamOnlineList", {}),
    ],
)
def test_a_key_of_one_domain_acts_on_that_domain_alone(world: World, action: str, values: dict[str, Any]) -> None:
    world.template("Flv")
    if action.startswith("Delete"):
        world.callbacks("http://example.com")
        world.act("CreateLiveCallbackRule", DomainName=OURS, AppName="live", TemplateId=1)
    assert may(world, action, DomainName=OURS, **values)
    assert not may(world, action, DomainName="other.example.com", **values)


@pytest.mark.parametrize(
    ("values", "may_see"),
    [
        ({"StreamDomains": [OURS]}, True),
        ({"StreamDomains": [OURS, "other.example.com"]}, False),
        ({"StreamDomains": []}, False),
        ({}, False),
    ],
    ids=["its own", "another's too", "none", "not named"],
)
def test_a_key_of_one_domain_searches_that_domain_alone(world: World, values: dict[str, Any], may_see: bool) -> None:
    assert may(world, "SearchMedia", **values) is may_see


@pytest.mark.parametrize(
    ("action", "values"),
    [
        ("DescribeRecordTask", {"StartTime": int(BEGIN), "EndTime": int(BEGIN) + 60}),
        ("DescribeLiveStreamOnlineList", {}),
        ("DescribeMediaInfos", {"FileIds": ["5"]}),
        ("CreateLiveRecordTemplate", {"TemplateName": "t"}),
        ("ModifyLiveRecordTemplate", {"TemplateId": 1, "TemplateName": "t"}),
        ("DeleteLiveRecordTemplate", {"TemplateId": 1}),
        ("DescribeLiveCallbackTemplates", {}),
    ],
)
def test_what_concerns_every_domain_is_not_for_a_key_of_one(world: World, action: str, values: dict[str, Any]) -> None:
    assert not may(world, action, **values)


def test_recording_templates_are_shared_and_may_be_read(world: World) -> None:
    template_id = world.template("Flv")
    assert may(world, "DescribeLiveRecordTemplates")
    assert may(world, "DescribeLiveRecordTemplate", TemplateId=template_id)


@pytest.mark.parametrize("action", ["StopRecordTask", "DeleteRecordTask"])
def test_a_task_belongs_to_the_domain_of_its_stream(world: World, action: str) -> None:
    address = {**ADDRESS, "EndTime": int(BEGIN) + 600}
    own = world.act("CreateRecordTask", DomainName=OURS, **address)["TaskId"]
    other = world.act("CreateRecordTask", DomainName="other.example.com", **address)["TaskId"]
    assert may(world, action, TaskId=own)
    assert not may(world, action, TaskId=other)


def test_a_list_of_rules_shows_a_key_its_own_domain(world: World) -> None:
    template_id = world.template("Flv")
    world.rule(template_id)
    world.rule(template_id, domain="other.example.com")
    world.callbacks("http://example.com")
    world.act("CreateLiveCallbackRule", DomainName="other.example.com", AppName="", TemplateId=1)
    call = Call(table=world.table, now=world.now, key=OF_ONE_DOMAIN)
    for action in ("DescribeLiveRecordRules", "DescribeLiveCallbackRules"):
        rules = ACTIONS[action].run({}, call, are_text=False)["Rules"]
        assert [rule["DomainName"] for rule in rules] == [OURS]
        assert len(world.act(action)["Rules"]) == 2


def test_a_key_of_one_domain_has_nobody_else_s_callback_template(world: World) -> None:
    world.callbacks("http://example.com")
    world.act("CreateLiveCallbackTemplate", TemplateName="other", RecordNotifyUrl="http://other.example.com")
    world.act("CreateLiveCallbackRule", DomainName="other.example.com", AppName="", TemplateId=2)
    rule = {"DomainName": OURS, "AppName": "live"}
    assert not may(world, "CreateLiveCallbackRule", **rule, TemplateId=2)
    assert may(world, "CreateLiveCallbackRule", **rule, TemplateId=1)


OF_NO_DOMAIN = {
    "CreateLiveCallbackTemplate",
    "CreateLiveRecordTemplate",
    "DeleteLiveCallbackTemplate",
    "DeleteLiveRecordTemplate",
    "DescribeLiveCallbackTemplate",
    "DescribeLiveCallbackTemplates",
    "DescribeMediaInfos",
    "ModifyLiveCallbackTemplate",
    "ModifyLiveRecordTemplate",
}
"""What concerns every domain: refused to a key of some."""
SHARED_OR_FILTERED = {
    "DescribeCallbackRecordsList",
    "DescribeLiveCallbackRules",
    "DescribeLiveDomains",
    "DescribeLiveForbidStreamList",
    "DescribeLiveRecordRules",
    "DescribeLiveRecordTemplate",
    "DescribeLiveRecordTemplates",
    "RedriveCallbacks",
}
"""What every key may use: recording templates are shared, the others look at no domain but the key's."""


@pytest.mark.parametrize("name", ACTIONS)
def test_of_every_action_it_is_decided_which_domains_it_is_about(name: str) -> None:
    action = ACTIONS[name]
    names_one = any(field in action.params.model_fields for field in DOMAIN_FIELDS)
    is_about_its_own = action.domains is by_parameters and names_one
    looks_it_up = action.domains not in (by_parameters, everywhere)
    decided = [is_about_its_own or looks_it_up, name in OF_NO_DOMAIN, name in SHARED_OR_FILTERED]
    assert decided.count(True) == 1, "let it name a domain, give it `domains`, or enter it above"
    assert (action.domains is everywhere) == (name in SHARED_OR_FILTERED)


def test_a_key_without_limits_may_do_everything(world: World) -> None:
    for action in ACTIONS:
        check_action(ApiKey(secret_id="AKIDany"), action)
