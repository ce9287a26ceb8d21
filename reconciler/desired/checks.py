"""The health checks of an app, with what they need of the repository and of the unit they are for."""

import posixpath
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from reconciler.desired.documents import AppSpec
from reconciler.desired.fleet import Written
from reconciler.desired.health_fields import authorities
from reconciler.desired.inputs import ResourceInputs, Sources
from reconciler.desired.templates import TemplateMistake, Variables, is_template
from reconciler.model.health import HealthCheck, SystemdCheck
from reconciler.model.problem import Problem
from reconciler.model.target import Become, Host, Sort, Target
from reconciler.ports.kind import InputError


@dataclass(slots=True)
class CheckWork:
    """The making of the checks that an app names, for one unit. ``files`` are those of the repository that it read."""

    app: Written[AppSpec]
    sources: Sources
    variables: Variables
    files: set[str]
    problems: list[Problem] = field(default_factory=list)

    def checks(self, targets: Sequence[Target]) -> Iterator[HealthCheck]:
        """Yield the checks; one that cannot be made leaves a problem instead."""
        document = self.app.document
        for index, spec in enumerate(self.app.spec.health):
            place = ("spec", "health", index, spec.named)
            try:
                check = spec.to_model(self)
            except InputError as error:
                self.problems.append(document.problem((*place, *error.where.split(".")), str(error)))
                continue
            except TemplateMistake as mistake:
                problem = document.problem((*place, "body", "contains"), str(mistake), mistake.suggestion)
                self.problems.append(problem)
                continue
            if isinstance(check, SystemdCheck) and check.user:
                self._has_a_user(targets, place)
            yield check

    def certificates(self, path: str) -> str:
        """Return the certificates in a file of the repository; raise InputError."""
        folder = posixpath.dirname(self.app.document.file)
        inputs = ResourceInputs(self.sources, folder, self.variables, {"tls.ca": path}, files=self.files)
        try:
            return authorities(inputs.data(path))
        except ValueError as error:
            raise InputError("tls.ca", f"{path}: {error}") from error

    def text(self, text: str) -> str:
        """Return the text with its templates filled in; raise TemplateMistake."""
        return self.sources.templates.render(text, self.variables).text if is_template(text) else text

    @property
    def selected(self) -> Collection[Sort]:
        """Which sorts of targets the app has."""
        return self.app.spec.targets.by_sort

    def _has_a_user(self, targets: Sequence[Target], place: tuple[str | int, ...]) -> None:
        hosts = (each for each in targets if isinstance(each, Host))
        root = next((host for host in hosts if host.become is not Become.NONE), None)
        if root is not None:
            message = (
                f"the check asks the manager of the user who logs in, and {root.name} has 'become: {root.become}': it "
                "would ask the one of root"
            )
            hint = "leave user out, or use a Host with become: none"
            self.problems.append(self.app.document.problem((*place, "user"), message, hint))
