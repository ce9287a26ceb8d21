"""Other people's programs: a POST over HTTP, or a command on a target."""

import asyncio
import json
from collections.abc import Mapping
from typing import assert_never

from reconciler.model.canonical import Json
from reconciler.model.output import Stream
from reconciler.model.step import CommandHook, Hook, HttpHook
from reconciler.model.target import Host
from reconciler.ports.errors import Denied, Refused
from reconciler.ports.outputs import Sink
from reconciler.ports.secrets import Secrets
from reconciler.ports.shell import Script, Shell, quote
from reconciler.providers.http import Http, Request
from reconciler.providers.secret_use import used

_SHOWN = 200
"""So many characters of an answer are kept, for a person."""

_GOOD = range(200, 300)


class HookCalls:
    """Implements ``ports.hooks.Hooks``. The value of a token is read for each call and never kept."""

    def __init__(self, http: Http, shell: Shell, secrets: Secrets) -> None:
        self._http = http
        self._shell = shell
        self._secrets = secrets

    async def call(self, hook: Hook, payload: Mapping[str, Json], key: str, host: Host | None, output: Sink) -> str:
        """Call it and return its answer in a line; raise Refused when it says no, WorldError when it says nothing.

        A command sees the payload in its environment, as ``RECONCILER_UNIT`` and so on, and the key as
        ``RECONCILER_KEY``. All that it says goes to ``output``.
        """
        match hook:
            case HttpHook():
                return await self._post(hook, payload, key, output)
            case CommandHook():
                return await self._run(hook, _script(hook, payload, key), host, output)
            case _:
                assert_never(hook)

    async def _post(self, hook: HttpHook, payload: Mapping[str, Json], key: str, output: Sink) -> str:
        headers = {"Content-Type": "application/json", "Idempotency-Key": key}
        if hook.token:
            purpose = "the token of the hook cannot be read"
            token = await asyncio.to_thread(used, self._secrets, hook.token, purpose, Denied)
            headers["Authorization"] = f"Bearer {token}"
        body = json.dumps(payload, sort_keys=True).encode()
        answer = await self._http.exchange(
            Request(url=hook.url, method="POST", headers=headers, body=body, limit=hook.timeout)
        )
        output.say(Stream.OUTPUT, answer.body)
        said = _line(answer.body)
        if answer.status not in _GOOD:
            raise Refused(f"HTTP {answer.status}" + (f": {said}" if said else ""))
        return f"HTTP {answer.status}" + (f": {said}" if said else "")

    async def _run(self, hook: CommandHook, script: Script, host: Host | None, output: Sink) -> str:
        if host is None:
            raise Refused("the command has no host to run on: no target of the plan is a Host")
        done = await self._shell.run(host, script)
        output.say(Stream.OUTPUT, done.output)
        output.say(Stream.ERRORS, done.errors.encode())
        said = _line(done.output)
        if done.status:
            why = _line(done.errors.encode()) or said
            raise Refused(f"status {done.status} on {host.name}" + (f": {why}" if why else ""))
        return f"status 0 on {host.name}" + (f": {said}" if said else "")


def _script(hook: CommandHook, payload: Mapping[str, Json], key: str) -> Script:
    told = {**{name.upper(): str(value) for name, value in payload.items()}, "KEY": key}
    names = " ".join(f"RECONCILER_{name}={quote(value)}" for name, value in told.items())
    command = " ".join(quote(word) for word in hook.command)
    return Script(text=f"export {names}\n{command} </dev/null\n", limit=hook.timeout)


def _line(data: bytes) -> str:
    text = " ".join(data.decode("utf-8", "replace").split())
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
