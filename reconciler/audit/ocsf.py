"""Records as events of the Open Cybersecurity Schema Framework, version 1.3. Pure.

Each family of events has the class that says most of it; what has none is a base event. Whatever the class does not
know of a record is in ``unmapped``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from reconciler.audit.record import CONTROLLER, UNKNOWN, Record, as_json, name_of
from reconciler.model.canonical import Json

VERSION = "1.3.0"
_BASE, _FINDING, _AUTHENTICATION, _ENTITY, _ACCESS, _LIFECYCLE, _API = 0, 2004, 3002, 3004, 3005, 6002, 6003
_OTHER = 99
_CREATE, _UPDATE, _DELETE = 1, 3, 4
_INFORMATIONAL, _MEDIUM, _HIGH = 1, 3, 4


@dataclass(frozen=True, slots=True)
class Kind:
    """A class of events, and what is done in it (``activity_id``)."""

    of: int
    activity: int


_KINDS: Mapping[str, Kind] = {
    "signed_in": Kind(_AUTHENTICATION, 1),
    "token_issued": Kind(_ACCESS, 1),
    "token_revoked": Kind(_ACCESS, 2),
    "delegated": Kind(_ACCESS, 1),
    "delegation_ended": Kind(_ACCESS, 2),
    "requested": Kind(_API, _UPDATE),
    "access_refused": Kind(_API, _UPDATE),
    "factor_used": Kind(_AUTHENTICATION, _OTHER),
    "started": Kind(_LIFECYCLE, 3),
    "stopped": Kind(_LIFECYCLE, 4),
    **{name: Kind(_LIFECYCLE, 8) for name in ("rollout_moved", "step_started", "step_ended", "resources_applied")},
    **{name: Kind(_LIFECYCLE, 8) for name in ("healed", "routed")},
    "health_changed": Kind(_LIFECYCLE, _OTHER),
    "commit_refused": Kind(_FINDING, _CREATE),
    "verdict_given": Kind(_FINDING, _CREATE),
    **{name: Kind(_ENTITY, _CREATE) for name in ("approval_asked", "approval_given", "waived", "locked", "paused")},
    **{name: Kind(_ENTITY, _DELETE) for name in ("unlocked", "resumed", "released")},
    **{name: Kind(_ENTITY, _UPDATE) for name in ("approval_refused", "approval_reminded", "approval_escalated")},
    **{name: Kind(_ENTITY, _UPDATE) for name in ("waiver_reviewed", "turned_away", "pinned", "retry_requested")},
    **{name: Kind(_ENTITY, _UPDATE) for name in ("plan_accepted", "decision_taken", "abort_requested")},
    **{name: Kind(_ENTITY, _UPDATE) for name in ("rewrite_accepted", "relearned", "backup_taken", "restored")},
    "commit_accepted": Kind(_ENTITY, _UPDATE),
}


def event(of: Record, source: str) -> dict[str, Json]:
    """Return the record as an event; times are milliseconds since 1970."""
    kind = _KINDS.get(of.what, Kind(_BASE, _OTHER))
    if of.what == "access_refused" and of.who == UNKNOWN:
        # Nobody knows who it was: they did not get as far as to ask for anything.
        kind = Kind(_AUTHENTICATION, 1)
    status, severity = _status(of), _severity(of)
    said: dict[str, Json] = {
        "activity_id": kind.activity,
        "category_uid": kind.of // 1000,
        "class_uid": kind.of,
        "type_uid": kind.of * 100 + kind.activity,
        "time": int(datetime.fromisoformat(of.at).timestamp() * 1000),
        "severity_id": severity,
        "status_id": status,
        "message": " ".join(each for each in (of.what.replace("_", " "), of.unit, of.why) if each),
        "metadata": {
            "version": VERSION,
            "uid": name_of(of),
            "log_name": source,
            "correlation_uid": of.rollout or of.request,
            "product": {"name": "reconciler", "vendor_name": "reconciler"},
        },
        "unmapped": as_json(of),
    }
    if kind.activity == _OTHER:
        said["activity_name"] = of.what
    return {**said, **_of_class(of, kind)}


def _of_class(of: Record, kind: Kind) -> dict[str, Json]:  # noqa: PLR0911 - a line a class
    user: dict[str, Json] = {"name": of.who, "type_id": 3 if of.who == CONTROLLER else 1}
    actor: dict[str, Json] = {"user": user}
    match kind.of:
        case 3002:  # Authentication
            service: dict[str, Json] = {"name": "reconciler"}
            return {"user": user, "service": service, **({"src_endpoint": _endpoint(of)} if of.address else {})}
        case 3005:  # User Access Management
            whose = str(of.said.get("to") or of.said.get("name") or of.said.get("id") or of.who)
            return {"actor": actor, "user": {"name": whose}, "privileges": [of.what]}
        case 6003:  # API Activity
            verb = str(of.said.get("verb") or of.said.get("action") or of.what)
            api: dict[str, Json] = {"operation": verb, **({"request": {"uid": of.request}} if of.request else {})}
            return {"actor": actor, "api": api, "src_endpoint": _endpoint(of), "resources": _resources(of)}
        case 6002:  # Application Lifecycle
            name = of.unit or "reconciler"
            return {"actor": actor, "app": {"name": name, "vendor_name": "reconciler", "version": _version(of)}}
        case 3004:  # Entity Management
            return {"actor": actor, "entity": {"name": of.unit or of.environment or "everything"}, "comment": of.why}
        case 2004:  # Detection Finding
            return {"finding_info": {"uid": name_of(of), "title": f"{of.what.replace('_', ' ')}: {of.why}"}}
        case _:
            return {}


def _endpoint(of: Record) -> dict[str, Json]:
    return {"ip": of.address} if of.address else {"name": "localhost"}


def _resources(of: Record) -> list[Json]:
    return [{"name": of.unit, "type": "unit"}] if of.unit else []


def _version(of: Record) -> str:
    return str(of.said.get("version") or of.commit)


def _status(of: Record) -> int:
    """1 success, 2 failure, 0 where nothing ended."""
    return {"": 0, "succeeded": 1}.get(of.outcome, 2)


def _severity(of: Record) -> int:
    if of.what in ("access_refused", "commit_refused", "waived"):
        return _HIGH
    return _INFORMATIONAL if _status(of) < 2 else _MEDIUM
