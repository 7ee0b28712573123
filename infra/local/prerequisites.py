"""What the stack needs before it starts, each lack told in one sentence."""

import shutil
import socket

from infra.local.settings import LOOPBACK, ROOT, LocalSettings
from infra.local.trouble import Trouble


def check_origin() -> None:
    """Raise Trouble where the origin cannot run."""
    if shutil.which("node") is None:
        raise Trouble("Node.js is missing (18 or newer): install it, then run `make setup`.")
    if not (ROOT / "node_modules" / "node-media-server").is_dir():
        raise Trouble("node_modules is missing or incomplete: run `make setup`.")


def check_ports(settings: LocalSettings) -> None:
    """Raise Trouble for the first port that somebody listens on, or that two parts were given."""
    ports = {
        "TAPEDECK_FRONT_PORT": settings.front_port,
        "TAPEDECK_ECS_PORT": settings.ecs_port,
        "TAPEDECK_RTMP_PORT": settings.rtmp_port,
        "TAPEDECK_ORIGIN_API_PORT": settings.origin_api_port,
    }
    if not settings.emulator:
        ports["TAPEDECK_AWS_PORT"] = settings.aws_port
    owners: dict[int, str] = {}
    for name, port in ports.items():
        if owners.setdefault(port, name) != name:
            raise Trouble(f"{owners[port]} and {name} are both {port}: set one of them to another.")
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                raise Trouble(f"Port {port} is taken: end what listens there, or set {name} to another.") from None
