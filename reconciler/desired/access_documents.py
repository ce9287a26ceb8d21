"""What people write under policies/ about who may do what: Role and RoleBinding."""

from typing import Annotated

from pydantic import AfterValidator, Field

from reconciler.desired.fields import Name, Strict
from reconciler.desired.matching_documents import UnitsSpec
from reconciler.desired.words import describe
from reconciler.model.access import Action, Role, RoleBinding
from reconciler.policy.names import is_name


def _subject(text: str) -> str:
    sort, _, name = text.partition(":")
    if sort not in ("user", "group") or not is_name(name):
        raise ValueError(f"expected user:NAME or group:NAME, got {describe(text)}")
    if "*" in name:
        raise ValueError(f"name them one by one: {describe(text)} is nobody, there is no subject for everybody")
    return text


Subject = Annotated[
    str,
    AfterValidator(_subject),
    Field(json_schema_extra={"pattern": r"^(user|group):[^*]+$"}, description="user:NAME or group:NAME"),
]


class RoleSpec(Strict):
    """The actions that who has the role may do; reading is one of them and comes with no other."""

    actions: Annotated[tuple[Action, ...], Field(min_length=1)]

    def to_model(self, name: str) -> Role:
        """Return the role."""
        return Role(name=name, actions=tuple(dict.fromkeys(self.actions)))


class RoleBindingSpec(Strict):
    """Who has the role: people and machines by name, or groups of them; and over which units. No match: everything."""

    role: Name
    subjects: Annotated[tuple[Subject, ...], Field(min_length=1)]
    match: UnitsSpec = UnitsSpec()

    def to_model(self, name: str) -> RoleBinding:
        """Return the binding."""
        return RoleBinding(name=name, role=self.role, subjects=self.subjects, match=self.match.to_model())
