"""What people write where a rollout waits: bake, pause, analyse, approve, hook."""

from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError, ValidationError

from reconciler.desired.analysis_documents import AnalyseField, Library
from reconciler.desired.fields import Count, Period, SecretReference, Strict
from reconciler.desired.words import Path, describe, one_of
from reconciler.model.step import DAY, AwaitApproval, AwaitPromotion, Bake, CallHook, CommandHook, HttpHook, Wait
from reconciler.policy.approvers import ROLE

_HTTP = HttpHook(url="")
_CALL = CallHook(_HTTP)


def _url(value: str) -> str:
    found = urlsplit(value)
    if found.scheme not in ("http", "https") or not found.hostname:
        raise ValueError(f"expected a URL with http or https, got {describe(value)}")
    return value


class PauseSpec(Strict):
    """Wait until a person says ``reconciler promote``; not promoted within that time, the rollout fails."""

    within: Period = DAY


class ApproveSpec(Strict):
    """Wait for the approval of ``count`` different people, of those in ``from`` if it is given.

    They are named, or are whoever has a role: ``from: [ann, "role:sre"]``.
    """

    count: Count = 1
    approvers: Annotated[tuple[Annotated[str, Field(min_length=1)], ...], Field(alias="from")] = ()
    within: Period = DAY

    @model_validator(mode="after")
    def _can_be(self) -> "ApproveSpec":
        people = set(self.approvers)
        if len(people) < len(self.approvers):
            raise told_at(("from",), "somebody is named twice", self.approvers)
        for index, each in enumerate(self.approvers):
            if each.startswith(ROLE) and not each.removeprefix(ROLE):
                raise told_at(("from", index), f"the role is missing: {ROLE}NAME", each)
        if people and not any(each.startswith(ROLE) for each in people) and self.count > len(people):
            raise told_at(("count",), f"{self.count} of {len(people)} people can never approve", self.count)
        return self


class HttpHookSpec(Strict):
    """POST what is going on, as JSON; a status of 200 to 299 is the answer to go on."""

    url: Annotated[str, AfterValidator(_url)]
    token: SecretReference | None = None


class HookSpec(Strict):
    """Ask somebody else's program: over http, or a command on the first target. It may be asked more than once."""

    http: HttpHookSpec | None = None
    command: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    timeout: Period = _HTTP.timeout
    attempts: Count = _CALL.attempts

    @model_validator(mode="after")
    def _exactly_one(self) -> "HookSpec":
        if (self.http is None) == (self.command is None):
            raise ValueError("expected exactly one of http or command")
        return self

    def to_model(self) -> CallHook:
        """Return the step."""
        if self.http:
            return CallHook(HttpHook(url=self.http.url, token=self.http.token, timeout=self.timeout), self.attempts)
        return CallHook(CommandHook(command=self.command or (), timeout=self.timeout), self.attempts)


class WaitSpec(Strict):
    """One thing to wait for: exactly one of the keys."""

    bake: Period | None = None
    pause: PauseSpec | None = None
    analyse: AnalyseField | None = None
    approve: ApproveSpec | None = None
    hook: HookSpec | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> "WaitSpec":
        keys = [key for key in type(self).model_fields if key != "auto_promote"]
        if sum(getattr(self, key) is not None for key in keys) != 1:
            names = [type(self).model_fields[key].alias or key for key in keys]
            raise ValueError(f"expected exactly one of {one_of(names)}")
        return self

    def wait(self, library: Library) -> Wait:
        """Return what is waited for."""
        if self.bake:
            return Bake(self.bake)
        if self.pause:
            return AwaitPromotion(self.pause.within)
        if self.analyse:
            return self.analyse.to_model(library)
        if self.approve:
            return AwaitApproval(self.approve.count, self.approve.approvers, self.approve.within)
        assert self.hook
        return self.hook.to_model()


Waits = tuple[WaitSpec, ...]


def told_at(path: Path, message: str, value: Any) -> ValidationError:
    """Return a mistake at a place within what is validated."""
    error = PydanticCustomError("value_error", "{error}", {"error": message})
    return ValidationError.from_exception_data("document", [InitErrorDetails(type=error, loc=path, input=value)])
