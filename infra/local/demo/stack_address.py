"""What a running stack tells about itself in `.local/stack.json`."""

import json
from dataclasses import dataclass, fields
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class StackAddress:
    """Where a stack is reached and with what."""

    api: str
    rtmp: str
    """Base of push URLs."""
    media: str
    """Base of playback URLs."""
    aws_endpoint: str
    region: str
    bucket: str
    table: str
    secret_id: str
    secret_key: str
    push_domain: str

    @classmethod
    def read(cls, path: Path) -> "StackAddress":
        """The address in a stack's file; raises FileNotFoundError where no stack has written one."""
        facts = json.loads(path.read_text())
        return cls(**{field.name: facts[field.name] for field in fields(cls)})

    def push_url(self, app: str, stream: str) -> str:
        """Where an encoder publishes a stream of the stack's push domain."""
        return f"{self.rtmp}/{app}/{stream}?vhost={self.push_domain}"
