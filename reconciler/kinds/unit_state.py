"""What systemd says of a unit → attributes. Only what lasts: no times and no ids, so looking twice says the same."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from reconciler.kinds import look
from reconciler.kinds.prelude import UNIT_PROPERTIES
from reconciler.model.canonical import Json
from reconciler.model.resource import Resource
from reconciler.ports.kind import CONTENT_KEY

NOT_FOUND, MASKED = "not-found", "masked"

# What is neither running nor stopped yet is no drift: it is on its way, and the next look tells.
_RUNNING = {"active": True, "reloading": True, "refreshing": True, "inactive": False, "failed": False}

# ``indirect`` units enable others and cannot be enabled themselves, so either answer would be wrong for ever.
_ENABLED = {"enabled": True, "alias": True, "indirect": None}


_TEMPLATE = dict.fromkeys(UNIT_PROPERTIES, "") | {"LoadState": "template", "ActiveState": "inactive"}


def is_template(name: str) -> bool:
    """Return whether the name is that of a template such as ``worker@.service``: a file, and nothing that runs."""
    return "@." in name


def attributes(resource: Resource, answer: Sequence[str]) -> Mapping[str, Json] | None:
    """Return what was seen of the unit, None when neither systemd nor the folder of unit files knows it.

    ``running`` is None while the unit changes, ``enabled`` is None where the word has no meaning. ValueError for an
    answer that makes no sense.
    """
    # systemd answers nothing about a template, thus its probe does not ask.
    shown, rest = (_TEMPLATE, answer) if is_template(resource.id.name) else _split(answer)
    lines = look.words(rest, (*look.ENTRY, "record", "inputs", "newest"))
    unit_file = _unit_file(resource, lines)
    if shown["LoadState"] in (NOT_FOUND, "template") and not unit_file:
        return None
    running = _RUNNING.get(shown["ActiveState"])
    return {
        "load": shown["LoadState"],
        "state": shown["ActiveState"],
        "unit_file_state": shown["UnitFileState"],
        "enabled": _ENABLED.get(shown["UnitFileState"], False),
        "running": running,
        "reload_pending": shown["NeedDaemonReload"] == "yes" or shown["LoadState"] == NOT_FOUND,
        "restart_pending": running is True and "inputs" in lines and _restart_pending(shown, lines),
        **unit_file,
    }


def _split(answer: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    shown: dict[str, str] = {}
    rest = []
    for line in look.unicode(answer):
        name, equals, value = line.partition("=")
        if equals and name in UNIT_PROPERTIES:
            if name in shown:
                raise ValueError(f"systemd said {name} twice")
            shown[name] = value
        else:
            rest.append(line)
    if missing := [name for name in ("LoadState", "ActiveState") if not shown.get(name)]:
        raise ValueError(f"systemd did not say {' and '.join(missing)}")
    return dict.fromkeys(UNIT_PROPERTIES, "") | shown, rest


def _unit_file(resource: Resource, lines: Mapping[str, str]) -> dict[str, Json]:
    if "content" not in resource.attributes:
        return {}
    found = look.entry(lines)
    if found is None:
        return {}
    seen = look.seen(found, resource)
    return {name: seen[name] for name in ("type", "content", "to", CONTENT_KEY) if name in seen}


def _restart_pending(shown: Mapping[str, str], lines: Mapping[str, str]) -> bool:
    """Whether the running process was started with other inputs than those on disk now.

    Our record tells for a process that we started. Another one, started by hand or by systemd, has read the inputs
    at its start: it is behind when one of them changed in that second or later.
    """
    inputs, newest = lines["inputs"], lines.get("newest", "")
    if not re.fullmatch(r"[0-9a-f]{64}", inputs) or not re.fullmatch(r"[0-9]{1,15}", newest, re.ASCII):
        raise ValueError("the probe did not say what the unit's inputs are")
    record = re.fullmatch(r"([0-9a-f]{32}) ([0-9a-f]{64})", lines.get("record", ""))
    if record and record[1] == shown["InvocationID"]:
        return record[2] != inputs
    return int(newest) >= _seconds(shown["InactiveExitTimestamp"])


def _seconds(timestamp: str) -> float:
    """Return the seconds since 1970 of systemd's ``Sat 2026-11-21 00:07:38 UTC``; 0 when it does not know the time."""
    if timestamp in ("", "n/a", "0"):
        return 0
    found = re.fullmatch(r"\w{3} (\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.\d+)? UTC", timestamp, re.ASCII)
    if not found:
        raise ValueError(f"systemd gave a time that cannot be read: {timestamp[:80]!r}")
    return datetime.fromisoformat(f"{found[1]}T{found[2]}+00:00").timestamp()
