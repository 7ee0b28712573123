"""The house rules of docs/02-design.md, held by reading the code's own imports."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FILES = sorted(
    path.relative_to(ROOT)
    for folder in ("chalicelib", "recorder_task", "infra")
    for path in (ROOT / folder).rglob("*.py")
    if "node_modules" not in path.parts
)
ROOMS = (
    *("native", "sample", "settings", "tally", "aws", "pull", "telling", "session", "timing", "uploads"),
    *("outputs", "recordings", "jobs", "recorder", "__main__", "__init__"),
)
"""Of the recorder, the lowest first."""
PURE = [
    "recorder_task/pull/flv_messages.py",
    "recorder_task/pull/flv_tags.py",
    "recorder_task/timing/timeline.py",
    "recorder_task/timing/cutter.py",
    "recorder_task/pull/rtmp/amf0.py",
    "recorder_task/pull/rtmp/chunks.py",
    "recorder_task/pull/rtmp/player.py",
    "recorder_task/session/ending.py",
    "chalicelib/recording/naming.py",
    "chalicelib/recording/matching.py",
    "chalicelib/recording/stream.py",
    "chalicelib/recording/orders.py",
    "chalicelib/recording/finished_file.py",
    "chalicelib/recording/file_facts.py",
    "chalicelib/recording/playlist.py",
    "chalicelib/recording/waiting.py",
    "chalicelib/recording/open_file.py",
    "chalicelib/recording/selection.py",
    "chalicelib/recording/session.py",
    "chalicelib/recording/recorder_life.py",
    "chalicelib/ingest/hooks.py",
    "chalicelib/ingest/srs.py",
    "chalicelib/ingest/nginx_rtmp.py",
    "chalicelib/ingest/admission.py",
    "chalicelib/ingest/push_signature.py",
    "chalicelib/recording/report.py",
    "chalicelib/notify/events.py",
    "chalicelib/notify/push_exceptions.py",
    "chalicelib/notify/report_events.py",
    "chalicelib/notify/signing.py",
    "chalicelib/attribute_values.py",
    "chalicelib/keys.py",
    "chalicelib/api/api_key.py",
    "chalicelib/api/older_signature.py",
    "chalicelib/api/permissions.py",
    "chalicelib/api/signature.py",
    "chalicelib/live/explained_decision.py",
    "chalicelib/live/explained_publish.py",
    "chalicelib/vod/merged_streams.py",
]
IMPURE_MODULES = {
    "os",
    "sys",
    "time",
    "random",
    "secrets",
    "uuid",
    "socket",
    "threading",
    "subprocess",
    "http",
    "urllib3",
}
AWS_MODULES = {"boto3", "botocore"}
NAMES_THAT_SAY_NOTHING = {"util", "utils", "helper", "helpers", "common", "misc"}


def module_of(path: Path) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path, *, top_level_only: bool = False) -> Iterator[str]:
    """Dotted names that a file imports; `from a import b` gives both `a` and `a.b`."""
    tree = ast.parse((ROOT / path).read_text())
    for node in tree.body if top_level_only else ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def reached_from(folder: str) -> set[str]:
    """Every name imported by a folder's files and, through the project's own modules, by what they import."""
    modules = {module_of(path): path for path in FILES}
    seen: set[str] = set()
    waiting = [module_of(path) for path in FILES if path.parts[0] == folder]
    while waiting:
        module = waiting.pop()
        if module in seen:
            continue
        seen.add(module)
        if module in modules:
            waiting.extend(imports(modules[module]))
    return seen


def offenders(names: set[str], forbidden: set[str]) -> set[str]:
    return {name for name in names if name.split(".")[0] in forbidden}


def test_the_functions_never_import_av_the_recorder_or_the_infrastructure() -> None:
    assert not offenders(reached_from("chalicelib"), {"av", "recorder_task", "infra"})


def test_the_recorder_reaches_neither_boto3_nor_pydantic_nor_chalice() -> None:
    assert not offenders(reached_from("recorder_task"), {*AWS_MODULES, "pydantic", "chalice", "infra"})


def test_aws_is_reached_through_one_file() -> None:
    users = {
        str(path) for path in FILES if path.parts[0] == "chalicelib" and offenders(set(imports(path)), AWS_MODULES)
    }
    assert users == {"chalicelib/aws.py"}


def test_no_code_path_scans_the_table() -> None:
    asking = re.compile(r"""["'.](scan|Scan|execute_statement|batch_execute_statement|PartiQL\w*)["'(]""")
    assert [str(path) for path in FILES if asking.search((ROOT / path).read_text())] == []


@pytest.mark.parametrize("path", PURE)
def test_pure_files_import_no_clock_no_environment_and_no_network(path: str) -> None:
    assert not offenders(set(imports(Path(path))), IMPURE_MODULES | AWS_MODULES | {"av"})
    ours = {name for name in imports(Path(path)) if name.startswith(("chalicelib", "recorder_task"))}
    assert not {name for name in ours if name.endswith((".settings", ".aws", ".logs"))}


def test_the_environment_is_read_by_settings_alone() -> None:
    """A whole environment may be handed to a child process; a variable is read in a settings file."""
    forbidden = {
        "chalicelib": re.compile(r"os\.environ|getenv\("),
        "recorder_task": re.compile(r"os\.environ|getenv\("),
        "infra": re.compile(r"environ\.get\(|environ\[|getenv\("),
    }
    texts = {path: (ROOT / path).read_text() for path in FILES if path.name != "settings.py"}
    readers = {str(path) for path, text in texts.items() if forbidden[path.parts[0]].search(text)}
    assert readers == set()


def test_the_recorder_s_rooms_import_downwards_alone() -> None:
    upwards = []
    for path in FILES:
        if path.parts[0] != "recorder_task":
            continue
        room = path.with_suffix("").parts[1]
        names = {name.split(".")[1] for name in imports(path) if name.startswith("recorder_task.")}
        upwards += [(str(path), name) for name in names if ROOMS.index(name) > ROOMS.index(room)]
    assert upwards == []


def test_no_file_has_a_name_that_says_nothing() -> None:
    listing = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert not [path for path in listing.splitlines() if NAMES_THAT_SAY_NOTHING & set(Path(path).with_suffix("").parts)]


@pytest.mark.parametrize("path", [path for path in FILES if path.name != "__init__.py"], ids=str)
def test_every_file_says_what_it_is_and_stays_small(path: Path) -> None:
    text = (ROOT / path).read_text()
    assert ast.get_docstring(ast.parse(text)), f"{path} has no docstring"
    assert text.count("\n") <= 300, f"{path} does more than one of: decide, name, talk to the outside, keep state"


def test_every_log_line_of_a_recorder_names_its_session() -> None:
    """But the one that says that there is none."""
    silent = [
        f"{path}:{call.lineno}"
        for path in FILES
        if path.parts[0] == "recorder_task"
        for call in ast.walk(ast.parse((ROOT / path).read_text()))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "log"
        if not {"session_id", None} & {keyword.arg for keyword in call.keywords}  # None: facts from elsewhere
        if "SESSION_ID is not set" not in ast.unparse(call)
    ]
    assert silent == []


def test_handlers_hold_no_logic() -> None:
    for path in FILES:
        if path.parent != Path("chalicelib/handlers"):
            continue
        for node in ast.walk(ast.parse((ROOT / path).read_text())):
            if isinstance(node, ast.FunctionDef):
                lines = (node.end_lineno or 0) - node.lineno + 1
                assert lines < 12, f"{path}:{node.lineno} {node.name} has {lines} lines"
