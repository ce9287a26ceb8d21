"""Whether a unit of systemd is in a state that its check expects. Pure."""

from collections.abc import Sequence

from reconciler.model.health import CheckResult, SystemdCheck


def state_of(check: SystemdCheck, shown: Sequence[str]) -> CheckResult:
    """Read what ``systemctl show`` says of LoadState, ActiveState and SubState."""
    said = dict(line.split("=", 1) for line in shown if "=" in line)
    load, active, sub = (said.get(name, "") for name in ("LoadState", "ActiveState", "SubState"))
    if load != "loaded":
        return CheckResult(healthy=False, detail=f"{check.unit} is not loaded ({load or 'systemd says nothing of it'})")
    healthy = active in check.states and (not check.sub_states or sub in check.sub_states)
    expected = "" if healthy else f", expected {_words(check)}"
    return CheckResult(healthy=healthy, detail=f"{check.unit} is {active} ({sub}){expected}")


def _words(check: SystemdCheck) -> str:
    states = " or ".join(check.states)
    return f"{states} ({' or '.join(check.sub_states)})" if check.sub_states else states
