"""API Gateway and the front before it, on an ephemeral port: HTTP in, proxy events to the Chalice app in process."""

import base64
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from chalice import Chalice


@contextmanager
def served(app: Chalice, *, has_front: bool = True) -> Iterator[str]:
    """Serve `app`; yields `host:port`. Without the front host and raw query are lost, and parameters in any order."""

    class Handler(_Handler):
        application = app
        is_behind_front = has_front

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16  # head and body in one packet: apart, they meet TCP's delayed acknowledgement
    application: Chalice
    is_behind_front: bool

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        response = self.application(self._event(body), None)
        content = response["body"].encode()
        self.send_response(response["statusCode"])
        for name, value in response["headers"].items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815  the names are the base class's

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing: the app logs its own requests."""

    def _event(self, body: bytes) -> dict[str, Any]:
        parts = urlsplit(self.path)
        headers = dict(self.headers.items())
        if self.is_behind_front:
            headers |= {"X-Tapedeck-Host": headers["Host"], "X-Tapedeck-Query": parts.query}
        query: dict[str, list[str]] = {}
        parameters = parse_qsl(parts.query, keep_blank_values=True)
        for name, value in parameters if self.is_behind_front else sorted(parameters, key=lambda pair: pair[0][::-1]):
            query.setdefault(name, []).append(value)
        resource, path_parameters = self._route(parts.path)
        return {
            "resource": resource,
            "path": parts.path,
            "httpMethod": self.command,
            "headers": headers,
            "multiValueHeaders": {name: [value] for name, value in headers.items()},
            "queryStringParameters": {name: values[-1] for name, values in query.items()} or None,
            "multiValueQueryStringParameters": query or None,
            "pathParameters": path_parameters,
            "stageVariables": None,
            "requestContext": {
                "resourcePath": resource,
                "httpMethod": self.command,
                "path": parts.path,
                "identity": {"sourceIp": self.client_address[0]},
            },
            "body": base64.b64encode(body).decode(),
            "isBase64Encoded": True,
        }

    def _route(self, path: str) -> tuple[str, dict[str, str]]:
        for resource in self.application.routes:
            names, parts = resource.split("/"), path.split("/")
            if len(names) == len(parts):
                given = {name[1:-1]: part for name, part in zip(names, parts, strict=True) if name.startswith("{")}
                fixed = zip(names, parts, strict=True)
                if all(name == part or name.startswith("{") for name, part in fixed):
                    return resource, given
        raise LookupError(f"API Gateway has no resource for {path}")
