"""What the tests write into their repositories."""

import textwrap
from collections.abc import Mapping
from typing import Any

import yaml

from reconciler.model.target import Host

FOR_EVER = 100_000
"""A failureThreshold that no test reaches: the check waits."""


def text(*documents: Mapping[str, Any]) -> str:
    """Return the documents as one file."""
    return yaml.safe_dump_all(documents, sort_keys=False)


def app(*resources: Mapping[str, Any], name: str = "shop", **spec: Any) -> str:
    """Return an App on every host of the environment ``test``."""
    usual = {"version": "1", "environments": {"test": {}}, "targets": {"hosts": {"role": "web"}}}
    return text({"kind": "App", "metadata": {"name": name}, "spec": {**usual, "resources": list(resources), **spec}})


def file(content: str, path: str = "~/shop.txt", **rest: Any) -> dict[str, Any]:
    """Return a file resource."""
    return {"file": {"path": path, "content": content, **rest}}


def check(command: str, failures: int = 1) -> dict[str, Any]:
    """Return a health check: the shell command succeeds in the home folder of the host."""
    timing = {"period": "200ms", "timeout": "5s", "failureThreshold": failures, "successThreshold": 1}
    return {"exec": {"command": ["sh", "-c", f"cd && {command}"], **timing}}


def policy(name: str = "default", **spec: Any) -> str:
    """Return a RolloutPolicy for everything."""
    return text({"kind": "RolloutPolicy", "metadata": {"name": name}, "spec": spec})


def hosts(fleet: Mapping[str, Host]) -> str:
    """Return the environment ``test`` and its hosts."""
    environment = {"kind": "Environment", "metadata": {"name": "test"}, "spec": {}}
    return text(environment, *(host(each) for each in fleet.values()))


def host(there: Host, **other: Any) -> dict[str, Any]:
    """Return the document of a host; ``other`` are keys of its spec that are not as they should be."""
    spec = {"environment": "test", "address": there.address, "port": there.port, "user": there.user}
    spec |= {"hostKey": there.host_key, **other}
    return {"kind": "Host", "metadata": {"name": there.name, "labels": {"role": "web"}}, "spec": spec}


def shell(script: str) -> str:
    """Return a script for /bin/sh."""
    return "#!/bin/sh\n" + textwrap.dedent(script)
