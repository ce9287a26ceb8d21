"""What the router of a unit is made from, and how its mistakes are told."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from reconciler.desired import slots
from reconciler.desired.documents import AppSpec
from reconciler.desired.fleet import Written
from reconciler.desired.templates import TemplateMistake, Templates, Variables
from reconciler.desired.traffic_documents import HaproxySpec, NginxSpec, RouterSpec
from reconciler.desired.words import Path
from reconciler.model.policy import Canary, MirrorTo, Strategy
from reconciler.model.problem import Problem
from reconciler.model.target import Target
from reconciler.model.traffic import Member


@dataclass(frozen=True, slots=True)
class Between:
    """What a router stands in front of and where it is: targets, their slots if any, and load balancers."""

    targets: Sequence[Target]
    slots: tuple[str, ...]
    balancers: Sequence[Target]
    strategy: Strategy


@dataclass(frozen=True, slots=True)
class Frame:
    """One app's router in one environment. ``told`` is told of every mistake; ``key`` is the router's in the App."""

    app: Written[AppSpec]
    key: str
    between: Between
    variables: Variables
    templates: Templates
    told: Callable[[Problem], None]

    def tell(self, key: str, message: str, hint: str | None = None) -> None:
        """Tell that what is under the key of the router is wrong; an empty key is the router itself."""
        path: Path = ("spec", "traffic", self.key, *([key] if key else []))
        self.told(self.app.document.problem(path, message, hint))

    def members(self, key: str, template: str, targets: Sequence[Target]) -> Iterator[Member]:
        """Yield a member for every target, or every slot of it, named as the template says, which is under the key."""
        for target in targets:
            for slot in self.between.slots or ("",):
                name = self.text(key, template, target, slot)
                if name is None:
                    return
                yield Member(target.name, name, slot)

    def text(self, key: str, template: str, target: Target, slot: str) -> str | None:
        """Return what the template says for a slot of a target; None where it is wrong, which is told."""
        about = {"name": target.name, "address": target.address, "labels": target.labels}
        names = {**self.variables, "target": about, **slots.variables(self.app.spec.slots, slot)}
        try:
            return self.templates.render(template, names).text
        except TemplateMistake as mistake:
            self.tell(key, str(mistake), mistake.suggestion)
            return None

    def told_if_mirrored(self, written: RouterSpec) -> None:
        """Tell when the policy has copies of requests sent and the router cannot do that."""
        if not _mirrors(self.between.strategy) or (isinstance(written, NginxSpec) and written.mirror):
            return
        cannot = "nginx can only with a 'mirror' file" if isinstance(written, NginxSpec) else f"{self._name} cannot"
        message = f"the policy's canary mirrors requests, and {cannot}"
        self.tell("", message, "another policy, or no step 'mirror' in this one")

    @property
    def _name(self) -> str:
        return (
            "HAProxy" if isinstance(self.app.spec.traffic and self.app.spec.traffic.router, HaproxySpec) else self.key
        )


def _mirrors(strategy: Strategy) -> bool:
    return isinstance(strategy, Canary) and any(isinstance(step, MirrorTo) for step in strategy.steps)
