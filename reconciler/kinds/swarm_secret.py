"""A secret of a Docker Swarm: services have it as a file in memory. Another value is another version."""

from typing import Annotated

from pydantic import Field

from reconciler.kinds import no_process, swarm_versions
from reconciler.kinds.docker_words import Labels
from reconciler.kinds.written import Text, Written
from reconciler.model.target import Sort
from reconciler.ports.kind import Inputs, Rendered

NAME = swarm_versions.SECRET
TARGET = Sort.SWARM


class Spec(Written):
    """A secret that services of a Swarm have as a file."""

    name: swarm_versions.VersionName
    secret: Annotated[Text, Field(description="reference of the secret that is its content")]
    labels: Labels = Field(default_factory=dict)


def render(spec: Spec, inputs: Inputs) -> Rendered:
    """Return the secret, whose content is a reference."""
    return swarm_versions.rendered(spec.name, inputs.secret(spec.secret), spec.labels)


wave, probe, parse = swarm_versions.wave, swarm_versions.probe, swarm_versions.parse
diff, commands, removal = swarm_versions.diff, swarm_versions.commands, swarm_versions.removal
restart = no_process.restart
