"""Vault and AWS for tests: what their documentation says of reading a secret over HTTP. A thread serves it."""

import base64
import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass
class Answer:
    status: int
    body: bytes = b""


@dataclass
class Server:
    """One server. ``away`` answers nothing but that status; ``held`` lets no answer out until it is set.

    ``came`` is set when somebody has asked.
    """

    url: str = ""
    asked: list[str] = field(default_factory=list)
    away: int = 0
    held: threading.Event = field(default_factory=threading.Event)
    came: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.held.set()

    def answer(self, method: str, path: str, headers: Any, body: bytes) -> Answer:
        raise NotImplementedError


@dataclass
class VaultServer(Server):
    """KV v2 at ``secret``, with AppRole and JWT logins; a token may be good for one question only."""

    values: dict[str, list[dict[str, Any] | None]] = field(default_factory=dict)
    role: tuple[str, str] = ("the-role", "")
    jwt: tuple[str, str] = ("the-role", "")
    tokens: set[str] = field(default_factory=set)
    namespace: str = ""
    lease: int = 3600
    logins: int = 0
    raw: bytes | None = None

    def put(self, path: str, entries: dict[str, Any] | None) -> None:
        self.values.setdefault(path, []).append(entries)

    def answer(self, method: str, path: str, headers: Any, body: bytes) -> Answer:  # noqa: PLR0911 - as it answers
        parts = urlsplit(path)
        if (headers.get("X-Vault-Namespace") or "") != self.namespace:
            return _said(404, {"errors": ["route entry not found"]})
        if method == "POST" and parts.path in ("/v1/auth/approle/login", "/v1/auth/jwt/login"):
            given = json.loads(body)
            known = (given.get("role_id"), given.get("secret_id")) == self.role and self.role[1]
            known = known or ((given.get("role"), given.get("jwt")) == self.jwt and self.jwt[1])
            if not known:
                return _said(400, {"errors": ["invalid role or secret ID"]})
            self.logins += 1
            token = f"hvs.token-{self.logins}"
            self.tokens.add(token)
            auth = {"client_token": token, "lease_duration": self.lease, "renewable": True}
            return _said(200, {"auth": auth})
        if headers.get("X-Vault-Token") not in self.tokens:
            return _said(403, {"errors": ["permission denied"]})
        if not parts.path.startswith("/v1/secret/data/"):
            return _said(404, {"errors": []})
        if self.raw is not None:
            return Answer(200, self.raw)
        versions = self.values.get(parts.path.removeprefix("/v1/secret/data/"), [])
        number = int(parse_qs(parts.query).get("version", [len(versions)])[0])
        if not 0 < number <= len(versions):
            return _said(404, {"errors": []})
        entries = versions[number - 1]
        metadata = {"version": number, "destroyed": False, "deletion_time": "" if entries else "2026-11-21T09:00:00Z"}
        return _said(200 if entries else 404, {"data": {"data": entries, "metadata": metadata}})


@dataclass
class AwsServer(Server):
    """GetSecretValue, AssumeRoleWithWebIdentity and the metadata service of an instance."""

    values: dict[str, dict[str, Any]] = field(default_factory=dict)
    keys: set[str] = field(default_factory=lambda: {"AKIAIOSFODNN7EXAMPLE"})
    expired: set[str] = field(default_factory=set)
    web_token: str = ""
    given: int = 0
    until: str = "2099-01-01T00:00:00Z"
    seen: list[dict[str, str]] = field(default_factory=list)
    secret: str = ""

    def answer(self, method: str, path: str, headers: Any, body: bytes) -> Answer:  # noqa: PLR0911 - as it answers
        if path.startswith("/latest/"):
            return self._metadata(method, path, headers)
        if headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded"):
            return self._assumed(parse_qs(body.decode()))
        self.seen.append(dict(headers.items()))
        found = re.match(
            r"AWS4-HMAC-SHA256 Credential=([A-Z0-9]+)/\d{8}/eu-central-1/secretsmanager/aws4_request, ",
            headers.get("Authorization", ""),
        )
        if found is None or headers.get("X-Amz-Target") != "secretsmanager.GetSecretValue":
            return _said(400, {"__type": "MissingAuthenticationTokenException"})
        if found[1] in self.expired:
            return _said(400, {"__type": "ExpiredTokenException", "message": "The security token is expired"})
        if found[1] not in self.keys:
            return _said(400, {"__type": "UnrecognizedClientException", "message": "The security token is invalid"})
        wanted = json.loads(body)
        stage = wanted.get("VersionStage") or wanted.get("VersionId") or "AWSCURRENT"
        value = self.values.get(wanted["SecretId"], {}).get(stage)
        if value is None:
            namespace = "com.amazonaws.secretsmanager#"
            return _said(400, {"__type": f"{namespace}ResourceNotFoundException", "Message": "can't find the secret"})
        if isinstance(value, bytes):
            return _said(200, {"Name": wanted["SecretId"], "SecretBinary": base64.b64encode(value).decode()})
        return _said(200, {"Name": wanted["SecretId"], "SecretString": value})

    def _key(self) -> str:
        self.given += 1
        key = f"ASIAEXAMPLE{self.given:05}"
        self.keys.add(key)
        return key

    def _assumed(self, asked: dict[str, list[str]]) -> Answer:
        if asked.get("WebIdentityToken") != [self.web_token]:
            return Answer(400, b"<ErrorResponse><Error><Code>InvalidIdentityToken</Code></Error></ErrorResponse>")
        text = (
            '<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">'
            "<AssumeRoleWithWebIdentityResult><Credentials>"
            f"<SessionToken>session</SessionToken><SecretAccessKey>{self.secret}</SecretAccessKey>"
            f"<Expiration>{self.until}</Expiration><AccessKeyId>{self._key()}</AccessKeyId>"
            "</Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>"
        )
        return Answer(200, text.encode())

    def _metadata(self, method: str, path: str, headers: Any) -> Answer:
        if (method, path) == ("PUT", "/latest/api/token"):
            return (
                Answer(200, b"metadata-token") if headers.get("X-aws-ec2-metadata-token-ttl-seconds") else Answer(400)
            )
        if headers.get("X-aws-ec2-metadata-token") != "metadata-token":
            return Answer(401)
        if path == "/latest/meta-data/iam/security-credentials/":
            return Answer(200, b"role-of-machine")
        if path != "/latest/meta-data/iam/security-credentials/role-of-machine":
            return Answer(404)
        keys = {"AccessKeyId": self._key(), "SecretAccessKey": self.secret, "Token": "session"}
        return _said(200, {"Code": "Success", **keys, "Expiration": self.until})


def _said(status: int, body: dict[str, Any]) -> Answer:
    return Answer(status, json.dumps(body).encode())


@contextmanager
def serving(server: Server, wrap: Callable[[Any], Any] = lambda socket: socket) -> Iterator[None]:
    """Serve on loopback; ``wrap`` puts TLS around the socket."""

    class Requests(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            server.asked.append(f"{self.command} {self.path}")
            server.came.set()
            server.held.wait(30)
            told = Answer(server.away) if server.away else server.answer(self.command, self.path, self.headers, body)
            try:
                self.send_response(told.status)
                self.send_header("Content-Length", str(len(told.body)))
                self.end_headers()
                self.wfile.write(told.body)
            except OSError:
                pass  # nobody waits for it any more

        do_POST = do_PUT = do_GET

        def log_message(self, *_: Any) -> None:
            pass

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: Any) -> None:
            pass  # whoever was there has gone

    with Quiet(("127.0.0.1", 0), Requests) as serving:
        serving.socket = wrap(serving.socket)
        server.url = f"http://127.0.0.1:{serving.server_address[1]}"
        thread = threading.Thread(target=serving.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.held.set()
            serving.shutdown()
            thread.join()
