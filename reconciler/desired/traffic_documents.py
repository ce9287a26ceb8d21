"""What people write under ``traffic:`` of an App: which router sends it requests, and how it knows the targets."""

from datetime import timedelta
from typing import Annotated, Any

from pydantic import Field, model_validator

from reconciler.desired.fields import HostPath, Labels, Matching, Period, Strict

RouterName = Annotated[
    str,
    Matching(r"[A-Za-z0-9_.:-]{1,128}", "a name as HAProxy and nginx have them: letters, digits, '_', '.', ':', '-'"),
]


class HaproxySpec(Strict):
    """A backend of HAProxy, told through its runtime API. ``server`` is a template: the server of one target."""

    hosts: Annotated[Labels, Field(min_length=1)]
    backend: RouterName
    server: str = "{{ target.name }}"
    socket: HostPath = "/run/haproxy/admin.sock"
    drain_within: Period = timedelta(seconds=30)

    @model_validator(mode="before")
    @classmethod
    def _no_mirror(cls, given: Any) -> Any:
        if isinstance(given, dict) and "mirror" in given:
            raise ValueError("HAProxy cannot send copies of requests; take mirror out, or use nginx")
        return given


class NginxSpec(Strict):
    """An upstream of nginx whose servers are in a file of ours. ``server`` is a template: the address of one target."""

    hosts: Annotated[Labels, Field(min_length=1)]
    upstream: RouterName
    include: HostPath
    server: str
    mirror: HostPath | None = None
    drain_within: Period = timedelta(seconds=30)


class TrafficSpec(Strict, json_schema_extra={"minProperties": 1, "maxProperties": 1}):
    """The router in front of the app: exactly one of the keys."""

    haproxy: HaproxySpec | None = None
    nginx: NginxSpec | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> "TrafficSpec":
        if (self.haproxy is None) == (self.nginx is None):
            raise ValueError("expected exactly one of haproxy or nginx")
        return self

    @property
    def key(self) -> str:
        """The key that is there."""
        return "haproxy" if self.haproxy else "nginx"

    @property
    def router(self) -> HaproxySpec | NginxSpec:
        """What is behind it."""
        chosen = self.haproxy or self.nginx
        assert chosen
        return chosen
