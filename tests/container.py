"""The recorder's container as its Dockerfile says: a process measured without it has another allocator."""

from pathlib import Path

DOCKERFILE = Path(__file__).parent.parent / "recorder_task" / "Dockerfile"


def container_environment() -> dict[str, str]:
    """What the recorder's container sets."""
    lines = [line.split()[1:] for line in DOCKERFILE.read_text().splitlines() if line.startswith("ENV ")]
    return dict(pair.split("=", 1) for line in lines for pair in line)
