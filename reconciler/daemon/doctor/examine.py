"""The whole examination: this machine, Git and its documents, then every target side by side."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.daemon.doctor import api
from reconciler.daemon.doctor import host as patient
from reconciler.daemon.doctor.finding import HERE, Finding, bad, good
from reconciler.daemon.doctor.here import here, keys
from reconciler.daemon.settings import Settings
from reconciler.desired.load import Invalid
from reconciler.model.channel import secrets_of
from reconciler.model.target import Host, Sort, Target
from reconciler.model.unit import Desired
from reconciler.ports.clock import Clock
from reconciler.ports.errors import Broken, WorldError
from reconciler.ports.secrets import SecretMissing, Secrets
from reconciler.ports.shell import Shell
from reconciler.ports.source import Commit, Source, SourceError
from reconciler.ports.targets import TargetsOf

AT_ONCE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruments:
    """What an examination needs. ``read`` gives what a commit asks for, or raises Invalid or SourceError.

    ``apis`` look at all targets but hosts, by their sort.
    """

    shell: Shell
    source: Source
    read: Callable[[Commit], Awaitable[Desired]]
    secrets: Secrets
    state: str
    clock: Clock
    apis: Mapping[Sort, TargetsOf[Any]]


async def examine(settings: Settings, instruments: Instruments, only: Sequence[str] = ()) -> tuple[Finding, ...]:
    """Return all findings, this machine first; ``only`` names the targets to look at, all when it is empty."""
    found, of_git = list(here(settings)), list[Finding]()
    desired = await _git(instruments, of_git)
    found += keys(settings) if desired is None or desired.hosts else ()
    found += of_git
    if desired is None:
        return tuple(found)
    found += await asyncio.to_thread(_references, desired, instruments.secrets)
    chosen = [target for name, target in sorted(desired.targets.items()) if not only or name in only]
    there = f"there are: {', '.join(sorted(desired.targets))}"
    found += [
        bad(name, "target", "there is no such target in the desired state", there)
        for name in only
        if name not in desired.targets
    ]
    slots = asyncio.Semaphore(AT_ONCE)

    async def one(target: Target) -> tuple[Finding, ...]:
        async with slots:
            if isinstance(target, Host):
                return await _host(target, desired, instruments)
            return await _api(target, desired, instruments)

    for findings in await asyncio.gather(*map(one, chosen)):
        found += findings
    return tuple(found)


async def _git(instruments: Instruments, found: list[Finding]) -> Desired | None:
    try:
        head = await instruments.source.head()
        found.append(good(HERE, "git", f"commit {head.id[:7]} {head.subject}"))
        desired = await instruments.read(head)
    except Invalid as invalid:
        first, *more = (str(problem) for problem in invalid.problems)
        others = f" (and {len(more)} more)" if more else ""
        found.append(bad(HERE, "documents", f"{first}{others}", "mend them; reconciler validate names every one"))
        return None
    except SourceError as error:
        said = f"{error}; hosts are known from Git only, so none was looked at"
        found.append(
            bad(HERE, "git", said, "mend url, branch or the login under [git]; a new folder wants git init first")
        )
        return None
    what = "hosts" if len(desired.hosts) == len(desired.targets) else "targets"
    found.append(good(HERE, "documents", f"{len(desired.units)} units on {len(desired.targets)} {what}"))
    return desired


def _references(desired: Desired, secrets: Secrets) -> list[Finding]:
    contents = (one for unit in desired.units.values() for each in unit.resources for one in each.contents.values())
    named = {reference for content in contents for reference in content.secrets.values()}
    named |= {reference for target in desired.targets.values() for reference in api.secrets_of(target)}
    named |= {reference for each in desired.notifications.channels.values() for reference in secrets_of(each)}
    missing = []
    for reference in sorted(named):
        try:
            secrets.value(reference)
        except SecretMissing as error:
            missing.append(bad(HERE, "secrets", str(error), "put it where one of these is looked for"))
    return missing or ([good(HERE, "secrets", f"all {len(named)} that are spoken of are there")] if named else [])


async def _host(host: Host, desired: Desired, instruments: Instruments) -> tuple[Finding, ...]:
    asking = patient.script(patient.tools(host, desired), instruments.state)
    try:
        # The first contact opens the connection, which would look like a clock that is behind.
        await instruments.shell.run(host, patient.script((), instruments.state))
        before = instruments.clock.now()
        done = await instruments.shell.run(host, asking)
        if done.status != 0 and not done.output:
            raise Broken(f"looking at {host.name} failed: {done.errors.strip() or f'status {done.status}'}")
    except WorldError as error:
        return patient.unreached(host, error)
    lines = done.output.decode(errors="replace").splitlines()
    asked = patient.Asked(lines, before, instruments.clock.now())
    return (*patient.findings(host, asked), *patient.beyond(host, desired))


async def _api(target: Target, desired: Desired, instruments: Instruments) -> tuple[Finding, ...]:
    asked = api.of_target(target, desired)
    try:
        survey = await instruments.apis[target.sort].survey(target, asked)
    except WorldError as error:
        return api.unreached(target, error)
    return api.findings(target, asked, survey)
