"""One app in one environment, rendered for every one of its targets: a unit."""

import fnmatch
import posixpath
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import ValidationError

from reconciler.desired import mistakes, slots
from reconciler.desired.checks import CheckWork
from reconciler.desired.claims import Taking, needs
from reconciler.desired.documents import AppSpec
from reconciler.desired.filling import Filling
from reconciler.desired.fleet import Written
from reconciler.desired.inputs import ResourceInputs, Sources
from reconciler.desired.programs import NotRun
from reconciler.desired.resources import Draft
from reconciler.desired.templates import Variables
from reconciler.desired.ties import Ties
from reconciler.desired.words import Path, expected, nearest
from reconciler.model.canonical import Digest, digest, said
from reconciler.model.health import HealthCheck, ResourceCheck
from reconciler.model.identity import ResourceId, UnitId
from reconciler.model.policy import RolloutPolicy
from reconciler.model.problem import Problem
from reconciler.model.resource import Resource
from reconciler.model.target import Become, Host, Sort, Target
from reconciler.model.unit import Unit
from reconciler.ports.kind import InputError, Kind, Rendered


@dataclass(frozen=True, slots=True)
class _Made:
    """What its kind made of one text, each with its digest; the same for every target unless ``of_target``."""

    parts: tuple[tuple[Rendered, Digest], ...]
    of_target: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """Which unit is made, under which policy, which units go before it, and the hosts of its load balancers."""

    unit: UnitId
    policy: RolloutPolicy
    after: tuple[UnitId, ...]
    balancers: tuple[Target, ...] = ()


@dataclass(frozen=True, slots=True)
class Telling:
    """What a unit is made for and with: the commit, the kinds, and who is told of mistakes."""

    commit: str
    kinds: Mapping[str, Kind]
    problem: Callable[[Problem], None]


@dataclass(slots=True)
class UnitWork:
    """The rendering of one unit. What does not depend on the target is made once and shared."""

    telling: Telling
    app: Written[AppSpec]
    asked: Asked
    variables: Variables
    sources: Sources
    files: set[str] = field(default_factory=set)
    takings: list[Taking] = field(default_factory=list)
    missing: dict[str, None] = field(default_factory=dict)
    digests: dict[str, dict[str, Digest]] = field(default_factory=dict)
    _shared: dict[tuple[int, str], _Made | None] = field(default_factory=dict)
    _ignored: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _brought: dict[HealthCheck, dict[str, Path]] = field(default_factory=dict)
    _ties: Ties = field(default_factory=Ties)

    def resources(self, drafts: Sequence[Draft], targets: Sequence[Target]) -> Iterator[Resource]:
        """Yield all resources, target by target, in the order they are written."""
        everywhere: dict[Sort, list[tuple[tuple[int, str], Draft]]] = {target.sort: [] for target in targets}
        for index, draft in enumerate(drafts):
            sort = self.telling.kinds[draft.kind].TARGET
            for target in [each for each in targets if each.sort is sort][:1]:
                everywhere[sort] += [((index, slot), draft) for slot in self._slots(draft, target)]
        for target in targets:
            places = everywhere[target.sort]
            as_before = all(place in self._shared for place, _ in places)
            here: dict[str, tuple[Resource, Draft]] = {}
            whole = True
            for place, draft in places:
                made = self._made(place, draft, self._named(target, place[1]))
                whole = whole and made is not None
                for resource in self._of(draft, made, target, place[1]):
                    ref = resource.id.ref
                    if ref in here:
                        self._twice(draft, ref, place[1])
                    here[ref] = (resource, draft)
                    yield resource
            if whole and not as_before:
                self._ties.see(target.sort, here)
        for problem in self._ties.problems(self.app.document):
            self.telling.problem(problem)

    def _named(self, target: Target, slot: str) -> Variables:
        about = {"name": target.name, "address": target.address, "labels": target.labels}
        return {**self.variables, **slots.variables(self.app.spec.slots, slot), "target": about}

    def _of(self, draft: Draft, made: _Made | None, target: Target, slot: str) -> Iterator[Resource]:
        """Yield what the text stands for on the target, and remember what it takes and brings."""
        if made is None:
            return
        self._ignores(draft, made)
        for rendered, its_digest in made.parts:
            resource = replace(self._resource(draft, rendered, target), slot=slot)
            self.takings.append(needs(resource.id, rendered, self.app.document, draft.path))
            # Nobody asks how something does that may not be there on purpose.
            for check in () if draft.common.when else rendered.health:
                self._brought.setdefault(replace(check, slot=slot), {})[target.name] = draft.path
            self.digests.setdefault(target.name, {})[resource.id.ref] = its_digest
            yield resource

    def _slots(self, draft: Draft, target: Target) -> Sequence[str]:
        """The slots that a resource is there for: each of them when its text, or a template it reads, says ``slot``."""
        names = tuple(sorted(self.app.spec.slots))
        if not names or not ("slot" in draft.names or self._reads_slot(draft, target, names[0])):
            return ("",)
        return names

    def _reads_slot(self, draft: Draft, target: Target, slot: str) -> bool:
        """Whether a template that the resource is made from says ``slot``, which only making it tells."""
        inputs = self._inputs(draft, self._named(target, slot))
        self._rendered(draft, inputs)
        return "slot" in inputs.read

    def _twice(self, draft: Draft, ref: str, slot: str) -> None:
        if slot:
            message = f"both slots would have {ref}; what tells two resources apart has to say {{{{ slot.name }}}}"
            self.telling.problem(self.app.document.problem(draft.path, message))

    def finished(self, targets: Sequence[Target], resources: tuple[Resource, ...]) -> Unit:
        """Return the unit. Its checks are those that the App names; what all targets' resources bring comes after."""
        work = CheckWork(self.app, self.sources, self.variables, self.files)
        checks = tuple(work.checks(targets))
        for problem in work.problems:
            self.telling.problem(problem)
        health = (*checks, *self._shared_checks(targets))
        version = str(self.variables["version"])
        return Unit(
            id=self.asked.unit,
            version=version,
            commit=self.telling.commit,
            digest=digest({"version": version, "resources": self.digests, "health": said(health)}),
            targets=tuple(target.name for target in targets),
            resources=resources,
            health=health,
            after=self.asked.after,
            policy=self.asked.policy,
            blocked="; ".join(self.missing) or None,
            irreversible=self.app.spec.irreversible,
            slots=tuple(sorted(self.app.spec.slots)),
        )

    def _shared_checks(self, targets: Sequence[Target]) -> Iterator[HealthCheck]:
        """Yield the checks that resources bring along, where all targets that would be asked bring the same one."""
        there = Counter(target.sort for target in targets)
        for check, bringing in self._brought.items():
            if len(bringing) == there[check.on]:
                yield check
            elif isinstance(check, ResourceCheck):
                # Left out, it would let pass what does not run.
                name, path = next(iter(bringing.items()))
                message = f"how {check.ref} does is asked of all {check.on}s alike, and only {name} would have it so"
                hint = "write no {{ target }} where its name and its health are said: each target has its own anyway"
                self.telling.problem(self.app.document.problem(path, message, hint))

    def _made(self, place: tuple[int, str], draft: Draft, variables: Variables) -> _Made | None:
        if place in self._shared:
            return self._shared[place]
        inputs = self._inputs(draft, variables)
        rendered = self._rendered(draft, inputs)
        of_target = "target" in draft.names or "target" in inputs.read
        made = None
        if rendered is not None:
            self.missing.update(dict.fromkeys(inputs.missing))
            made = _Made(tuple((each, self._digest(draft, each)) for each in rendered), of_target)
        if not of_target:
            self._shared[place] = made
        return made

    def _inputs(self, draft: Draft, variables: Variables) -> ResourceInputs:
        folder = posixpath.dirname(self.app.document.file)
        return ResourceInputs(self.sources, folder, variables, draft.body, files=self.files)

    def _digest(self, draft: Draft, rendered: Rendered) -> Digest:
        identity = ResourceId(self.asked.unit, "", draft.kind, rendered.name)
        return Resource(
            id=identity,
            attributes=rendered.attributes,
            restart_on=tuple(rendered.restart_on),
            when=draft.common.when or "",
        ).digest

    def _rendered(self, draft: Draft, inputs: ResourceInputs) -> Sequence[Rendered] | None:
        """Texts, then the Spec, then the kind's own rendering; the first that fails tells all it finds."""
        kind = self.telling.kinds[draft.kind]
        document = self.app.document
        spec = draft.spec
        if spec is None:
            filling = Filling(self.sources.templates, document, inputs.variables, _secrets(kind, draft.body))
            body, mistaken = filling.of(draft.body, draft.path), filling.mistaken
            if not mistaken:
                try:
                    spec = kind.Spec.model_validate(body)
                except ValidationError as error:
                    mistaken = mistakes.problems(error, kind.Spec, document, draft.path)
                inputs.body = body
            for problem in mistaken:
                self.telling.problem(problem)
        if spec is None:
            return None
        try:
            rendered = kind.render(spec, inputs)
            return (rendered,) if isinstance(rendered, Rendered) else rendered
        except NotRun as error:
            self.missing[str(error)] = None
            return None
        except InputError as error:
            self.telling.problem(document.problem((*draft.path, *error.where.split(".")), str(error)))
            return None

    def _ignores(self, draft: Draft, made: _Made) -> None:
        """Tell of fields to ignore that nothing the text stands for has."""
        known = list(dict.fromkeys(name for rendered, _ in made.parts for name in rendered.attributes))
        for index, name in enumerate(draft.common.ignore if made.parts else ()):
            if not any(fnmatch.fnmatchcase(each, name) for each in known):
                message = f"{draft.kind}:{made.parts[0][0].name} has no field '{name}'{expected(known)}"
                place = (*draft.path, "ignore", index)
                self.telling.problem(self.app.document.problem(place, message, nearest(name, known)))

    def _resource(self, draft: Draft, rendered: Rendered, target: Target) -> Resource:
        identity = ResourceId(self.asked.unit, target.name, draft.kind, rendered.name)
        if rendered.of_user and isinstance(target, Host) and target.become is not Become.NONE:
            message = (
                f"{identity.ref} belongs to the user who logs in, and {target.name} has 'become: {target.become}': it "
                "would go to the user's home and to the manager of root"
            )
            self.telling.problem(
                self.app.document.problem(draft.path, message, "leave user out, or use a Host with become: none")
            )
        return Resource(
            id=identity,
            attributes=rendered.attributes,
            contents=rendered.contents,
            depends_on=(*rendered.depends_on, *draft.common.depends_on),
            restart_on=tuple(rendered.restart_on),
            drift=draft.common.drift_mode,
            adopt=draft.common.adopt,
            prune=draft.common.prune_mode,
            guard=draft.common.guard,
            when=draft.common.when or "",
            ignore=(*draft.common.ignore, *self._by_policy(identity.ref)),
        )

    def _by_policy(self, ref: str) -> tuple[str, ...]:
        policy = self.asked.policy
        if not policy.ignore:
            return ()
        if ref not in self._ignored:
            fitting = (rule.fields for rule in policy.ignore if fnmatch.fnmatchcase(ref, rule.resource))
            self._ignored[ref] = tuple(name for names in fitting for name in names)
        return self._ignored[ref]


def _secrets(kind: Kind, body: Mapping[str, Any]) -> frozenset[str]:
    """The secrets that texts in the document may use: those of a resource of an API, which sends what is written."""
    declared = body.get("secrets")
    return frozenset(declared) if kind.TARGET is not Sort.HOST and isinstance(declared, dict) else frozenset()
