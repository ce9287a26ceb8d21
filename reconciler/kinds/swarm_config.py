"""A config of a Docker Swarm: a text that services have as a file. Another text is another version."""

from typing import Self

from pydantic import Field, model_validator

from reconciler.kinds import no_process, swarm_versions
from reconciler.kinds.docker_words import Labels
from reconciler.kinds.written import Text, Written, one_of
from reconciler.model.target import Sort
from reconciler.ports.kind import InputError, Inputs, Rendered

NAME = swarm_versions.CONFIG
TARGET = Sort.SWARM
_LARGEST = 500 * 1024


class Spec(Written):
    """A config that services of a Swarm have as a file."""

    name: swarm_versions.VersionName
    content: str | None = None
    template: Text | None = None
    file: Text | None = None
    labels: Labels = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        one_of({"content": self.content, "template": self.template, "file": self.file}, at_least=1)
        return self


def render(spec: Spec, inputs: Inputs) -> Rendered:
    """Return the config; raise InputError where Swarm would not take it."""
    if spec.template is not None:
        key, content = "template", inputs.template(spec.template, {})
    elif spec.file is not None:
        key, content = "file", inputs.file(spec.file)
    else:
        key, content = "content", inputs.text(spec.content or "")
    if not 0 < content.size <= _LARGEST:
        raise InputError(key, f"a config has 1 byte at least and 500 KiB at most, this one has {content.size} bytes")
    return swarm_versions.rendered(spec.name, content, spec.labels)


wave, probe, parse = swarm_versions.wave, swarm_versions.probe, swarm_versions.parse
diff, commands, removal = swarm_versions.diff, swarm_versions.commands, swarm_versions.removal
restart = no_process.restart
