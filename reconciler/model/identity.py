"""Names of the things we plan, change and talk about."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class UnitId:
    """One app in one environment; what is planned, locked, rolled out and reverted. Text: ``shop@production``."""

    app: str
    environment: str

    def __str__(self) -> str:
        return f"{self.app}@{self.environment}"

    @staticmethod
    def parse(text: str) -> "UnitId":
        """Read ``app@environment``; ValueError when it is not of that form."""
        app, at, environment = text.partition("@")
        if not (app and at and environment) or "/" in text or "@" in environment:
            raise ValueError(f"{text!r} is not a unit; write app@environment, for example shop@production")
        return UnitId(app, environment)


@dataclass(frozen=True, slots=True, order=True)
class ResourceId:
    """One thing on one target. Text: ``shop@production/web-1/file:/etc/shop/app.toml``.

    ``kind`` is the word people write in documents (``file``, ``systemdUnit``), ``name`` what tells two
    resources of a kind apart on one target.
    """

    unit: UnitId
    target: str
    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.unit}/{self.target}/{self.ref}"

    @property
    def ref(self) -> str:
        """The name within the unit and target: ``kind:name``, as in ``restartOn`` and ``dependsOn``."""
        return f"{self.kind}:{self.name}"

    @staticmethod
    def parse(text: str) -> "ResourceId":
        """Read the text form back; ValueError when it is not of that form."""
        unit, first, rest = text.partition("/")
        target, second, ref = rest.partition("/")
        kind, colon, name = ref.partition(":")
        if not (first and second and colon and target and kind and name):
            raise ValueError(f"{text!r} is not a resource; write app@environment/target/kind:name")
        return ResourceId(UnitId.parse(unit), target, kind, name)
