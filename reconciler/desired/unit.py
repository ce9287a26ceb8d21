"""One app in one environment, rendered for every one of its targets: a unit."""

import fnmatch
import posixpath
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import ValidationError

from reconciler.desired import mistakes, slots
from reconciler.desired.checks import CheckWork
from reconciler.desired.claims import Taking, needs
from reconciler.desired.documents import AppSpec
from reconciler.desired.fleet import Written
from reconciler.desired.inputs import ResourceInputs, Sources
from reconciler.desired.references import circles
from reconciler.desired.resources import Draft
from reconciler.desired.templates import TemplateMistake, Variables, is_template
from reconciler.desired.words import Path, expected, nearest
from reconciler.model.canonical import Digest, digest, said
from reconciler.model.health import HealthCheck
from reconciler.model.identity import ResourceId, UnitId
from reconciler.model.policy import RolloutPolicy
from reconciler.model.problem import Problem
from reconciler.model.resource import Resource
from reconciler.model.target import Become, Host
from reconciler.model.unit import Unit
from reconciler.ports.kind import InputError, Kind, Rendered


@dataclass(frozen=True, slots=True)
class _Made:
    """A resource as its kind made it, and its digest; the same for every target unless ``of_target``."""

    rendered: Rendered
    digest: Digest
    missing: tuple[str, ...]
    of_target: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """Which unit is made, under which policy, which units go before it, and the hosts of its load balancers."""

    unit: UnitId
    policy: RolloutPolicy
    after: tuple[UnitId, ...]
    balancers: tuple[Host, ...] = ()


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
    _brought: dict[HealthCheck, set[str]] = field(default_factory=dict)

    def resources(self, drafts: Sequence[Draft], targets: Sequence[Host]) -> Iterator[Resource]:
        """Yield all resources, target by target, in the order they are written."""
        places = [(index, slot) for index, draft in enumerate(drafts) for slot in self._slots(draft)]
        for host in targets:
            target = {"name": host.name, "address": host.address, "labels": host.labels}
            here: dict[str, Resource] = {}
            as_before = len(self._shared) == len(places)
            for index, slot in places:
                draft = drafts[index]
                variables = {**self.variables, **slots.variables(self.app.spec.slots, slot), "target": target}
                made = self._made((index, slot), draft, variables)
                if made is None:
                    continue
                resource = replace(self._resource(draft, made.rendered, host), slot=slot)
                if slot and resource.id.ref in here:
                    self._in_both(draft, resource.id.ref)
                self.takings.append(needs(resource.id, made.rendered, self.app.document, draft.path))
                for check in made.rendered.health:
                    self._brought.setdefault(replace(check, slot=slot), set()).add(host.name)
                self.digests.setdefault(host.name, {})[resource.id.ref] = made.digest
                here[resource.id.ref] = resource
                yield resource
            if not as_before:
                self._check_refs([drafts[index] for index, _ in places], here)

    def _slots(self, draft: Draft) -> Sequence[str]:
        """The slots that a resource is there for: each of them when its text says ``slot``."""
        return tuple(sorted(self.app.spec.slots)) if self.app.spec.slots and "slot" in draft.names else ("",)

    def _in_both(self, draft: Draft, ref: str) -> None:
        message = f"both slots would have {ref}; what tells two resources apart has to say {{{{ slot.name }}}}"
        self.telling.problem(self.app.document.problem(draft.path, message))

    def finished(self, targets: Sequence[Host], resources: tuple[Resource, ...]) -> Unit:
        """Return the unit. Its checks are those that the App names; what all targets' resources bring comes after."""
        work = CheckWork(self.app, self.sources, self.variables, self.files)
        checks = tuple(work.checks(targets))
        for problem in work.problems:
            self.telling.problem(problem)
        brought = (check for check, hosts in self._brought.items() if len(hosts) == len(targets))
        health = (*checks, *brought)
        version = str(self.variables["version"])
        return Unit(
            id=self.asked.unit,
            version=version,
            commit=self.telling.commit,
            digest=digest({"version": version, "resources": self.digests, "health": said(health)}),
            targets=tuple(host.name for host in targets),
            resources=resources,
            health=health,
            after=self.asked.after,
            policy=self.asked.policy,
            blocked="; ".join(self.missing) or None,
            irreversible=self.app.spec.irreversible,
            slots=tuple(sorted(self.app.spec.slots)),
        )

    def _made(self, place: tuple[int, str], draft: Draft, variables: Variables) -> _Made | None:
        if place in self._shared:
            return self._shared[place]
        inputs = ResourceInputs(
            self.sources, posixpath.dirname(self.app.document.file), variables, draft.body, files=self.files
        )
        rendered = self._rendered(draft, inputs)
        of_target = "target" in draft.names or "target" in inputs.read
        made = None
        if rendered:
            self.missing.update(dict.fromkeys(inputs.missing))
            attributes = Resource(
                id=ResourceId(self.asked.unit, "", draft.kind, rendered.name),
                attributes=rendered.attributes,
                restart_on=tuple(rendered.restart_on),
            )
            made = _Made(rendered, attributes.digest, tuple(inputs.missing), of_target)
        if not of_target:
            self._shared[place] = made
        return made

    def _rendered(self, draft: Draft, inputs: ResourceInputs) -> Rendered | None:
        """Texts, then the Spec, then the kind's own rendering; the first that fails tells all it finds."""
        kind = self.telling.kinds[draft.kind]
        document = self.app.document
        spec = draft.spec
        if spec is None:
            mistaken: list[Problem] = []
            body = self._filled(draft.body, draft.path, inputs.variables, mistaken)
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
            return rendered if isinstance(rendered, Rendered) else rendered[0]
        except InputError as error:
            self.telling.problem(document.problem((*draft.path, *error.where.split(".")), str(error)))
            return None

    def _filled(self, value: Any, at: Path, variables: Variables, mistaken: list[Problem]) -> Any:
        if isinstance(value, dict):
            return {key: self._filled(each, (*at, key), variables, mistaken) for key, each in value.items()}
        if isinstance(value, list):
            return [self._filled(each, (*at, index), variables, mistaken) for index, each in enumerate(value)]
        if not isinstance(value, str) or not is_template(value):
            return value
        try:
            return self.sources.templates.render(value, variables).text
        except TemplateMistake as mistake:
            line = f"line {mistake.line} of the text: " if "\n" in value.rstrip("\n") and mistake.line else ""
            mistaken.append(self.app.document.problem(at, f"{line}{mistake}", mistake.suggestion))
            return value

    def _resource(self, draft: Draft, rendered: Rendered, host: Host) -> Resource:
        identity = ResourceId(self.asked.unit, host.name, draft.kind, rendered.name)
        for index, name in enumerate(draft.common.ignore):
            if not any(fnmatch.fnmatchcase(known, name) for known in rendered.attributes):
                known = list(rendered.attributes)
                message = f"{identity.ref} has no field '{name}'{expected(known)}"
                place = (*draft.path, "ignore", index)
                self.telling.problem(self.app.document.problem(place, message, nearest(name, known)))
        if rendered.of_user and host.become is not Become.NONE:
            message = (
                f"{identity.ref} belongs to the user who logs in, and {host.name} has 'become: {host.become}': it "
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

    def _check_refs(self, drafts: Sequence[Draft], here: Mapping[str, Resource]) -> None:
        needs = {ref: (*each.depends_on, *each.restart_on) for ref, each in here.items()}
        if len(here) < len(drafts) or not any(needs.values()):
            return
        for (ref, wanted), draft in zip(needs.items(), drafts, strict=True):
            for each in wanted:
                if each not in here:
                    triggers = "onChange" if "onChange" in draft.body else "restartOn"
                    key = "dependsOn" if each in draft.common.depends_on else triggers
                    message = f"there is no resource {each} in this app{expected(sorted(here.keys() - {ref}))}"
                    problem = self.app.document.problem((*draft.path, key), message, nearest(each, here))
                    self.telling.problem(problem)
        for circle in circles(needs):
            message = f"these wait for each other: {' -> '.join((*circle, circle[0]))}"
            self.telling.problem(self.app.document.problem(drafts[list(here).index(circle[0])].path, message))
