"""The files of a commit in, the desired state out, or all that is wrong with them."""

import posixpath
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TypeAlias

from reconciler.desired import analyses, governing, granting, proving, references, roles, secret_names, telling, tree
from reconciler.desired.fleet import POLICY_KINDS, Checked, Fleet, check, gather
from reconciler.desired.inputs import Sources
from reconciler.desired.memory import Memory
from reconciler.desired.programs import output, remembered
from reconciler.desired.render import Rendering
from reconciler.desired.resources import Draft, drafts
from reconciler.desired.templates import Templates
from reconciler.desired.tree import Document
from reconciler.model.identity import UnitId
from reconciler.model.policy import DEFAULT_POLICY, RolloutPolicy
from reconciler.model.problem import Problem
from reconciler.model.secret_store import SecretStore
from reconciler.model.unit import Desired, Unit
from reconciler.policy.select import Ambiguous, Candidate, select
from reconciler.ports.kind import Kind
from reconciler.ports.program import Program
from reconciler.ports.secrets import Secrets, SecretStores

_By: TypeAlias = Callable[[Mapping[str, SecretStore]], Secrets]
_File: TypeAlias = tuple[str, tuple[Checked, ...], tuple[Problem, ...]]


@dataclass(frozen=True, slots=True)
class Folders:
    """Where in the repository documents are: paths without a slash at the end, ``.`` for the whole of it."""

    desired_state: str = "desired-state"
    policies: str = "policies"

    @property
    def all(self) -> tuple[str, ...]:
        """Both of them."""
        return (self.desired_state, self.policies)


class Invalid(Exception):
    """A commit that does not load. ``problems`` are all of its mistakes, in order of files and lines."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


def load(
    commit: str, files: Mapping[str, bytes], kinds: Mapping[str, Kind], secrets: SecretStores, folders: Folders
) -> Desired:
    """Return what the commit asks for, without any memory; raise Invalid."""
    return Loading(kinds, secrets, folders).load(commit, files)


@dataclass(frozen=True, slots=True)
class Loading:
    """How the files of a commit become a desired state. What did not change since the last load is remembered."""

    kinds: Mapping[str, Kind]
    secrets: SecretStores
    folders: Folders
    memory: Memory = field(default_factory=Memory)

    def load(self, commit: str, files: Mapping[str, bytes]) -> Desired:
        """Return what a commit asks for that may be followed; raise Invalid.

        ``files`` are those of the folders, by path in the repository. A secret that cannot be read blocks its unit and
        is no mistake of the commit. A commit that asks for nothing at all is a mistake: it would take everything away.
        """
        with self.memory.load():
            return _loaded(self, commit, files, _Means(self.secrets.by, output))

    def stores(self, files: Mapping[str, bytes]) -> Mapping[str, SecretStore]:
        """Return the stores of secrets that the files name, whatever else is in them."""
        with self.memory.load():
            fleet, _ = gather(each for _, documents, _ in _read(files, self.memory) for each in documents)
            return secret_names.stores(fleet, files)

    def preview(self, commit: str, files: Mapping[str, bytes]) -> Desired:
        """Return what any commit asks for; raise Invalid. Stores of secrets that only it has are not asked."""
        with self.memory.load():
            return _loaded(self, commit, files, _Means(self.secrets.known, output))

    def recall(self, commit: str, files: Mapping[str, bytes]) -> Desired:
        """Return what a commit asks for that was followed once; raise Invalid.

        Secrets are looked up by the stores that are followed now: those of then may be given up, and are not asked.
        """
        with self.memory.load():
            return _loaded(self, commit, files, _Means(lambda _: self.secrets, output))

    def propose(self, commit: str, files: Mapping[str, bytes], secrets: SecretStores) -> Desired:
        """Return what a commit asks for that only somebody proposes; raise Invalid.

        No program is run with anything that the load before did not run it with, and secrets are ``secrets`` by the
        stores that are followed already.
        """
        with self.memory.load():
            return _loaded(self, commit, files, _Means(secrets.known, remembered))


@dataclass(frozen=True, slots=True)
class _Means:
    """What a load may use: secrets by the stores of the commit, and programs."""

    by: _By
    run: Callable[[Program, Memory], str]


def _loaded(loading: Loading, commit: str, files: Mapping[str, bytes], means: _Means) -> Desired:
    folders, memory, templates = loading.folders, loading.memory, Templates()
    root = _normal(folders.desired_state)
    read = _read(files, memory)
    fleet, problems = gather(each for _, documents, _ in read for each in documents)
    stores = secret_names.stores(fleet, files)
    sources = Sources(
        files,
        root,
        templates,
        means.by(stores),
        memory=memory,
        stores=fleet.named("SecretStore"),
        run=means.run,
    )
    problems += [problem for _, _, found in read for problem in found]
    problems += _misplaced(fleet, root, _normal(folders.policies))
    problems += _empty(files, fleet, root)
    problems += references.check(fleet)
    problems += roles.check(fleet)
    problems += analyses.check(fleet)
    problems += proving.check(fleet, files, _normal(folders.policies))
    problems += granting.check(fleet)
    problems += secret_names.check(fleet, files)
    problems += telling.check(fleet)
    written = _drafts(fleet, loading, templates, problems)
    policies = _policies(fleet, memory, problems)
    rendering = Rendering(commit, fleet, loading.kinds, sources, memory)
    units: dict[UnitId, Unit] = {}
    for name in sorted(fleet.apps):
        units.update({unit.id: unit for unit in rendering.units(fleet.apps[name], written[name], policies)})
    problems += [*rendering.problems, *rendering.analyses.values()]
    if problems:
        raise Invalid(tuple(sorted(dict.fromkeys(problems), key=_order)))
    placed = governing.places(fleet, units)
    return Desired(
        commit=commit,
        targets=rendering.table.all,
        units=units,
        contents=sources.contents,
        stores=stores,
        governance=governing.governance(fleet, placed),
        placed=placed,
        provenance=proving.proofs(fleet, placed, files, _normal(folders.policies)),
        access=granting.granted(fleet),
        notifications=telling.notifications(fleet),
    )


def _read(files: Mapping[str, bytes], memory: Memory) -> list[_File]:
    return [memory.of((name, files[name]), partial(_checked, name, files[name])) for name in sorted(files)]


def _checked(name: str, data: bytes) -> _File:
    documents, problems = tree.read({name: data})
    return name, tuple(check(document) for document in documents), tuple(problems)


def _order(problem: Problem) -> tuple[str, int, int, str, str]:
    return (problem.file, problem.line, problem.column, problem.path, problem.message)


def _normal(folder: str) -> str:
    normal = posixpath.normpath(folder).strip("/")
    return "" if normal == "." else normal


def _inside(file: str, folder: str) -> bool:
    return not folder or file.startswith(folder + "/")


def _misplaced(fleet: Fleet, root: str, policies: str) -> list[Problem]:
    """Who may change policies is for the repository to say, by folder; so each kind has its folder."""
    problems = []
    for (kind, _), document in fleet.names.items():
        folder = policies if kind in POLICY_KINDS else root
        if not _inside(document.file, folder):
            message = f"{kind} documents belong in the folder {folder}/"
            problems.append(document.problem(("kind",), message))
    return problems


def _empty(files: Mapping[str, bytes], fleet: Fleet, root: str) -> list[Problem]:
    never = "an empty desired state is never applied, everything stays as it is"
    if not any(_inside(file, root) for file in files):
        return [
            Problem(file=root or ".", message=f"there is no folder {root or '.'} with files in the commit; {never}")
        ]
    if not fleet.named("App"):
        return [Problem(file=root or ".", message=f"there is no App in this folder; {never}")]
    return []


def _drafts(
    fleet: Fleet, loading: Loading, templates: Templates, problems: list[Problem]
) -> dict[str, tuple[Draft, ...]]:
    """The resources of every App, also of those with mistakes elsewhere, so that all mistakes are told."""
    written = {}
    for (kind, name), document in fleet.names.items():
        if kind == "App":
            make = partial(drafts, document, loading.kinds, templates)
            written[name], found = loading.memory.again(("drafts", name), document, make)
            problems += found
    return written


def _policies(fleet: Fleet, memory: Memory, problems: list[Problem]) -> dict[UnitId, RolloutPolicy]:
    """The policy of every unit; a problem for each set of policies of which none wins."""
    candidates = [
        Candidate(
            memory.again(("policy", name), each, partial(each.spec.to_model, name)),
            each.spec.match.environments,
            each.spec.match.apps,
        )
        for name, each in sorted(fleet.policies.items())
    ]
    chosen: dict[UnitId, RolloutPolicy] = {}
    answers: dict[tuple[str, frozenset[tuple[str, str]]], RolloutPolicy | Ambiguous] = {}
    told: set[tuple[str, ...]] = set()
    for app in fleet.apps.values():
        for name in app.spec.environments:
            environment = fleet.environments.get(name)
            labels = environment.labels if environment else {}
            fitting = (name, frozenset(app.labels.items()))
            if fitting not in answers:
                answers[fitting] = select(candidates, labels, app.labels)
            answer = answers[fitting]
            unit = UnitId(app.name, name)
            chosen[unit] = DEFAULT_POLICY if isinstance(answer, Ambiguous) else answer
            if isinstance(answer, Ambiguous) and answer.names not in told:
                told.add(answer.names)
                problems.append(_tie(fleet, unit, answer.names))
    return chosen


def _tie(fleet: Fleet, unit: UnitId, names: tuple[str, ...]) -> Problem:
    document: Document = fleet.policies[names[-1]].document
    message = f"the policies {' and '.join(names)} fit {unit} equally well"
    return document.problem(("spec", "match"), message, "ask for one more label in one of them")
