"""What a check of rules needs beside the chronicle: what the journal proves, whether it is whole, who signed what."""

import asyncio
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from reconciler.audit.tamper import Trouble
from reconciler.daemon.archive_reading import Segments
from reconciler.daemon.doorway import JOURNAL
from reconciler.daemon.reporting import Reporting
from reconciler.daemon.settings import Settings
from reconciler.daemon.verifying import Checked, Evidence, checked
from reconciler.desired.git_line import GitLine
from reconciler.desired.signatures import Listed, Signers
from reconciler.desired.signed_gpg import GpgSigners
from reconciler.desired.signed_ssh import SshSigners
from reconciler.model.canonical import Json
from reconciler.model.chronicle import Chronicle, Ran
from reconciler.model.identity import UnitId
from reconciler.model.plan import Plan
from reconciler.model.record import Entry
from reconciler.model.word import ApprovalGiven
from reconciler.plan.consent import as_asked
from reconciler.policy.trust import Unsigned, distrust
from reconciler.ports.source import SourceError
from reconciler.providers.audit_key import AuditKeyUnusable, public_key
from reconciler.providers.kept_checkpoints import CheckpointsUnusable, is_gone
from reconciler.report.change_record import Signing, Trail, brought
from reconciler.report.period import Period
from reconciler.store.report_trail import Try

_AT_ONCE = 8
_PLANS_AT_ONCE = 100


async def trail(sources: Reporting, told: Chronicle, changes: Sequence[Ran], period: Period) -> Trail:
    """Return what is known of the changes of a chronicle; raises JournalUnavailable."""
    units = sorted({each.unit for each in changes})
    # A review, or a decision of a rollout that went on, may be later than the period that its change is of.
    said = await sources.reports.said(units)
    known = await sources.reports.marks([each.id for each in changes], period.since)
    asked = await _asked(sources, changes, said)
    return Trail(
        said=said,
        asked=asked,
        tried=await _tried(sources, {(each.unit, asked.get(each.id, "")) for each in changes}, known.tries, said),
        begun=known.begun,
        proofs=known.proofs,
        ends=known.ends,
        before=known.before,
        signings=await _signings(sources, told, sorted(brought(told, changes, known.before))),
    )


async def _asked(sources: Reporting, changes: Sequence[Ran], said: Sequence[Entry]) -> Mapping[str, str]:
    """The ids by which people consent to plans, of those rollouts whose unit anybody has consented for.

    An id follows from the whole plan, and plans are large: they are read some at a time, and not kept. That of a plan
    that cannot be read any more is empty.
    """
    consented = {each.event.unit for each in said if isinstance(each.event, ApprovalGiven)}
    mine = [each for each in changes if each.unit in consented]
    found = await _all_read(sources, {each.plan for each in mine})
    return {each.id: found.get(each.plan, "") for each in mine}


async def _tried(
    sources: Reporting, asked: Collection[tuple[UnitId, str]], tries: Sequence[Try], said: Sequence[Entry]
) -> Mapping[tuple[UnitId, str], datetime]:
    """When what is asked was last tried before, of what somebody consented to before such a try."""
    given = [each.event for each in said if isinstance(each.event, ApprovalGiven)]
    first = {each.unit: each.at for each in reversed(given) if (each.unit, each.plan) in asked}
    mine = [each for each in tries if each.unit in first and first[each.unit] <= each.at]
    found = await _all_read(sources, {each.plan for each in mine})
    # They come oldest first, so the last one stays.
    return {(each.unit, found.get(each.plan, "")): each.at for each in mine}


async def _all_read(sources: Reporting, plans: Collection[str]) -> Mapping[str, str]:
    names, found = sorted(plans), dict[str, str]()
    for start in range(0, len(names), _PLANS_AT_ONCE):
        found |= await _read(sources, names[start : start + _PLANS_AT_ONCE])
    return found


async def _read(sources: Reporting, names: Sequence[str]) -> Mapping[str, str]:
    try:
        return await asyncio.to_thread(_ids, await sources.reports.plans(names))
    except (KeyError, ValueError):
        if len(names) == 1:
            return {}
    # One of them was stored by another version, or is gone: the others are not to be lost with it.
    return {name: asked for one in names for name, asked in (await _read(sources, [one])).items()}


def _ids(plans: Mapping[str, Plan]) -> Mapping[str, str]:
    return {name: as_asked(plan).id for name, plan in plans.items()}


async def _signings(sources: Reporting, told: Chronicle, commits: Sequence[str]) -> Mapping[str, Signing]:
    if told.untold:
        return {commit: Signing(None, told.untold) for commit in commits}
    line, signers = sources.line(), tuple(_signers(sources.settings))
    turn = asyncio.Semaphore(_AT_ONCE)

    async def one(commit: str) -> Signing:
        if commit not in told.written:
            return Signing(None, "Git does not have this commit any more")
        async with turn:
            return await signing(commit, line, signers)

    return dict(zip(commits, await asyncio.gather(*map(one, commits)), strict=True))


async def signing(commit: str, line: GitLine, signers: Sequence[Signers]) -> Signing:
    """Return whether the commit is signed by its committer with a key of the lists; None where that cannot be told."""
    try:
        seen = await Listed(line, tuple(signers)).witness(commit)
    except SourceError as error:
        return Signing(None, str(error))
    if not signers and not isinstance(seen.signature, Unsigned):
        return Signing(None, "it is signed, and the settings list nobody who may sign")
    against = distrust(seen.signature, seen.committer)
    return Signing(against is None, against or "signed by its committer")


def _signers(settings: Settings) -> Iterator[Signers]:
    trust = settings.git.trust
    if trust.allowed_signers:
        yield SshSigners(trust.allowed_signers)
    if trust.gpg_keys:
        yield GpgSigners(trust.gpg_keys, trust.forge_keys)


def journal_proven(settings: Settings) -> Mapping[str, Json]:
    """Return whether the journal is whole and as it was written (``verified``), in words too.

    ``verified`` is None where a part of it could not be looked at. Reads all of it; raises JournalUnavailable.
    """
    journal = settings.state_dir / JOURNAL
    try:
        troubles, found = _looked(journal, _evidence(settings))
    except (AuditKeyUnusable, CheckpointsUnusable) as error:
        return {"verified": None, "detail": f"it could not be checked: {error}", "entries": 0, "confirmed": 0}
    if found is None:
        return {"verified": None, "detail": "it could not be read to its end", "entries": 0, "confirmed": 0}
    walked = found.walked
    confirmed = f", up to {walked.confirmed:,} confirmed by a signed checkpoint" if walked.confirmed else ""
    kept = settings.audit.checkpoints
    if found.here and kept and not troubles and is_gone(kept):
        detail = f"the checkpoints kept in {kept} are gone: whether the last entries were taken away cannot be told"
        return {"verified": None, "detail": detail, "entries": walked.seen, "confirmed": walked.confirmed}
    whole = f"{walked.seen:,} entries are tied to each other as they were written{confirmed}"
    detail = f"{len(troubles)} wrong, see reconciler audit verify; first: {troubles[0]}" if troubles else whole
    return {"verified": not troubles, "detail": detail, "entries": walked.seen, "confirmed": walked.confirmed}


def _evidence(settings: Settings) -> Evidence:
    kept, archive = settings.audit.checkpoints, settings.audit.archive
    ours = public_key(settings.state_dir)
    return Evidence(
        checkpoints=(kept,) if kept and not is_gone(kept) else (),
        keys=(ours,) if ours else (),
        segments=Segments(archive.folder, None) if archive else None,
    )


def _looked(journal: Path, evidence: Evidence) -> tuple[Sequence[str], Checked | None]:
    troubles: list[str] = []
    found: Checked | None = None
    for each in checked(journal, evidence):
        if isinstance(each, Trouble):
            troubles.append(each.what)
        else:
            found = each
    return troubles, found
