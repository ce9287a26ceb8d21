"""What is written of a container ⇄ the Engine API's words, and what is compared of both. Pure.

One table says what is compared. It is asked of what we send and of what the engine says, so both are told the same way.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from reconciler.kinds.container_spec import Spec, port_parts
from reconciler.model.canonical import Json

ENV, LABEL = "env.", "labels."
"""How attributes start that are about one variable or one label."""

UPDATABLE = ("restart", "memory", "cpus", "pids")
"""What the engine changes in a container that runs."""


def body(spec: Spec) -> dict[str, Any]:
    """Return the body that makes the container; what is not written is not in it."""
    config: dict[str, Any] = {
        "Image": spec.image,
        "Entrypoint": spec.entrypoint,
        "Cmd": spec.command,
        "Env": [f"{name}={value}" for name, value in sorted(spec.env.items())] or None,
        "Labels": dict(sorted(spec.labels.items())),
        "User": spec.user,
        "WorkingDir": spec.working_dir,
        "Hostname": spec.hostname,
        "StopSignal": spec.stop_signal,
        "StopTimeout": None if spec.stop_timeout is None else int(spec.stop_timeout.total_seconds()),
        "Healthcheck": _healthcheck(spec),
        "ExposedPorts": {port_parts(each)[2]: {} for each in spec.ports or ()} or None,
        "HostConfig": _host_config(spec),
    }
    return _given(config)


def _host_config(spec: Spec) -> dict[str, Any]:
    name, _, most = spec.restart.partition(":")
    return _given(
        {
            "RestartPolicy": {"Name": name, "MaximumRetryCount": int(most or 0)},
            "NetworkMode": spec.network_mode or (spec.networks[0] if spec.networks else None),
            "PortBindings": _bindings(spec.ports) if spec.ports is not None else None,
            "Mounts": [_mount(each) for each in spec.volumes] if spec.volumes is not None else None,
            "Tmpfs": spec.tmpfs,
            "Memory": spec.memory,
            "MemorySwap": None if spec.memory is None else 2 * spec.memory,
            "NanoCpus": None if spec.cpus is None else round(spec.cpus * 1e9),
            "PidsLimit": spec.pids,
            "ShmSize": spec.shm_size,
            "CapAdd": spec.cap_add,
            "CapDrop": spec.cap_drop,
            "SecurityOpt": spec.security,
            "Sysctls": spec.sysctls,
            "Privileged": spec.privileged,
            "ReadonlyRootfs": spec.read_only,
            "Init": spec.init,
            "ExtraHosts": spec.extra_hosts,
            "Dns": spec.dns,
            "LogConfig": {"Type": spec.logging.driver, "Config": spec.logging.options} if spec.logging else None,
        }
    )


def _bindings(ports: Sequence[str]) -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = {}
    for address, host, inner in map(port_parts, ports):
        found.setdefault(inner, []).append({"HostIp": address.strip("[]"), "HostPort": host})
    return found


def _mount(text: str) -> dict[str, Any]:
    source, target, *mode = text.split(":")
    kind = "bind" if source.startswith("/") else "volume"
    return {"Type": kind, "Source": source, "Target": target, "ReadOnly": mode == ["ro"]}


def _healthcheck(spec: Spec) -> dict[str, Any] | None:
    check = spec.healthcheck
    if check is None:
        return None
    test = check.test if check.test[0] in ("NONE", "CMD", "CMD-SHELL") else ["CMD", *check.test]
    return _given(
        {
            "Test": test,
            "Interval": _nanoseconds(check.interval),
            "Timeout": _nanoseconds(check.timeout),
            "StartPeriod": _nanoseconds(check.start_period),
            "Retries": check.retries,
        }
    )


def _nanoseconds(duration: timedelta | None) -> int | None:
    return None if duration is None else round(duration.total_seconds() * 1e9)


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


_Told = Callable[[Mapping[str, Any], Mapping[str, Any]], Json]


def _of(name: str) -> _Told:
    return lambda config, _: config.get(name)


def _in_host(name: str) -> _Told:
    return lambda _, host: host.get(name)


def _sorted(name: str) -> _Told:
    return lambda _, host: None if host.get(name) is None else sorted(each.removeprefix("CAP_") for each in host[name])


def _restart(_: Mapping[str, Any], host: Mapping[str, Any]) -> Json:
    policy = host.get("RestartPolicy") or {}
    most = policy.get("MaximumRetryCount") or 0
    return (policy.get("Name") or "no") + (f":{most}" if most else "")


def _ports(_: Mapping[str, Any], host: Mapping[str, Any]) -> Json:
    if host.get("PortBindings") is None:
        return None
    return sorted(
        f"{each.get('HostIp') or '0.0.0.0'}:{each.get('HostPort')}:{inner}"  # noqa: S104 - what an empty one stands for
        for inner, bindings in host["PortBindings"].items()
        for each in bindings or ()
    )


def _volumes(_: Mapping[str, Any], host: Mapping[str, Any]) -> Json:
    if host.get("Mounts") is None:
        return None
    return sorted(
        f"{each.get('Source', '')}:{each.get('Target')}" + (":ro" if each.get("ReadOnly") else "")
        for each in host["Mounts"]
    )


def _check(config: Mapping[str, Any], _: Mapping[str, Any]) -> Json:
    check = config.get("Healthcheck")
    return None if check is None else {name: value for name, value in check.items() if value}


_TOLD: Mapping[str, _Told] = {
    "entrypoint": _of("Entrypoint"),
    "command": _of("Cmd"),
    "user": _of("User"),
    "workingDir": _of("WorkingDir"),
    "hostname": _of("Hostname"),
    "stopSignal": _of("StopSignal"),
    "stopTimeout": _of("StopTimeout"),
    "healthcheck": _check,
    "restart": _restart,
    "ports": _ports,
    "volumes": _volumes,
    "tmpfs": _in_host("Tmpfs"),
    "memory": _in_host("Memory"),
    "cpus": _in_host("NanoCpus"),
    "pids": _in_host("PidsLimit"),
    "shmSize": _in_host("ShmSize"),
    "capAdd": _sorted("CapAdd"),
    "capDrop": _sorted("CapDrop"),
    "security": _sorted("SecurityOpt"),
    "sysctls": _in_host("Sysctls"),
    "privileged": _in_host("Privileged"),
    "readOnly": _in_host("ReadonlyRootfs"),
    "init": _in_host("Init"),
    "extraHosts": _sorted("ExtraHosts"),
    "dns": _in_host("Dns"),
    "logging": _in_host("LogConfig"),
}


def told(config: Mapping[str, Any], host: Mapping[str, Any]) -> dict[str, Json]:
    """Return what is compared, by attribute; what is not said is not there."""
    found: dict[str, Json] = {name: tell(config, host) for name, tell in _TOLD.items()}
    found |= {f"{ENV}{name}": value for name, value in variables(config)}
    found |= {f"{LABEL}{name}": value for name, value in (config.get("Labels") or {}).items()}
    return {name: value for name, value in found.items() if value is not None}


def variables(config: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the variables of the environment."""
    for each in config.get("Env") or ():
        name, _, value = each.partition("=")
        yield name, value
