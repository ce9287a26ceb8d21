"""Apps in, units out: every app in every one of its environments, rendered for every one of its targets."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from reconciler.desired.analyses import uses_analyses
from reconciler.desired.analysis_rendering import UnitAnalyses
from reconciler.desired.claims import Claims, Taking, fronts
from reconciler.desired.cluster_traffic import left_to
from reconciler.desired.documents import AppEnvironment, AppSpec
from reconciler.desired.fitting import misfits
from reconciler.desired.fleet import Fleet, Written
from reconciler.desired.inputs import Sources
from reconciler.desired.memory import Memory
from reconciler.desired.order import after
from reconciler.desired.resources import Draft
from reconciler.desired.sorts import unasked, unfitting
from reconciler.desired.target_table import TargetTable
from reconciler.desired.templates import Variables
from reconciler.desired.traffic import router
from reconciler.desired.traffic_frame import Between, Frame
from reconciler.desired.unit import Asked, Telling, UnitWork
from reconciler.desired.words import Path
from reconciler.model.canonical import Digest
from reconciler.model.identity import UnitId
from reconciler.model.policy import DEFAULT_POLICY, RolloutPolicy
from reconciler.model.problem import Problem
from reconciler.model.target import Sort, Target
from reconciler.model.unit import Unit
from reconciler.ports.kind import Kind


@dataclass(frozen=True, slots=True)
class _MadeUnit:
    """A unit with what it takes on its targets, the contents it speaks of, and the files it was made from."""

    unit: Unit
    takings: tuple[Taking, ...]
    contents: Mapping[Digest, bytes]
    files: Mapping[str, bytes]
    folders: Mapping[str, Sequence[str]]


@dataclass(slots=True)
class Rendering:
    """The rendering of all apps of a commit. ``problems`` has each mistake once, though found on many targets.

    Units that were made before from the same inputs are taken from the memory. ``analyses`` has what is wrong with
    analyses once they are rendered, by place.
    """

    commit: str
    fleet: Fleet
    kinds: Mapping[str, Kind]
    sources: Sources
    memory: Memory
    problems: dict[Problem, None] = field(default_factory=dict)
    claims: Claims = field(default_factory=Claims)
    told: int = 0
    analyses: dict[tuple[str, Path], Problem] = field(default_factory=dict)
    table: TargetTable = field(init=False)

    def __post_init__(self) -> None:
        self.table = TargetTable(self.fleet, self.sources, self.memory, self.problem)

    def units(
        self, app: Written[AppSpec], drafts: Sequence[Draft], policies: Mapping[UnitId, RolloutPolicy]
    ) -> Iterator[Unit]:
        """Yield the units of an app; those that cannot be made leave problems instead."""
        for problem in unfitting(app, self.kinds):
            self.problem(problem)
        for name, here in app.spec.environments.items():
            version = here.version or app.spec.version
            targets = self._targets(app, name)
            if name in self.fleet.environments and version and targets:
                unit = UnitId(app.name, name)
                policy = self._policy(app, unit, policies[unit])
                asked = Asked(unit, policy, after(self.fleet, unit), self._balancers(app, name))
                yield self._unit(app, drafts, targets, asked)

    def _policy(self, app: Written[AppSpec], unit: UnitId, policy: RolloutPolicy) -> RolloutPolicy:
        """The policy with its analyses as they are for the unit; the very same one where it has none."""
        written = None if policy is DEFAULT_POLICY else self.fleet.policies.get(policy.name)
        if written is None or not uses_analyses(written.document):
            return policy
        here = app.spec.environments[unit.environment]
        variables = {**_variables(self.fleet, app, (unit.environment, here)), "unit": str(unit)}
        library = UnitAnalyses(self.fleet.analyses, self.sources.templates, variables, self.analyses)
        return written.spec.to_model(policy.name, library)

    def _unit(self, app: Written[AppSpec], drafts: Sequence[Draft], targets: Sequence[Target], asked: Asked) -> Unit:
        environment = self.fleet.environments[asked.unit.environment]
        inputs = (app, environment, targets, asked.balancers, asked.policy, asked.after)
        made: _MadeUnit | None = self.memory.recall(asked.unit, inputs, self._is_right)
        if made is None:
            told = self.told
            made = self._made(app, drafts, targets, asked)
            # What depends on a secret, or is told as a mistake, is looked at anew each time.
            if told == self.told and not made.unit.blocked and not _of_secrets(made.unit):
                self.memory.keep(asked.unit, inputs, made)
        for taking in made.takings:
            if taken := self.claims.take(taking):
                self.problem(taken)
        self.sources.contents.update(made.contents)
        return made.unit if made.unit.commit == self.commit else replace(made.unit, commit=self.commit)

    def _made(
        self, app: Written[AppSpec], drafts: Sequence[Draft], targets: Sequence[Target], asked: Asked
    ) -> _MadeUnit:
        name = asked.unit.environment
        sources = replace(self.sources, contents={})
        variables = _variables(self.fleet, app, (name, app.spec.environments[name]))
        work = UnitWork(Telling(self.commit, self.kinds, self.problem), app, asked, variables, sources)
        resources = tuple(work.resources(drafts, targets))
        unit = work.finished(targets, resources)
        if app.spec.traffic:
            between = Between(targets, unit.slots, asked.balancers, asked.policy.strategy)
            frame = Frame(app, app.spec.traffic.key, between, variables, sources.templates, self.problem)
            traffic = router(frame)
            left = (left_to(traffic, each, self.table.all) for each in resources)
            unit = replace(unit, traffic=traffic, resources=tuple(left))
        for misfit in (*misfits(unit, targets, self.fleet), *unasked(app, targets)):
            self.problem(misfit)
        files = {each: sources.files[each] for each in work.files if each in sources.files}
        fronting = (fronts(unit.id, unit.traffic, app.document),) if unit.traffic else ()
        folders = {each: sources.inside(each[:-1]) for each in work.files if each.endswith("/")}
        return _MadeUnit(unit, (*work.takings, *fronting), sources.contents, files, folders)

    def _is_right(self, made: _MadeUnit) -> bool:
        """Whether the files it was made from are as they were, and its folders have the same ones."""
        same = all(self.sources.files.get(name) == data for name, data in made.files.items())
        return same and all(self.sources.inside(name[:-1]) == names for name, names in made.folders.items())

    def _targets(self, app: Written[AppSpec], environment: str) -> tuple[Target, ...]:
        # A unit without targets would look like one whose resources are all gone: a mistyped label must not prune.
        selected = app.spec.targets.by_sort
        found: dict[Sort, tuple[Target, ...]] = {}
        for sort, labels in selected.items():
            what = "hosts" if sort is Sort.HOST else "targets"
            hint = f"an environment without {what} for the app is left out of spec.environments"
            place = app.document.problem(("spec", "targets", f"{sort}s"), "", hint)
            found[sort] = self.table.chosen((environment, sort), labels, place)
        if not all(found.values()):
            return ()
        written = (self.kinds[kind].TARGET for each in app.spec.resources for kind in each if kind in self.kinds)
        order = dict.fromkeys((*(sort for sort in written if sort in found), *found))
        return tuple(target for sort in order for target in found[sort])

    def _balancers(self, app: Written[AppSpec], environment: str) -> tuple[Target, ...]:
        traffic = app.spec.traffic
        if traffic is None:
            return ()
        sort, key, labels = traffic.where
        place = app.document.problem(("spec", "traffic", traffic.key, key), "")
        return self.table.chosen((environment, sort), labels, place)

    def problem(self, problem: Problem) -> None:
        """Remember a problem, once."""
        self.told += 1
        self.problems[problem] = None


def _of_secrets(unit: Unit) -> bool:
    return any(content.secrets for resource in unit.resources for content in resource.contents.values())


def _variables(fleet: Fleet, app: Written[AppSpec], place: tuple[str, AppEnvironment]) -> Variables:
    name, here = place
    return {
        "app": app.name,
        "version": here.version or app.spec.version,
        "environment": name,
        "vars": {**fleet.environments[name].spec.vars, **app.spec.vars, **here.vars},
    }
