"""What a publish is to be recorded as: by the rule that wins, and by the tasks whose window covers now. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from chalicelib import keys
from chalicelib.attribute_values import Item
from chalicelib.ingest.hooks import PublishHook
from chalicelib.keys import Key
from chalicelib.live.task_items import is_due, order_of
from chalicelib.live.templates import continue_seconds_of, formats_of
from chalicelib.recording.matching import candidates
from chalicelib.recording.orders import RecordingOrder
from chalicelib.recording.stream import StreamRef


@dataclass(frozen=True, kw_only=True)
class Selection:
    """The rule that won and the tasks that are due; read their templates, then ask for the orders."""

    rule: Item | None
    lost: list[Item] = field(default_factory=list)
    """Rules for the stream that another one wins against."""
    tasks: list[Item] = field(default_factory=list)

    def template_keys(self) -> list[Key]:
        """Keys of the templates that `orders` needs."""
        return [keys.record_template(template_id) for template_id in self._template_ids()]

    def missing_templates(self, templates: Mapping[Key, Item]) -> list[int]:
        """Those that are named and gone: for the rule nothing is recorded, for a task HLS."""
        return [each for each in self._template_ids() if keys.record_template(each) not in templates]

    def _template_ids(self) -> list[int]:
        owners = [*([self.rule] if self.rule else []), *self.tasks]
        return [owner["TemplateId"] for owner in owners if owner["TemplateId"]]

    def orders(self, hook: PublishHook, templates: Mapping[Key, Item]) -> dict[str, RecordingOrder]:
        """What to record, by recording id; one without any format on is none."""
        found = [self._order_of_task(task, templates) for task in self.tasks]
        if self.rule and (template := templates.get(keys.record_template(self.rule["TemplateId"]))):
            found.insert(0, _order_of_rule(template, is_audio_only=hook.is_audio_only))
        return {order.recording_id: order for order in found if order.formats}

    def decision(self) -> Item:
        """What was decided, kept with the session to be explained: the rules, the winner first, and the tasks."""
        met = [self.rule, *self.lost] if self.rule else []
        told = ("DomainName", "AppName", "StreamName", "TemplateId")
        return {
            "rules": [{name: rule[name] for name in told} for rule in met],
            "tasks": [task["TaskId"] for task in self.tasks],
        }

    @staticmethod
    def _order_of_task(task: Item, templates: Mapping[Key, Item]) -> RecordingOrder:
        return order_of(task, templates.get(keys.record_template(task["TemplateId"])))


def rule_keys(stream: StreamRef) -> list[Key]:
    """Keys of the recording rules that may decide for a stream, the winning one first."""
    return [keys.record_rule(*triple) for triple in candidates(stream)]


def select(
    hook: PublishHook, rules: Mapping[Key, Item], tasks: Iterable[Item], *, now: float, lead_seconds: float
) -> Selection:
    """Which of the rules wins, and which of the stream's tasks begin by `now + lead_seconds` (unix s) or have begun."""
    met = [rules[key] for key in rule_keys(hook.stream) if key in rules]
    is_mixed = hook.is_mixed
    due = [task for task in tasks if is_due(task, now=now, lead_seconds=lead_seconds, is_mixed=is_mixed)]
    return Selection(rule=met[0] if met else None, lost=met[1:], tasks=due)


def _order_of_rule(template: Item, *, is_audio_only: bool) -> RecordingOrder:
    return RecordingOrder(
        recording_id=f"template-{template['TemplateId']}",
        template_id=template["TemplateId"],
        audio_only=is_audio_only,
        continue_seconds=continue_seconds_of(template),
        formats=formats_of(template),
    )
