"""A forge on loopback that behaves as GitHub, GitLab or Gitea documents it: pages, ETags, statuses, refusals."""

import hashlib
import json
import queue
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from reconciler.model.forge import ForgeKind

TOKEN = "t0ken-of-the-forge"
Answer = tuple[int, Any]


@dataclass
class Request:
    """A pull request on the forge."""

    number: int
    source: str
    head: str
    base: str = "main"
    fork: bool = False
    state: str = "open"
    merged: str | None = None
    title: str = ""
    text: str = ""
    updated: int = 0


@dataclass
class ServedForge:
    """The forge: what is on it, and what it was asked. ``ails`` is a status that it answers everything with."""

    kind: ForgeKind
    page: int = 2
    requests: dict[int, Request] = field(default_factory=dict)
    comments: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    statuses: list[tuple[str, str, str, str]] = field(default_factory=list)
    asked: list[tuple[str, str, int]] = field(default_factory=list)
    ails: int = 0
    merged_at: str = "2026-03-01T11:00:00Z"
    heard: "queue.Queue[tuple[str, str, int]]" = field(default_factory=queue.Queue)
    _ids: int = 100

    def open(self, source: str, head: str, **other: Any) -> Request:
        made = Request(max(self.requests, default=6) + 1, source, head, **other)
        self.requests[made.number] = made
        return made

    def merge(self, request: Request, commit: str) -> None:
        request.state, request.merged = "closed", commit
        request.updated = len(self.asked) + 1

    def texts(self, number: int) -> list[str]:
        return [each["body"] for each in self.comments.get(number, [])]

    def write(self, number: int, text: str) -> None:
        """Somebody else writes a comment."""
        self._add(number, text)

    def said_of(self, commit: str) -> dict[str, tuple[str, str]]:
        """The newest status of each context of the commit."""
        return {context: (state, line) for sha, context, state, line in self.statuses if sha == commit}

    @property
    def api(self) -> str:
        path = {"github": "", "gitlab": "/api/v4", "gitea": "/api/v1"}[self.kind]
        return f"http://127.0.0.1:{self._server.server_port}{path}"

    def __enter__(self) -> "ServedForge":
        forge = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                forge._serve(self)

            do_GET = do_POST = do_PATCH = do_PUT = answer

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign] # somebody hung up, as they may
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        parts = urlsplit(handler.path)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        status, said, headers = self._answered(handler, parts.path, query, json.loads(body) if body else {})
        if status == 200 and handler.command == "GET":
            etag = f'W/"{hashlib.sha256(json.dumps(said).encode()).hexdigest()}"'
            headers["ETag"] = etag
            if handler.headers.get("If-None-Match") == etag:
                status = 304
        self.asked.append((handler.command, parts.path, status))
        self.heard.put(self.asked[-1])
        data = b"" if status == 304 else json.dumps(said).encode()
        handler.send_response(status)
        for name, value in {**headers, "Content-Type": "application/json", "Content-Length": str(len(data))}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(data)

    def _answered(
        self, handler: BaseHTTPRequestHandler, path: str, query: dict[str, str], body: dict[str, Any]
    ) -> tuple[int, Any, dict[str, str]]:
        word = "token" if self.kind is ForgeKind.GITEA else "Bearer"
        if handler.headers.get("Authorization") != f"{word} {TOKEN}":
            return 401, {"message": "401 Unauthorized"}, {}
        if self.kind is ForgeKind.GITHUB and not handler.headers.get("User-Agent"):
            return 403, {"message": "Request forbidden by administrative rules."}, {}
        if self.ails:
            return self.ails, {"message": "You have exceeded a secondary rate limit."}, {"Retry-After": "60"}
        root = {
            "github": "/repos/acme/fleet",
            "gitlab": "/api/v4/projects/acme%2Ffleet",
            "gitea": "/api/v1/repos/acme/fleet",
        }
        if not path.startswith(root[self.kind]):
            return 404, {"message": "Not Found"}, {}
        rest = path.removeprefix(root[self.kind])
        for method, pattern, does in self._routes():
            found = re.fullmatch(pattern, rest)
            if found and method == handler.command:
                status, said = does(*found.groups(), query, body)
                return self._paged(status, said, handler.path, query)
        return 404, {"message": "Not Found"}, {}

    def _paged(self, status: int, said: Any, url: str, query: dict[str, str]) -> tuple[int, Any, dict[str, str]]:
        """Small pages, whatever size is asked for, with the link to the next one."""
        if not isinstance(said, list):
            return status, said, {}
        page = int(query.get("page", "1"))
        here, more = said[(page - 1) * self.page : page * self.page], len(said) > page * self.page
        plain = re.sub(r"[?&]page=\d+", "", url)
        following = f"http://127.0.0.1:{self._server.server_port}{plain}{'&' if '?' in plain else '?'}page={page + 1}"
        return status, here, {"Link": f'<{following}>; rel="next", <{following}>; rel="last"'} if more else {}

    def _routes(self) -> list[tuple[str, str, Callable[..., Answer]]]:
        if self.kind is ForgeKind.GITLAB:
            return [
                ("GET", r"/merge_requests", self._list),
                ("POST", r"/merge_requests", self._propose),
                ("GET", r"/merge_requests/(\d+)/notes", self._comments_of),
                ("POST", r"/merge_requests/(\d+)/notes", self._comment),
                ("PUT", r"/merge_requests/\d+/notes/(\d+)", self._change),
                ("POST", r"/statuses/([0-9a-f]{40})", self._status),
            ]
        return [
            ("GET", r"/pulls", self._list),
            ("POST", r"/pulls", self._propose),
            ("GET", r"/pulls/([^/]+)/([^/]+)", self._by_branches),
            ("GET", r"/issues/(\d+)/comments", self._comments_of),
            ("POST", r"/issues/(\d+)/comments", self._comment),
            ("PATCH", r"/issues/comments/(\d+)", self._change),
            ("POST", r"/statuses/([0-9a-f]{40})", self._status),
        ]

    def _list(self, query: dict[str, str], _: dict[str, Any]) -> Answer:
        wanted = query.get("state", "open")
        chosen = [each for each in self.requests.values() if self._fits(each, wanted)]
        if base := query.get("base" if self.kind is ForgeKind.GITHUB else "target_branch"):
            chosen = [each for each in chosen if each.base == base]
        if head := query.get("head", "").rpartition(":")[2] or query.get("source_branch"):
            chosen = [each for each in chosen if each.source == head]
        return 200, [self._shown(each) for each in sorted(chosen, key=lambda each: -each.updated)]

    def _fits(self, request: Request, wanted: str) -> bool:
        if wanted == "merged":
            return request.merged is not None
        return wanted == "all" or {"opened": "open"}.get(wanted, wanted) == request.state

    def _by_branches(self, base: str, head: str, *_: Any) -> Answer:
        if self.kind is not ForgeKind.GITEA:
            return 404, {"message": "Not Found"}
        for each in self.requests.values():
            if (each.base, each.source) == (unquote(base), unquote(head)):
                return 200, self._shown(each)
        return 404, {"message": "pull request does not exist"}

    def _shown(self, each: Request) -> dict[str, Any]:
        at = self.merged_at if each.merged else None
        url = f"https://forge.example/{each.number}"
        if self.kind is ForgeKind.GITLAB:
            state = "merged" if each.merged else {"open": "opened"}.get(each.state, each.state)
            return {
                "iid": each.number, "sha": each.head, "source_branch": each.source, "target_branch": each.base,
                "source_project_id": 99 if each.fork else 15, "target_project_id": 15, "state": state,
                "merged_at": at, "merge_commit_sha": each.merged, "squash_commit_sha": None, "web_url": url,
            }  # fmt: skip
        repository = {"full_name": "stranger/fleet" if each.fork else "acme/fleet"}
        return {
            "number": each.number, "state": each.state, "html_url": url, "title": each.title,
            "head": {"sha": each.head, "ref": each.source, "repo": repository, "repo_id": 99 if each.fork else 1},
            "base": {"ref": each.base, "repo": {"full_name": "acme/fleet"}, "repo_id": 1},
            "merged": each.merged is not None, "merged_at": at, "merge_commit_sha": each.merged,
        }  # fmt: skip

    def _propose(self, _: dict[str, str], body: dict[str, Any]) -> Answer:
        source, base = body.get("head") or body.get("source_branch"), body.get("base") or body.get("target_branch")
        if any((each.source, each.base, each.state) == (source, base, "open") for each in self.requests.values()):
            return 422 if self.kind is ForgeKind.GITHUB else 409, {"message": "one is open already"}
        made = self.open(source, "0" * 40, base=base, title=body["title"])
        made.text = body.get("body") or body.get("description")
        return 201, self._shown(made)

    def _comments_of(self, number: str, *_: Any) -> Answer:
        return (200, self.comments.get(int(number), [])) if int(number) in self.requests else (404, {"message": "no"})

    def _comment(self, number: str, _: dict[str, str], body: dict[str, Any]) -> Answer:
        return 201, self._add(int(number), body["body"])

    def _add(self, number: int, text: str) -> dict[str, Any]:
        self._ids += 1
        made = {"id": self._ids, "body": text, "system": False}
        self.comments.setdefault(number, []).append(made)
        return made

    def _change(self, comment: str, _: dict[str, str], body: dict[str, Any]) -> Answer:
        for each in (each for comments in self.comments.values() for each in comments):
            if each["id"] == int(comment):
                each["body"] = body["body"]
                return 200, each
        return 404, {"message": "Not Found"}

    def _status(self, commit: str, _: dict[str, str], body: dict[str, Any]) -> Answer:
        gitlab = self.kind is ForgeKind.GITLAB
        states = (
            ("pending", "running", "success", "failed", "canceled")
            if gitlab
            else ("pending", "success", "failure", "error")
        )
        name, limit = "name" if gitlab else "context", 140 if self.kind is ForgeKind.GITHUB else 255
        if body["state"] not in states or len(body["description"]) > limit:
            return 422, {"message": "Validation Failed"}
        known = [state for sha, context, state, _ in self.statuses if (sha, context) == (commit, body[name])]
        if gitlab and known[-1:] == [body["state"]]:
            return 400, {"message": f"Cannot transition status via :run from :{body['state']}"}
        self.statuses.append((commit, body[name], body["state"], body["description"]))
        return 201, {"id": 1, "state": body["state"]}
