"""Other people's programs that are asked whether to go on."""

from collections.abc import Mapping
from typing import Protocol

from reconciler.model.canonical import Json
from reconciler.model.step import Hook
from reconciler.model.target import Host
from reconciler.ports.outputs import Sink


class Hooks(Protocol):
    """Hooks of a rollout."""

    async def call(self, hook: Hook, payload: Mapping[str, Json], key: str, host: Host | None, output: Sink) -> str:
        """Call it and return its answer in a line; ``key`` is the same whenever the same call is made again.

        All that it says goes to ``output``.
        Raises WorldError when it cannot be reached, and Refused when it says no.
        """
        ...
