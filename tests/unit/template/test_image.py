"""What Docker is sent to build the recorder's image."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
IGNORED = {line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")}


def test_docker_is_sent_what_the_image_takes_and_nothing_that_a_machine_keeps_for_itself() -> None:
    dockerfile = (ROOT / "recorder_task" / "Dockerfile").read_text().replace("\\\n", " ")
    copied = {source for line in re.findall(r"^COPY (.*)", dockerfile, re.M) for source in line.split()[:-1]}
    assert {Path(source).parts[0] for source in copied} & IGNORED == set()
    kept = {line.rstrip("/") for line in (ROOT / ".gitignore").read_text().splitlines() if line.startswith(".")}
    assert {".git", ".venv", ".local", "node_modules", "dist"} | {name for name in kept if "/" not in name} <= IGNORED


def test_the_image_is_built_for_what_recorders_run_on() -> None:
    deploying = (ROOT / "docs" / "06-deploy.md").read_text()
    assert "docker build --platform linux/amd64 " in deploying
