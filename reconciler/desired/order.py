"""Which units must be good before a unit."""

from reconciler.desired.fleet import Fleet
from reconciler.model.identity import UnitId


def after(fleet: Fleet, unit: UnitId) -> tuple[UnitId, ...]:
    """Return the units that go first: the apps it depends on in its environment, and itself in earlier environments.

    A dependency that is not in this environment asks for nothing here. Where the app skips an environment, those
    before that one count.
    """
    app = fleet.apps[unit.app]
    needed = (fleet.apps[name] for name in app.spec.depends_on if name in fleet.apps)
    units = {UnitId(each.name, unit.environment): None for each in needed if unit.environment in each.spec.environments}
    for name in _earlier(fleet, unit):
        units[UnitId(unit.app, name)] = None
    return tuple(units)


def _earlier(fleet: Fleet, unit: UnitId) -> list[str]:
    environments = fleet.apps[unit.app].spec.environments
    found: list[str] = []
    seen = {unit.environment}
    ahead = list(fleet.environments[unit.environment].spec.after)
    while ahead:
        name = ahead.pop(0)
        if name in seen or name not in fleet.environments:
            continue
        seen.add(name)
        if name in environments:
            found.append(name)
        else:
            ahead += fleet.environments[name].spec.after
    return found
