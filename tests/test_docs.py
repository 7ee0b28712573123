"""The documents say what the code does: checked where both can be read."""

import ast
import fnmatch
import importlib.util
import re
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path

import pytest
from pydantic import BaseModel

from chalicelib.handlers.api import LIVE, VOD
from chalicelib.notify.push_exceptions import DESCRIPTIONS
from chalicelib.recording.push_report import PushTrouble
from chalicelib.recording.report import USUAL, StatusEvent, Trouble
from chalicelib.settings import Settings
from infra.local.settings import LocalSettings

ROOT = Path(__file__).parent.parent
DOCS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")
CODE_PATH = re.compile(r"`((?:docs|tests|infra|chalicelib|recorder_task|\.ci|\.chalice)/[\w./-]+)`")
CODE = re.compile(r"```(.+?)```|`([^`\n]+)`|^ {4}([^\n]+)$", re.DOTALL | re.MULTILINE)
LOGGING = ("chalicelib", "recorder_task", "infra")


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


def test_every_logged_event_stands_in_the_operator_s_table_and_nothing_else_does() -> None:
    """Ordinary ones too, as such: who finds a line in the log finds there whether there is something to do."""
    table = (ROOT / "docs/07-operate.md").read_text().split("\n## ")[1]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    told = [name for row in rows for name in re.findall(r"`(\w+)`", row)]
    logged = {name for top in LOGGING for path in (ROOT / top).rglob("*.py") for name in events_logged_in(path)}
    assert sorted(pattern for pattern in logged if not fnmatch.filter(told, pattern)) == []
    assert sorted(name for name in told if not any(fnmatch.fnmatch(name, pattern) for pattern in logged)) == []


def events_logged_in(path: Path) -> set[str]:
    """The names given to `log`, or to what hands its own first argument on to `log`; of an f-string a pattern."""
    nodes = list(ast.walk(ast.parse(path.read_text())))
    functions = {node.name: node for node in nodes if isinstance(node, ast.FunctionDef)}
    calls = [(name_of(node.func), node.args[0]) for node in nodes if isinstance(node, ast.Call) and node.args]
    hands_on = {name for name, function in functions.items() if hands_on_an_event(function)}
    return {event for name, given in calls if name in {"log", *hands_on} for event in patterns_of(given, functions)}


def hands_on_an_event(function: ast.FunctionDef) -> bool:
    logs = [node for node in ast.walk(function) if isinstance(node, ast.Call) and name_of(node.func) == "log"]
    parameters = {each.arg for each in function.args.args}
    return any(isinstance(log.args[0], ast.Name) and log.args[0].id in parameters for log in logs)


def name_of(called: ast.expr) -> str:
    return called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")


def patterns_of(given: ast.expr, functions: Mapping[str, ast.FunctionDef]) -> list[str]:
    match given:
        case ast.Constant(value=str(name)):
            return [name]
        case ast.JoinedStr(values=parts):
            return ["".join(str(part.value) if isinstance(part, ast.Constant) else "*" for part in parts)]
        case ast.IfExp(body=one, orelse=other):
            return patterns_of(one, functions) + patterns_of(other, functions)
        case ast.Call(func=ast.Name(id=name)) if name in functions:
            returns = [node.value for node in ast.walk(functions[name]) if isinstance(node, ast.Return) and node.value]
            return [event for value in returns for event in patterns_of(value, functions)]
        case ast.Name(id=name) if any(name in {each.arg for each in one.args.args} for one in functions.values()):
            return []  # handed on: who calls names it
    raise AssertionError(f"nobody can read which event `{ast.unparse(given)}` is")


def test_every_setting_of_the_local_stack_stands_in_a_document() -> None:
    text = "".join(path.read_text() for path in DOCS)
    names = [f"TAPEDECK_{each.name.upper()}" for each in fields(LocalSettings) if each.metadata]
    assert [name for name in names if f"`{name}`" not in text] == []


@pytest.mark.parametrize("path", DOCS, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_a_document_says_to_run_exists(path: Path) -> None:
    code = "\n".join(map("".join, CODE.findall(path.read_text())))
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"(?:^|[ =])make ([a-z]+)", code, re.MULTILINE)) - targets == set()
    assert [name for name in re.findall(r"python -m ([\w.]+)", code) if not is_runnable(name)] == []


def is_runnable(module: str) -> bool:
    found = importlib.util.find_spec(module)
    return found is not None and (not found.submodule_search_locations or is_runnable(f"{module}.__main__"))
