"""What reads what hosts keep of us, put together from the settings: for a person who has lost the journal."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from reconciler.daemon.controller import controller
from reconciler.daemon.relearning import Relearning
from reconciler.daemon.settings import Settings
from reconciler.daemon.sources import Sources
from reconciler.desired.git import GitSource
from reconciler.desired.git_line import GitLine
from reconciler.desired.remote import remote
from reconciler.model.target import Host, hosts_among
from reconciler.providers.host_records import HostRecords
from reconciler.providers.ssh import SshShell
from reconciler.providers.ssh_options import SshOptions


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
    try:
        yield Relearning(world=world, records=HostRecords(shell, holder), source=source)
    finally:
        await shell.close()
