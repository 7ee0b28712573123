"""Callback rules: which callback template is told of which streams."""

from chalicelib import keys
from chalicelib.api.action import Action, Actions, Answer, Call, everywhere
from chalicelib.api.params import Natural, Params
from chalicelib.attribute_values import Item
from chalicelib.errors import UnauthorizedOperation
from chalicelib.keys import Key
from chalicelib.live.callback_templates import STORE as TEMPLATES
from chalicelib.live.names import Domain, PathName
from chalicelib.live.rule_store import RuleStore, rule_times
from chalicelib.table import Table

STORE = RuleStore(partition=keys.CALLBACK_RULES, templates=TEMPLATES)


def rule_keys(domain: str, app: str) -> list[Key]:
    """Keys of the rules that may decide for a stream, the winning one first."""
    return list(dict.fromkeys([keys.callback_rule(domain, app), keys.callback_rule(domain, "")]))


def template_of(table: Table, domain: str, app: str) -> Item | None:
    """The callback template of a stream's rule, or None where nobody wants to be told."""
    candidates = rule_keys(domain, app)
    rules = table.get_many(candidates)
    rule = next((rules[key] for key in candidates if key in rules), None)
    return rule and table.get(keys.callback_template(rule["TemplateId"]))


class RuleAddress(Params):
    """Which streams a rule is for; an empty app name means any."""

    DomainName: Domain
    AppName: PathName


class CreateLiveCallbackRule(RuleAddress):
    """Parameters of the action."""

    TemplateId: Natural


class DescribeLiveCallbackRules(Params):
    """Parameters of the action: none."""


def create(params: CreateLiveCallbackRule, call: Call) -> Answer:
    """A new rule; a key for named domains may only use a template that one of them uses already.

    With another's its events would come to another's server, signed by another's key.
    """
    if call.key.domains and params.TemplateId not in [rule["TemplateId"] for rule in _seen(call)]:
        raise UnauthorizedOperation("TemplateId: no domain of this key uses this callback template.")
    key = keys.callback_rule(params.DomainName, params.AppName)
    STORE.bind(call.table, key, params.model_dump(exclude={"TemplateId"}), params.TemplateId, call.now)
    return {}


def delete(params: RuleAddress, call: Call) -> Answer:
    """Remove the rule of exactly this address."""
    STORE.unbind(call.table, keys.callback_rule(params.DomainName, params.AppName))
    return {}


def describe_all(params: DescribeLiveCallbackRules, call: Call) -> Answer:
    """Every rule of the push domains that the key is for."""
    answered = ("TemplateId", "DomainName", "AppName")
    return {"Rules": [{**{name: rule[name] for name in answered}, **rule_times(rule)} for rule in _seen(call)]}


def _seen(call: Call) -> list[Item]:
    return [rule for rule in STORE.all(call.table) if call.key.may_act_on(rule["DomainName"])]


ACTIONS: Actions = {
    "CreateLiveCallbackRule": Action(CreateLiveCallbackRule, create),
    "DeleteLiveCallbackRule": Action(RuleAddress, delete),
    "DescribeLiveCallbackRules": Action(DescribeLiveCallbackRules, describe_all, everywhere),
}
