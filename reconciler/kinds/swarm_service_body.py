"""What is written of a service ⇄ the Engine API's words, and what is compared of both. Pure.

One table says what is compared. It is asked of what we send and of what Swarm says, so both are told the same way.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, TypeAlias

from reconciler.kinds.container_spec import Healthcheck
from reconciler.kinds.docker_words import by_digest
from reconciler.kinds.swarm_service_spec import ConfigFile, Mount, Rollback, SecretFile, Spec, Update
from reconciler.model.canonical import Json
from reconciler.model.duration import format_duration

ENV, LABEL, CONTAINER_LABEL = "env.", "labels.", "containerLabels."
"""How attributes start that are about one variable or one label."""

STACK = "com.docker.stack.namespace"


def body(spec: Spec) -> dict[str, Any]:
    """Return the ServiceSpec; what is not written is not in it. Networks, configs and secrets are named."""
    stack = {STACK: spec.stack} if spec.stack else {}
    replicated = {"Replicated": {"Replicas": 1 if spec.replicas is None else spec.replicas}}
    ports = [_port(each.target, each.published, each.protocol, each.mode) for each in spec.ports or ()]
    return _given(
        {
            "Name": spec.name,
            "Labels": {**spec.labels, **stack},
            "TaskTemplate": _given(
                {
                    "ContainerSpec": _container(spec, stack),
                    "Resources": _resources(spec),
                    "RestartPolicy": _restart(spec),
                    "Placement": _given({"Constraints": spec.constraints, "MaxReplicas": spec.max_per_node}) or None,
                    "Networks": None if spec.networks is None else [{"Target": each} for each in spec.networks],
                }
            ),
            "Mode": {"Global": {}} if spec.mode == "global" else replicated,
            "UpdateConfig": _update(spec.update),
            "RollbackConfig": _update(spec.rollback),
            "EndpointSpec": None if spec.ports is None else {"Ports": ports},
        }
    )


def _container(spec: Spec, stack: Mapping[str, str]) -> dict[str, Any]:
    return _given(
        {
            "Image": spec.image,
            "Command": spec.entrypoint,
            "Args": spec.command,
            "Env": [f"{name}={value}" for name, value in sorted(spec.env.items())] or None,
            "Labels": {**spec.container_labels, **stack} or None,
            "User": spec.user,
            "Dir": spec.working_dir,
            "Hostname": spec.hostname,
            "Mounts": None if spec.mounts is None else [_mount(each) for each in spec.mounts],
            "Configs": None if spec.config_files is None else [_config(each) for each in spec.config_files],
            "Secrets": None if spec.secret_files is None else [_secret(each) for each in spec.secret_files],
            "Healthcheck": _healthcheck(spec.healthcheck),
            "CapabilityAdd": _capabilities(spec.cap_add),
            "CapabilityDrop": _capabilities(spec.cap_drop),
            "ReadOnly": spec.read_only,
            "Init": spec.init,
            "StopSignal": spec.stop_signal,
            "StopGracePeriod": _nanoseconds(spec.stop_timeout),
        }
    )


def _port(target: int, published: int, protocol: str, mode: str) -> dict[str, Any]:
    return {"TargetPort": target, "PublishedPort": published, "Protocol": protocol, "PublishMode": mode}


def _mount(mount: Mount) -> dict[str, Any]:
    made = {"Type": mount.type, "Source": mount.source, "Target": mount.target}
    return _given({**made, "ReadOnly": mount.read_only or None})


def _config(file: ConfigFile) -> dict[str, Any]:
    return {"ConfigName": file.config, "File": _file(file.path, file.mode)}


def _secret(file: SecretFile) -> dict[str, Any]:
    return {"SecretName": file.secret, "File": _file(file.path or file.secret, file.mode)}


def _file(path: str, mode: str) -> dict[str, Any]:
    return {"Name": path, "UID": "0", "GID": "0", "Mode": int(mode, 8)}


def _healthcheck(check: Healthcheck | None) -> dict[str, Any] | None:
    if check is None:
        return None
    test = check.test if check.test[0] in ("NONE", "CMD", "CMD-SHELL") else ["CMD", *check.test]
    times = {
        "Interval": _nanoseconds(check.interval),
        "Timeout": _nanoseconds(check.timeout),
        "StartPeriod": _nanoseconds(check.start_period),
    }
    return _given({"Test": test, **times, "Retries": check.retries})


def _capabilities(names: Sequence[str] | None) -> list[str] | None:
    return None if names is None else ["ALL" if each == "ALL" else f"CAP_{each}" for each in names]


def _resources(spec: Spec) -> dict[str, Any] | None:
    limits = {"MemoryBytes": spec.limits.memory, "Pids": spec.limits.pids, "NanoCPUs": _billionths(spec.limits.cpus)}
    reserved = {"MemoryBytes": spec.reservations.memory, "NanoCPUs": _billionths(spec.reservations.cpus)}
    return _given({"Limits": _given(limits) or None, "Reservations": _given(reserved) or None}) or None


def _restart(spec: Spec) -> dict[str, Any] | None:
    policy = spec.restart
    times = {"Delay": _nanoseconds(policy.delay), "Window": _nanoseconds(policy.window)}
    return _given({"Condition": policy.condition, "MaxAttempts": policy.max_attempts, **times}) or None


def _update(update: Update | Rollback) -> dict[str, Any] | None:
    found = {
        "Parallelism": update.parallelism,
        "Delay": _nanoseconds(update.delay),
        "Order": update.order,
        "Monitor": _nanoseconds(update.monitor),
        "FailureAction": update.failure_action,
        "MaxFailureRatio": update.max_failure_ratio,
    }
    # Swarm takes a parallelism that is not there for 0, and that is all of them at once.
    return {"Parallelism": 1, **_given(found)} if _given(found) else None


def _billionths(cpus: float | None) -> int | None:
    return None if cpus is None else round(cpus * 1e9)


def _nanoseconds(duration: timedelta | None) -> int | None:
    return None if duration is None else round(duration.total_seconds() * 1e9)


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def unwritten(spec: Spec) -> frozenset[str]:
    """Return the attributes that are sent although nobody wrote them: they are not compared."""
    values = {
        "replicas": spec.replicas,
        "update.parallelism": spec.update.parallelism,
        "rollback.parallelism": spec.rollback.parallelism,
    }
    return frozenset(name for name, value in values.items() if value is None)


_CONTAINER = ("TaskTemplate", "ContainerSpec")
_LIMITS, _RESERVED = ("TaskTemplate", "Resources", "Limits"), ("TaskTemplate", "Resources", "Reservations")
_RESTART = ("TaskTemplate", "RestartPolicy")

PLACES: Mapping[str, tuple[str, ...]] = {
    "image": (*_CONTAINER, "Image"),
    "replicas": ("Mode", "Replicated", "Replicas"),
    "entrypoint": (*_CONTAINER, "Command"),
    "command": (*_CONTAINER, "Args"),
    "user": (*_CONTAINER, "User"),
    "workingDir": (*_CONTAINER, "Dir"),
    "hostname": (*_CONTAINER, "Hostname"),
    "mounts": (*_CONTAINER, "Mounts"),
    "healthcheck": (*_CONTAINER, "Healthcheck"),
    "capAdd": (*_CONTAINER, "CapabilityAdd"),
    "capDrop": (*_CONTAINER, "CapabilityDrop"),
    "readOnly": (*_CONTAINER, "ReadOnly"),
    "init": (*_CONTAINER, "Init"),
    "stopSignal": (*_CONTAINER, "StopSignal"),
    "stopTimeout": (*_CONTAINER, "StopGracePeriod"),
    "constraints": ("TaskTemplate", "Placement", "Constraints"),
    "maxPerNode": ("TaskTemplate", "Placement", "MaxReplicas"),
    "limits.cpus": (*_LIMITS, "NanoCPUs"),
    "limits.memory": (*_LIMITS, "MemoryBytes"),
    "limits.pids": (*_LIMITS, "Pids"),
    "reservations.cpus": (*_RESERVED, "NanoCPUs"),
    "reservations.memory": (*_RESERVED, "MemoryBytes"),
    "restart.condition": (*_RESTART, "Condition"),
    "restart.delay": (*_RESTART, "Delay"),
    "restart.maxAttempts": (*_RESTART, "MaxAttempts"),
    "restart.window": (*_RESTART, "Window"),
    **{
        f"{name}.{key}": (place, each)
        for name, place in (("update", "UpdateConfig"), ("rollback", "RollbackConfig"))
        for key, each in (
            ("parallelism", "Parallelism"),
            ("delay", "Delay"),
            ("order", "Order"),
            ("monitor", "Monitor"),
            ("failureAction", "FailureAction"),
            ("maxFailureRatio", "MaxFailureRatio"),
        )
    },
    "ports": ("EndpointSpec", "Ports"),
    "networks": ("TaskTemplate", "Networks"),
    "configFiles": (*_CONTAINER, "Configs"),
    "secretFiles": (*_CONTAINER, "Secrets"),
}
"""Where each attribute stands in a ServiceSpec."""

_DURATIONS = frozenset(("delay", "window", "monitor", "stopTimeout"))


def told(spec: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Json]:
    """Return what is compared, by attribute; what is not said is not there.

    ``names`` says what objects are called here: networks by their ids, versions of configs and secrets by theirs.
    """
    found: dict[str, Json] = {"mode": "global" if "Global" in (spec.get("Mode") or {}) else "replicated"}
    for attribute, place in PLACES.items():
        if (value := _at(spec, place)) is not None:
            found[attribute] = _worded(attribute, value, names)
    for start, place in ((LABEL, ("Labels",)), (CONTAINER_LABEL, (*_CONTAINER, "Labels"))):
        found |= {f"{start}{name}": value for name, value in (_at(spec, place) or {}).items()}
    return {**found, **dict(_variables(spec))}


def _variables(spec: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for each in _at(spec, (*_CONTAINER, "Env")) or ():
        name, _, value = each.partition("=")
        yield f"{ENV}{name}", value


def _at(spec: Mapping[str, Any], place: Sequence[str]) -> Any:
    found: Any = spec
    for part in place:
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _worded(attribute: str, value: Any, names: Mapping[str, str]) -> Json:
    if attribute.rpartition(".")[2] in _DURATIONS:
        return format_duration(timedelta(microseconds=value / 1000))
    wording = _WORDINGS.get(attribute)
    if wording is None:
        plain: Json = value
        return plain
    return wording(value, names)


def _image(text: str) -> str:
    try:
        return by_digest(text)
    except ValueError:
        return text


def _port_text(port: Mapping[str, Any]) -> str:
    published = f"{port.get('PublishedPort', 'any')}:{port.get('TargetPort')}/{port.get('Protocol', 'tcp')}"
    return published + (" on its host" if port.get("PublishMode") == "host" else "")


def _mount_text(mount: Mapping[str, Any]) -> str:
    words = f"{mount.get('Type', 'volume')} {mount.get('Source') or ''}".strip()
    return f"{words} at {mount.get('Target')}" + (", read only" if mount.get("ReadOnly") else "")


def _file_text(names: Mapping[str, str], name: str, reference: Mapping[str, Any]) -> str:
    file = reference.get("File") or {}
    return f"{names.get(name, name)} at {file.get('Name')}, {int(file.get('Mode') or 0):04o}"


def _each(wording: Callable[[Any], str]) -> "_Wording":
    return lambda value, _: sorted(wording(each) for each in value)


def _capability(name: str) -> str:
    return name.removeprefix("CAP_")


def _constraint(text: str) -> str:
    return "".join(text.split())


_Wording: TypeAlias = Callable[[Any, Mapping[str, str]], Json]
_WORDINGS: Mapping[str, _Wording] = {
    "image": lambda value, _: _image(value),
    "ports": _each(_port_text),
    "mounts": _each(_mount_text),
    "capAdd": _each(_capability),
    "capDrop": _each(_capability),
    "constraints": _each(_constraint),
    # Swarm keeps it as a short float.
    "update.maxFailureRatio": lambda value, _: round(float(value), 4),
    "rollback.maxFailureRatio": lambda value, _: round(float(value), 4),
    "healthcheck": lambda value, _: {name: each for name, each in value.items() if each},
    "networks": lambda value, names: sorted(names.get(each["Target"], each["Target"]) for each in value),
    "configFiles": lambda value, names: sorted(_file_text(names, each["ConfigName"], each) for each in value),
    "secretFiles": lambda value, names: sorted(_file_text(names, each["SecretName"], each) for each in value),
}
