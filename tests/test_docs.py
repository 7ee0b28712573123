"""The documents say what the code does: checked where both can be read."""

import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest
from pydantic import BaseModel

from chalicelib.handlers.api import LIVE, VOD
from chalicelib.notify.push_exceptions import DESCRIPTIONS
from chalicelib.recording.push_report import PushTrouble
from chalicelib.recording.report import USUAL, StatusEvent, Trouble
from chalicelib.settings import Settings

ROOT = Path(__file__).parent.parent
DOCS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")
CODE_PATH = re.compile(r"`((?:docs|tests|infra|chalicelib|recorder_task|\.ci|\.chalice)/[\w./-]+)`")


def test_every_action_is_in_the_compatibility_table_and_nothing_else_is() -> None:
    table = (ROOT / "docs/03-compatibility.md").read_text().split("## Actions")[1].split("## ")[0]
    rows = "".join(line.split("|")[1] for line in table.splitlines() if line.startswith("| `"))
    assert set(re.findall(r"`(\w+)`", rows)) == {*LIVE.actions, *VOD.actions}


def test_every_field_of_every_action_is_in_the_table_of_fields_and_nothing_else_is() -> None:
    tables = (ROOT / "docs/13-fields.md").read_text().split("## ")[0]
    rows = [line.split("|") for line in tables.splitlines() if line.startswith("| `")]
    told = {
        name: sorted(re.findall(r"`(\w+)`", row[2]) + re.findall(r"`(\w+)`", row[3]))
        for row in rows
        for name in re.findall(r"`(\w+)`", row[1])
    }
    of_actions = {name: action.params for name, action in {**LIVE.actions, **VOD.actions}.items()}
    of_structures = {name: model for params in of_actions.values() for name, model in structures_of(params)}
    expected = {name: sorted(model.model_fields) for name, model in (of_actions | of_structures).items()}
    assert told == expected


def structures_of(model: type[BaseModel]) -> Iterator[tuple[str, type[BaseModel]]]:
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield name, field.annotation
            yield from structures_of(field.annotation)


def test_every_setting_is_documented_with_its_default_and_meaning() -> None:
    text = (ROOT / "docs/07-operate.md").read_text()
    rows = [f"| `{each.name.upper()}` | `{each.default}` | {each.metadata['meaning']} |" for each in fields(Settings)]
    assert [row for row in rows if row not in text] == []


def test_every_status_and_exception_of_a_recording_is_documented() -> None:
    text = (ROOT / "docs/04-callbacks.md").read_text()
    rows = [f"| {int(trouble)} | {level} | {description} |" for trouble, (level, description) in USUAL.items()]
    rows += [f"| `{event}` |" for event in StatusEvent]
    assert [row for row in rows if row not in text] == []


def test_every_error_of_a_push_is_documented_and_told() -> None:
    text = (ROOT / "docs/04-callbacks.md").read_text()
    rows = [f"| {int(trouble)} | {english} |" for trouble, (_, english) in DESCRIPTIONS.items()]
    assert [row for row in rows if row not in text] == []
    code = (ROOT / "recorder_task/timing/intake.py").read_text()
    assert [each.name for each in PushTrouble if f"PushTrouble.{each.name}" not in code] == []


def test_every_exception_that_is_documented_is_one_that_a_recorder_tells() -> None:
    code = "".join(path.read_text() for path in (ROOT / "recorder_task").rglob("*.py"))
    assert [each.name for each in Trouble if f"Trouble.{each.name}" not in code] == []


@pytest.mark.parametrize("path", DOCS, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_a_document_points_to_exists(path: Path) -> None:
    text = path.read_text()
    targets = [path.parent / link for link in LINK.findall(text)] + [ROOT / name for name in CODE_PATH.findall(text)]
    assert [str(target) for target in targets if not target.exists()] == []
