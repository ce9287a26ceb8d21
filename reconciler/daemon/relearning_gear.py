"""What reads what hosts keep of us, put together from the settings: for a person who has lost the journal."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import assert_never

from reconciler.daemon.controller import controller
from reconciler.daemon.relearning import Relearning
from reconciler.daemon.settings import Settings
from reconciler.daemon.sources import Sources
from reconciler.desired.git import GitSource
from reconciler.desired.git_line import GitLine
from reconciler.desired.remote import remote
from reconciler.model.target import DockerEngine, Host, hosts_among
from reconciler.ports.marks import Keeper, Recorded
from reconciler.providers.docker.engines import Engines
from reconciler.providers.docker.marking import EngineRecords
from reconciler.providers.host_records import HostRecords
from reconciler.providers.ssh import SshShell
from reconciler.providers.ssh_options import SshOptions


@dataclass(frozen=True, slots=True)
class _AllRecords:
    hosts: HostRecords
    engines: EngineRecords

    async def of(self, target: Keeper) -> Recorded:
        match target:
            case Host():
                return await self.hosts.of(target)
            case DockerEngine():
                return await self.engines.of(target)
            case _:
                assert_never(target)


@asynccontextmanager
async def gear(settings: Settings, sources: Sources) -> AsyncIterator[Relearning]:
    """Have hosts asked for the time of the block, and the mirror asked whether it has the commits that they name."""
    world, git = sources.world, settings.git

    def hosts() -> Mapping[str, Host]:
        return hosts_among(world.commits.targets)

    line = GitLine(remote(git.url), settings.state_dir / "git", git.ssh_command, git.credentials)
    source = GitSource(line, git.branch, (git.desired_state, git.policies))
    holder = controller(settings.state_dir, settings.state_dir, world.clock)
    shell = SshShell(SshOptions(**settings.ssh.model_dump()), hosts, sources.secrets)
    engines = Engines(shell, sources.secrets)
    try:
        kept = _AllRecords(HostRecords(shell, holder), EngineRecords(engines))
        yield Relearning(world=world, records=kept, source=source)
    finally:
        await engines.close()
        await shell.close()
